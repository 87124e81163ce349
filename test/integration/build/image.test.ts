// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { before, after, describe, it } from 'node:test';
import { promisify } from 'node:util';

/*
 * Does what the Dockerfile says, without Docker: copies what it copies (and what .dockerignore lets
 * through), runs what it runs, and starts what the image starts, from a folder that is read-only.
 */

const execute = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

interface Step {
  readonly word: string;
  readonly rest: string;
}

/** The instructions of a Dockerfile by stage, continued lines joined. */
function stagesOf(text: string): Step[][] {
  const stages: Step[][] = [];
  for (const line of text.replaceAll('\\\n', ' ').split('\n')) {
    const [, word = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (word === 'FROM') stages.push([]);
    stages.at(-1)?.push({ word, rest });
  }
  return stages;
}

/** The environment of the build stage: its `node` is the Node that runs this test. */
function environment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PATH: [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
    npm_config_prefer_offline: 'true',
    npm_config_fetch_retries: '0',
  };
}

/**
 * Runs one RUN. Where npm reaches neither its cache nor a registry, the packages of this checkout,
 * which are of the same lockfile, stand in for those it would install.
 */
async function runStep(command: string, cwd: string): Promise<void> {
  try {
    await execute('/bin/sh', ['-c', command], { cwd, env: environment(), maxBuffer: 2 ** 26 });
  } catch (error) {
    if (!command.startsWith('npm ci') || !isUnreachable(error)) throw error;
    await rm(join(cwd, 'node_modules'), { recursive: true, force: true });
    await symlink(join(ROOT, 'node_modules'), join(cwd, 'node_modules'));
  }
}

function isUnreachable(error: unknown): boolean {
  const { stderr } = error as { stderr?: string };
  return /E(NOTCACHED|NOTFOUND|AI_AGAIN|CONNREFUSED|CONNRESET|TIMEDOUT)|_CERT_/.test(stderr ?? '');
}

describe('the image', () => {
  let folder = '';
  let app = '';
  let stages: Step[][] = [];
  let allowed: string[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'perihelion-image-'));
    stages = stagesOf(await readFile(join(ROOT, 'Dockerfile'), 'utf8'));
    const ignore = await readFile(join(ROOT, '.dockerignore'), 'utf8');
    allowed = ignore.split('\n').flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
    assert.equal(ignore.split('\n')[0], '*', 'only what is named is sent to the build');
    assert.equal(stages.length, 2);
    app = join(folder, 'app');
    await mkdir(app);
    for (const stage of stages) for (const step of stage) await perform(step);
    await chmod(app, 0o555);
  });

  after(async () => {
    await chmod(app, 0o755);
    await rm(folder, { recursive: true, force: true });
  });

  /** Performs what changes files; the rest of a Dockerfile is about metadata. */
  async function perform({ word, rest }: Step): Promise<void> {
    const work = join(folder, 'src');
    if (word === 'WORKDIR' && rest === '/src') await mkdir(work);
    if (word === 'RUN') await runStep(rest, work);
    if (word !== 'COPY') return;
    const [from, ...words] = rest.startsWith('--from=build ')
      ? [folder, ...rest.split(' ').slice(1)]
      : [ROOT, ...rest.split(' ')];
    const to = words.pop() ?? '';
    for (const source of words) {
      if (from === ROOT) {
        assert.ok(
          allowed.some((path) => source === path || source.startsWith(`${path}/`)),
          source,
        );
      }
      // `/src/dist/ ./` copies what is in it, `LICENSE ./` the file itself.
      const into = from === ROOT ? join(isLastStage(word, rest) ? app : work, to) : app;
      const target = to.endsWith('/') && from === ROOT ? join(into, basename(source)) : into;
      await cp(join(from, source), target, { recursive: true });
    }
  }

  function isLastStage(word: string, rest: string): boolean {
    return stages.at(-1)?.some((step) => step.word === word && step.rest === rest) === true;
  }

  /** Starts what ENTRYPOINT starts, with these arguments, as the image would. */
  async function start(...args: string[]): Promise<{ stdout: string; stderr: string }> {
    const entry = stages.at(-1)?.find(({ word }) => word === 'ENTRYPOINT');
    const [program, ...flags] = JSON.parse(entry?.rest ?? '[]') as string[];
    assert.equal(program, '/nodejs/bin/node');
    const command = [...flags.map((flag) => flag.replace(/^\/app\//, `${app}/`)), ...args];
    return execute(process.execPath, command, { cwd: app, env: { NODE_ENV: 'production' } });
  }

  it('holds the bundle, its map, the licences, and nothing else', async () => {
    assert.deepEqual((await readdir(app)).sort(), [
      'LICENSE',
      'perihelion.mjs',
      'perihelion.mjs.LEGAL.txt',
      'perihelion.mjs.map',
    ]);
  });

  it('runs as nobody, on the ports of the manifests, without a shell', () => {
    const last = stages.at(-1) ?? [];
    const of = (word: string): string | undefined => last.find((step) => step.word === word)?.rest;
    assert.equal(of('USER'), '65532:65532');
    assert.equal(of('EXPOSE'), '10250 8080');
    assert.deepEqual(JSON.parse(of('CMD') ?? ''), ['serve']);
    assert.ok(!last.some(({ word }) => word === 'RUN'), 'the runtime image has no shell');
  });

  it('answers --help and its version', async () => {
    const help = await start('--help');
    assert.match(help.stdout, /Usage: perihelion COMMAND/);
    assert.equal(help.stderr, '');
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      version: string;
    };
    assert.equal((await start('version')).stdout.trim().split('\n')[0], `perihelion ${version}`);
  });

  it('accepts the settings that the manifests ship', async () => {
    for (const file of [
      'manifests/base/settings.yaml',
      'manifests/overlays/cert-manager/settings.yaml',
    ]) {
      const { stdout } = await start('serve', '--check-config', '--config', join(ROOT, file));
      assert.match(stdout, /usable/, file);
    }
  });

  it('says what is wrong with settings, and exits with 2', async () => {
    const error = await start('serve', '--check-config', '--config', `${ROOT}Dockerfile`).then(
      () => undefined,
      (reason: unknown) => reason as { code: number; stderr: string },
    );
    assert.equal(error?.code, 2);
    assert.match(error.stderr, /PERI_SETTINGS/);
  });

  it('writes nothing into its own folder', async () => {
    const now = (await readdir(app)).length;
    assert.equal(now, 4);
  });
});
