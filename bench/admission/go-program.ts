// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Programs in Go, each in a folder of its name beside this file. */
export type GoProgram = 'controller-runtime' | 'go-client';

const SOURCES = ['main.go', 'go.mod', 'go.sum'];

/** Where Go is looked for beside the PATH. */
const GO_PROGRAMS = ['go', '/usr/local/go/bin/go'];

/**
 * A program in Go, built into the cache folder where it is missing or older than its source.
 *
 * @returns its path, or why there is none
 */
export function goProgram(
  name: GoProgram,
  say: (line: string) => void,
): string | { readonly problem: string } {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = join(cache, 'perihelion', 'bench');
  const program = join(folder, name);
  const module = fileURLToPath(new URL(name, import.meta.url));
  if (isFresh(program, module)) return program;
  const go = GO_PROGRAMS.find((one) => spawnSync(one, ['version']).status === 0);
  if (go === undefined) return { problem: `${name}: Go is not installed, so it was not measured` };
  say(`building ${name} with Go (some minutes the first time)`);
  mkdirSync(folder, { recursive: true });
  const built = spawnSync(go, ['build', '-o', program, '.'], { cwd: module, stdio: 'inherit' });
  if (built.status === 0) return program;
  return { problem: `${name}: it did not build, so it was not measured` };
}

function isFresh(program: string, module: string): boolean {
  if (!existsSync(program)) return false;
  const built = statSync(program).mtimeMs;
  return SOURCES.map((name) => join(module, name))
    .filter((file) => existsSync(file))
    .every((file) => statSync(file).mtimeMs <= built);
}
