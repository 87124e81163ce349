// SPDX-License-Identifier: Apache-2.0
/*
 * Renders the Helm chart and the kustomize overlays with the real programs and compares them:
 * node tools/helm.ts. Helm comes from HELM, the cache folder (the pinned one),
 * the PATH, or is built with Go.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MODULE = join(ROOT, 'test/e2e/helm');

/** `$XDG_CACHE_HOME/perihelion`, `~/.cache/perihelion` where that is not set. */
function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'];
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'perihelion');
}

/** The name changes with the pinned module, so that a new version is built anew. */
const BUILT = join(cacheFolder(), 'helm', 'bin', `helm-${moduleKey()}`);

function moduleKey(): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(MODULE, file)));
  return hash.digest('hex').slice(0, 12);
}

/** Helm, if this machine has it; nothing is built. */
export function findHelm(): string | undefined {
  return firstProgram([process.env['HELM'], BUILT, ...onPath('helm')]);
}

/** kubectl, which carries kustomize: from the PATH or from the end-to-end run's cache. */
export function findKubectl(): string | undefined {
  const cached = join(cacheFolder(), 'control-plane', 'bin', 'kubectl');
  return firstProgram([process.env['KUBECTL'], ...onPath('kubectl'), cached]);
}

/** Helm: found, or built where there is Go for it; undefined = neither. */
export async function provideHelm(): Promise<string | undefined> {
  const go = firstProgram([...onPath('go'), '/usr/local/go/bin/go']);
  return findHelm() ?? (go === undefined ? undefined : buildHelm(go));
}

/** Builds Helm from its pinned module, about two minutes with an empty build cache. */
async function buildHelm(go: string): Promise<string> {
  const unfinished = `${BUILT}.unfinished`;
  mkdirSync(join(BUILT, '..'), { recursive: true });
  console.log(`building Helm with Go into ${BUILT} (about two minutes the first time)`);
  const code = await run(
    go,
    ['build', '-ldflags', '-s -w', '-o', unfinished, 'helm.sh/helm/v3/cmd/helm'],
    MODULE,
  );
  if (code !== 0) throw new Error(`go build ended with code ${code}`);
  renameSync(unfinished, BUILT);
  return BUILT;
}

function onPath(name: string): string[] {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name));
}

function firstProgram(candidates: readonly (string | undefined)[]): string | undefined {
  return candidates.find((file) => {
    if (file === undefined || !existsSync(file)) return false;
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

async function run(
  file: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  const child = spawn(file, [...args], { cwd, env, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

async function main(): Promise<number> {
  const kubectl = findKubectl();
  const helm = await provideHelm();
  if (helm === undefined || kubectl === undefined) {
    if (helm === undefined) console.error('Helm is missing, and there is no Go to build it');
    if (kubectl === undefined) console.error('kubectl is missing');
    return 2;
  }
  const files = globSync('test/integration-helm/**/*.test.ts', { cwd: ROOT });
  return run(process.execPath, ['--test', ...files], ROOT, {
    ...process.env,
    HELM: helm,
    KUBECTL: kubectl,
  });
}

if (import.meta.main) process.exitCode = await main();
