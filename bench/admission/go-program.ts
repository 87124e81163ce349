// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MODULE = fileURLToPath(new URL('controller-runtime', import.meta.url));
const SOURCES = ['main.go', 'go.mod', 'go.sum'];

/** Where Go is looked for beside the PATH. */
const GO_PROGRAMS = ['go', '/usr/local/go/bin/go'];

/**
 * The Go server, built into the cache folder where it is missing or older than its source.
 *
 * @returns its path, or why there is none: without Go the column is left out
 */
export function goProgram(say: (line: string) => void): string | { readonly problem: string } {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = join(cache, 'perihelion', 'bench');
  const program = join(folder, 'controller-runtime');
  if (isFresh(program)) return program;
  const go = GO_PROGRAMS.find((one) => spawnSync(one, ['version']).status === 0);
  if (go === undefined) {
    return { problem: 'controllerRuntime: Go is not installed, so it was not measured' };
  }
  say('building the controller-runtime webhook with Go (some minutes the first time)');
  mkdirSync(folder, { recursive: true });
  const built = spawnSync(go, ['build', '-o', program, '.'], { cwd: MODULE, stdio: 'inherit' });
  if (built.status === 0) return program;
  return { problem: 'controllerRuntime: it did not build, so it was not measured' };
}

function isFresh(program: string): boolean {
  if (!existsSync(program)) return false;
  const built = statSync(program).mtimeMs;
  return SOURCES.every((name) => statSync(join(MODULE, name)).mtimeMs <= built);
}
