// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { PerihelionError } from '#errors';
import { describeError } from '#telemetry/series/vector-source.ts';

/**
 * The content of a file with a credential, without the white space around it. Read anew every
 * time, because such files are rotated. Errors are `PERI_TELEMETRY_UNAVAILABLE`.
 */
export async function readSecret(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    const message = `cannot read ${path}: ${describeError(error)}`;
    throw new PerihelionError('PERI_TELEMETRY_UNAVAILABLE', message, { cause: error });
  }
}
