// SPDX-License-Identifier: Apache-2.0
import { plural, printable, type Style, type Tone } from '#cli/terminal/style.ts';
import { type Finding, type Level, LEVELS } from './finding.ts';

const TONES: Readonly<Record<Level, Tone>> = { ok: 'good', warning: 'warning', problem: 'bad' };
const WIDTH = Math.max(...LEVELS.map((level) => level.length));

/** How many findings there are of each level. */
export function countsOf(findings: readonly Finding[]): Readonly<Record<Level, number>> {
  const counts = { ok: 0, warning: 0, problem: 0 };
  for (const { level } of findings) counts[level] += 1;
  return counts;
}

/** One line per finding, with what mends it below. */
export function renderFindings(findings: readonly Finding[], style: Style): string {
  const widest = Math.max(0, ...findings.map(({ check }) => check.length));
  const lines: string[] = [];
  for (const { check, level, message, remedy } of findings) {
    const word = style.paint(TONES[level], level.padEnd(WIDTH));
    lines.push(`${word}  ${check.padEnd(widest)}  ${printable(message)}`);
    // Never cut: it is there to be copied.
    if (remedy !== undefined) lines.push(`${' '.repeat(WIDTH + widest + 4)}${printable(remedy)}`);
  }
  const { ok, warning, problem } = countsOf(findings);
  lines.push('', `${plural(problem, 'problem')}, ${plural(warning, 'warning')}, ${ok} ok`);
  return `${lines.join('\n')}\n`;
}
