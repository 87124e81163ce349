// SPDX-License-Identifier: Apache-2.0
import type { Terminal } from '#cli/command/command.ts';

/** As a shell has it for a program that SIGPIPE ended: 128 and the number of the signal. */
export const READER_GONE = 141;

/**
 * What happens when the output cannot be written. A reader that has seen enough (`| head`) ends the
 * program without a word, with exit code {@link READER_GONE}; a full disk ends it with one line and
 * exit code 1. Progress that nobody can read is no reason to stop work.
 *
 * @param exit ends the process; what else was to be written has no reader
 */
export function endOnOutputErrors(
  { stdout, stderr }: Pick<Terminal, 'stdout' | 'stderr'>,
  exit: (code: number) => void,
): void {
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') {
      exit(READER_GONE);
      return;
    }
    const reason = error.code ?? error.message;
    stderr.write(`perihelion: PERI_OUTPUT_UNWRITABLE: standard output: ${reason}\n`);
    exit(1);
  });
  stderr.on('error', () => undefined);
}
