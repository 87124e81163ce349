// SPDX-License-Identifier: Apache-2.0
import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '#errors';

/**
 * Makes the folder that `--out` names. It comes before the work: minutes later is too late to hear
 * that nothing can be written there.
 *
 * @throws InputError
 */
export function makeResultFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unwritable(folder, error);
  }
}

/**
 * Writes `results.json` into the folder.
 *
 * @returns the file's path
 * @throws InputError, where the disk is full by now
 */
export function writeResults(folder: string, text: string): string {
  const file = join(folder, 'results.json');
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw unwritable(folder, error);
  }
  return file;
}

function unwritable(folder: string, error: unknown): InputError {
  const code = (error as NodeJS.ErrnoException).code ?? 'an error';
  const expected = `a folder to write to (${code})`;
  return new InputError('PERI_SETTINGS_INVALID', '--out', folder, expected);
}
