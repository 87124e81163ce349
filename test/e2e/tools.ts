// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPrograms } from './build.ts';
import type { Progress } from './progress.ts';

/** The Kubernetes programs of the run, in the order they are built. */
export const CONTROL_PLANE = [
  'etcd',
  'kube-apiserver',
  'kube-scheduler',
  'kube-controller-manager',
  'kubectl',
] as const;

/** Where each program is. */
export interface Tools {
  readonly etcd: string;
  readonly kubeApiserver: string;
  readonly kubeScheduler: string;
  readonly kubeControllerManager: string;
  readonly kubectl: string;
  readonly kwok: string;
  readonly prometheus: string;
}

/** Something the run needs is not on this machine; one line each: what, and how to get it. */
export class MissingToolsError extends Error {
  override name = 'MissingToolsError';
  readonly missing: readonly string[];

  constructor(missing: readonly string[]) {
    super(missing.join('\n'));
    this.missing = missing;
  }
}

/** Folder of this file: the Go modules lie beside it. */
const HERE = fileURLToPath(new URL('.', import.meta.url));

/**
 * Finds the programs: `KUBEBUILDER_ASSETS` first, then the cache folder, then a build with Go into
 * it; Prometheus from the PATH.
 *
 * @throws MissingToolsError with a line for each thing that is neither there nor can be built.
 */
export async function findTools(progress: Progress): Promise<Tools> {
  const missing: string[] = [];
  const assets = process.env['KUBEBUILDER_ASSETS'];
  const cache = cacheFolder();
  const stamped = isStamped(cache);
  const places = new Map<string, string>();
  for (const name of [...CONTROL_PLANE, 'kwok']) {
    const inAssets = assets === undefined ? undefined : join(assets, name);
    if (inAssets !== undefined && isProgram(inAssets)) places.set(name, inAssets);
    else if (stamped && isProgram(join(cache, name))) places.set(name, join(cache, name));
  }
  const toBuild = [...CONTROL_PLANE, 'kwok'].filter((name) => !places.has(name));
  const prometheus = fromPath('prometheus');
  if (prometheus === undefined) {
    missing.push('prometheus is not on the PATH: apt-get install prometheus');
  }
  const go = fromPath('go', ['/usr/local/go/bin']);
  if (toBuild.length > 0 && go === undefined) {
    missing.push(
      `${toBuild.join(', ')}: not in KUBEBUILDER_ASSETS or ${cache}, and there is no Go to build ` +
        'them: install Go 1.25 or newer (https://go.dev/dl), or run setup-envtest and install kwok',
    );
  }
  if (missing.length > 0) throw new MissingToolsError(missing);
  if (toBuild.length > 0) {
    await buildPrograms({
      go: go!,
      from: HERE,
      into: cache,
      names: toBuild,
      key: cacheKey(),
      progress,
    });
    for (const name of toBuild) places.set(name, join(cache, name));
  }
  const place = (name: string): string => places.get(name)!;
  return {
    etcd: place('etcd'),
    kubeApiserver: place('kube-apiserver'),
    kubeScheduler: place('kube-scheduler'),
    kubeControllerManager: place('kube-controller-manager'),
    kubectl: place('kubectl'),
    kwok: place('kwok'),
    prometheus: prometheus!,
  };
}

/** `$XDG_CACHE_HOME/perihelion/control-plane/bin`, `~/.cache` where that is not set. */
export function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'];
  const root = base === undefined || base === '' ? join(homedir(), '.cache') : base;
  return join(root, 'perihelion', 'control-plane', 'bin');
}

/** Changes whenever a version does: the checksum of both modules' go.mod and go.sum. */
export function cacheKey(): string {
  const hash = createHash('sha256');
  for (const module of ['control-plane', 'kwok']) {
    for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(HERE, module, file)));
  }
  return hash.digest('hex');
}

function isStamped(folder: string): boolean {
  const stamp = join(folder, 'KEY');
  return existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === cacheKey();
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function fromPath(name: string, also: readonly string[] = []): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...also];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isProgram);
}
