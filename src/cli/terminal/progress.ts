// SPDX-License-Identifier: Apache-2.0
import type { Terminal } from '#cli/command/command.ts';

/** Shows how far long work has come: a bar that rewrites itself, or plain lines in a pipe. */
export interface Progress {
  /** @param done share of the work, 0..1 */
  update(done: number, label: string): void;
  /** Leaves the line so that other output can follow. */
  end(): void;
}

const BAR_WIDTH = 28;
/** In a pipe, one line for each tenth of the work is enough. */
const PLAIN_STEP = 0.1;

/** Progress on stderr, so that stdout carries results only. */
export function createProgress(terminal: Terminal): Progress {
  const { stderr, env } = terminal;
  const lively = stderr.isTTY === true && env['CI'] === undefined && env['TERM'] !== 'dumb';
  let lastPlain = -1;
  let open = false;
  return {
    update(done, label) {
      const share = Math.min(1, Math.max(0, done));
      const percent = `${String(Math.floor(share * 100)).padStart(3)} %`;
      if (lively) {
        const filled = Math.round(share * BAR_WIDTH);
        const bar = '#'.repeat(filled) + '.'.repeat(BAR_WIDTH - filled);
        stderr.write(`\r\u001b[K[${bar}] ${percent}  ${label}`);
        open = true;
        return;
      }
      const step = Math.floor(share / PLAIN_STEP);
      if (step === lastPlain) return;
      lastPlain = step;
      stderr.write(`${percent}  ${label}\n`);
    },
    end() {
      if (open) stderr.write('\n');
      open = false;
    },
  };
}
