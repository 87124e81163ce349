// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress } from './progress.ts';

/** What to build, from where, into which folder. */
export interface BuildSpec {
  readonly go: string;
  /** The folder that holds the modules `control-plane` and `kwok`. */
  readonly from: string;
  readonly into: string;
  readonly names: readonly string[];
  /** Stands in the file KEY beside the programs that were built from it; see tools.ts. */
  readonly key: string;
  readonly progress: Progress;
}

/**
 * Builds the programs with Go, one after another: about five minutes with an empty build cache on
 * two cores, seconds each with a warm one. A program appears in the folder only when complete.
 */
export async function buildPrograms(spec: BuildSpec): Promise<void> {
  await forgetOtherVersions(spec);
  spec.progress.say(
    `building ${spec.names.length} programs with Go into ${spec.into} (about 5 minutes the first time)`,
  );
  const version = await kubernetesVersion(join(spec.from, 'control-plane', 'go.mod'));
  for (const [index, name] of spec.names.entries()) {
    await spec.progress.step(`build ${index + 1} of ${spec.names.length}: ${name}`, () =>
      buildOne(spec, name, version),
    );
  }
}

/** Whatever was built from other versions goes, before the first of these is put there. */
async function forgetOtherVersions(spec: BuildSpec): Promise<void> {
  const stamp = join(spec.into, 'KEY');
  const found = await readFile(stamp, 'utf8').catch(() => '');
  if (found.trim() === spec.key) return;
  await rm(spec.into, { recursive: true, force: true });
  await mkdir(spec.into, { recursive: true });
  await writeFile(stamp, `${spec.key}\n`);
}

async function buildOne(spec: BuildSpec, name: string, version: string): Promise<void> {
  const module = name === 'kwok' ? 'kwok' : 'control-plane';
  const unfinished = join(spec.into, `.${name}.unfinished`);
  const args = ['build', '-ldflags', linkerFlags(name, version), '-o', unfinished, packageOf(name)];
  await run(spec.go, args, join(spec.from, module));
  await rename(unfinished, join(spec.into, name));
}

function packageOf(name: string): string {
  if (name === 'kwok') return 'sigs.k8s.io/kwok/cmd/kwok';
  if (name === 'etcd') return './cmd/etcd';
  return `k8s.io/kubernetes/cmd/${name}`;
}

/** Without these the API server says it is v0.0.0 and clients refuse features. */
function linkerFlags(name: string, version: string): string {
  if (name === 'kwok') return '-s -w';
  const [major = '', minor = ''] = version.slice(1).split('.');
  const variable = '-X k8s.io/component-base/version';
  return `-s -w ${variable}.gitVersion=${version} ${variable}.gitMajor=${major} ${variable}.gitMinor=${minor}`;
}

async function kubernetesVersion(goMod: string): Promise<string> {
  const match = /k8s\.io\/kubernetes (v\d+\.\d+\.\d+)/.exec(await readFile(goMod, 'utf8'));
  if (match?.[1] === undefined) throw new Error(`${goMod} does not require k8s.io/kubernetes`);
  return match[1];
}

/** Runs Go with its messages passed through, so that downloads can be seen. */
async function run(file: string, args: readonly string[], cwd: string): Promise<void> {
  const child = spawn(file, [...args], { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (code !== 0) throw new Error(`go ${args.join(' ')} ended with code ${code ?? 'unknown'}`);
}
