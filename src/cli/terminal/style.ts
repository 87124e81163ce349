// SPDX-License-Identifier: Apache-2.0
import { stripVTControlCharacters } from 'node:util';
import type { Terminal } from '#cli/command/command.ts';

/** What a piece of text is, which decides its colour. */
export type Tone = 'good' | 'warning' | 'bad' | 'strong' | 'faint';

const CODES: Readonly<Record<Tone, number>> = {
  good: 32,
  warning: 33,
  bad: 31,
  strong: 1,
  faint: 2,
};

/** How standard output may be written: colours only for people, width only on a terminal. */
export interface Style {
  /** The text in the colour of its tone, or as it is. */
  paint(tone: Tone, text: string): string;
  /** One line cut to the width of the terminal; in a pipe nothing is cut. */
  fit(line: string): string;
}

/**
 * The style of standard output. Colours follow no-color.org: none when `NO_COLOR` is set to
 * anything, when `TERM` is `dumb`, or when the output is not a terminal.
 */
export function styleOf(terminal: Terminal): Style {
  const { stdout, env } = terminal;
  const lively = stdout.isTTY === true;
  const colour = lively && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  const columns = lively ? stdout.columns : undefined;
  return {
    paint: (tone, text) => (colour ? `\u001b[${CODES[tone]}m${text}\u001b[0m` : text),
    fit(line) {
      if (columns === undefined || columns < 20) return line;
      const plain = stripVTControlCharacters(line);
      // A line that is cut loses its colours with its end: better than a colour that runs on.
      return plain.length <= columns ? line : `${plain.slice(0, columns - 1)}…`;
    },
  };
}

/**
 * Text from a cluster or a file, fit for one line of a terminal: control characters, which could
 * move the cursor or rewrite what stands above, are shown by their number.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** `1 line`, `2 lines`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
