// SPDX-License-Identifier: Apache-2.0
import { InputError } from '#errors';
import { parseArgs } from 'node:util';
import { type Command, type Invocation, parseArgsOptions } from './command.ts';
import { nearest } from '#settings/nearest.ts';

/**
 * Flags and operands of a command.
 *
 * @param args what stands behind the command's name
 * @throws InputError for a flag that there is not, one without its value, or one with a value that
 *   takes none
 */
export function argumentsOf(
  command: Command,
  invocation: Invocation,
  args: readonly string[],
): ReturnType<typeof parseArgs> {
  const options = parseArgsOptions(command);
  try {
    return parseArgs({
      args: withNegativeNumbers(command, args),
      options,
      strict: true,
      allowPositionals: true,
    });
  } catch (error) {
    throw explained(command, invocation, error);
  }
}

/** `--lines -1` as `--lines=-1`: the flag can say what it expects better than the parser can. */
function withNegativeNumbers(command: Command, args: readonly string[]): string[] {
  const found: string[] = [];
  for (const [index, arg] of args.entries()) {
    if (arg === '--') return [...found, ...args.slice(index)];
    const last = found.at(-1) ?? '';
    const takesValue = last.startsWith('--') && command.flags[last.slice(2)]?.type === 'string';
    if (takesValue && /^-\d/.test(arg)) found.splice(-1, 1, `${last}=${arg}`);
    else found.push(arg);
  }
  return found;
}

/** node:util explains the fault in its first sentence; the rest is advice about `--`. */
function explained(command: Command, invocation: Invocation, error: unknown): InputError {
  const message = error instanceof Error ? error.message : String(error);
  const unknown = /^Unknown option '([^']+)'/.exec(message)?.[1];
  if (unknown !== undefined) {
    const near = nearest(unknown.replace(/^--?/, ''), Object.keys(command.flags));
    const advice = near === undefined ? '' : `; did you mean --${near}?`;
    const expected = `a flag that \`${invocation} --help\` lists${advice}`;
    return new InputError('PERI_SETTINGS_INVALID', invocation, unknown, expected);
  }
  const missing = /^Option '(?:-\w, )?--([\w-]+)(?: <value>)?' argument (?:missing|is ambig)/;
  const name = missing.exec(message)?.[1];
  if (name !== undefined) {
    const expected = command.flags[name]?.placeholder ?? 'a value';
    return new InputError('PERI_SETTINGS_INVALID', `--${name}`, undefined, expected);
  }
  const [first = ''] = message.split(/\. |\n/);
  const expected = `flags as \`${invocation} --help\` lists them`;
  return new InputError('PERI_SETTINGS_INVALID', invocation, first, expected);
}
