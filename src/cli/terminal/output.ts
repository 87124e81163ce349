// SPDX-License-Identifier: Apache-2.0
import type { Flag } from '#cli/command/command.ts';

/** The flag of every command that has a result. */
export const OUTPUT_FLAG = {
  output: {
    type: 'string',
    short: 'o',
    placeholder: 'FORMAT',
    choices: ['table', 'json'],
    help: 'table or json (default table).',
  },
} as const satisfies Record<string, Flag>;

/** A value as a command prints it with `--output json`. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
