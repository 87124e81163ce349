// SPDX-License-Identifier: Apache-2.0
import { InputError } from '#errors';
import type { FlagValues } from './command.ts';

/** A text flag, or undefined when it was not given. */
export function textFlag(flags: FlagValues, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}

/**
 * A whole number from a flag.
 *
 * @throws InputError when it is not a whole number within the bounds.
 */
export function integerFlag(
  flags: FlagValues,
  name: string,
  bounds: { readonly default: number; readonly minimum: number; readonly maximum: number },
): number {
  const text = textFlag(flags, name);
  if (text === undefined) return bounds.default;
  const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= bounds.minimum && value <= bounds.maximum)) {
    const expected = `a whole number from ${bounds.minimum} to ${bounds.maximum}`;
    throw new InputError('PERI_SETTINGS_INVALID', `--${name}`, text, expected);
  }
  return value;
}

/**
 * One of a list of words from a flag.
 *
 * @throws InputError when it is another word.
 */
export function choiceFlag<const T extends string>(
  flags: FlagValues,
  name: string,
  choices: readonly [T, ...T[]],
): T {
  const text = textFlag(flags, name);
  if (text === undefined) return choices[0];
  const found = choices.find((choice) => choice === text);
  if (found === undefined) {
    throw new InputError(
      'PERI_SETTINGS_INVALID',
      `--${name}`,
      text,
      `one of ${choices.join(', ')}`,
    );
  }
  return found;
}

/** Every value of a flag that may be repeated or hold a list with commas; empty if not given. */
export function listFlag(flags: FlagValues, name: string): readonly string[] {
  const value = flags[name];
  const values = Array.isArray(value) ? value : [value];
  return values
    .filter((one) => typeof one === 'string')
    .flatMap((one) => one.split(','))
    .filter((one) => one !== '');
}
