// SPDX-License-Identifier: Apache-2.0
import { InputError } from '#errors';
import type { Flag, FlagValues } from '#cli/command/command.ts';
import { textFlag } from '#cli/command/flags.ts';

/** What joules are turned into, as a person has it from their supplier; undefined = not asked. */
export interface Assumptions {
  readonly gramsPerKilowattHour: number | undefined;
  readonly price: Price | undefined;
}

/** A price of energy. */
export interface Price {
  readonly perKilowattHour: number;
  /** ISO 4217, for example `EUR`. */
  readonly currency: string;
}

/** The flags that {@link assumptionsOf} reads. */
export const ASSUMPTION_FLAGS = {
  'grams-per-kilowatt-hour': {
    type: 'string',
    placeholder: 'N',
    help: 'Carbon intensity, in grams of CO2e: adds the grams that were saved.',
  },
  'price-per-kilowatt-hour': {
    type: 'string',
    placeholder: 'N',
    help: 'Price of energy: adds the money that was saved; needs --currency.',
  },
  currency: {
    type: 'string',
    placeholder: 'CODE',
    help: 'Currency of the price, for example EUR.',
  },
} as const satisfies Record<string, Flag>;

const LARGEST = 1_000_000;

/** @throws InputError for what is no decimal number, no currency, or one without the other */
export function assumptionsOf(flags: FlagValues): Assumptions {
  const perKilowattHour = decimalFlag(flags, 'price-per-kilowatt-hour');
  const currency = textFlag(flags, 'currency');
  if (currency !== undefined && !/^[A-Z]{3}$/.test(currency)) {
    const expected = 'three capital letters of ISO 4217, for example EUR';
    throw new InputError('PERI_SETTINGS_INVALID', '--currency', currency, expected);
  }
  if ((perKilowattHour === undefined) !== (currency === undefined)) {
    const [missing, given] =
      currency === undefined
        ? ['--currency', 'a currency, because a price is given']
        : ['--price-per-kilowatt-hour', 'a price, because a currency is given'];
    throw new InputError('PERI_SETTINGS_INVALID', missing, undefined, given);
  }
  return {
    gramsPerKilowattHour: decimalFlag(flags, 'grams-per-kilowatt-hour'),
    price:
      perKilowattHour === undefined || currency === undefined
        ? undefined
        : { perKilowattHour, currency },
  };
}

function decimalFlag(flags: FlagValues, name: string): number | undefined {
  const text = textFlag(flags, name);
  if (text === undefined) return undefined;
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= LARGEST)) {
    const expected = `a decimal number from 0 to ${LARGEST}`;
    throw new InputError('PERI_SETTINGS_INVALID', `--${name}`, text, expected);
  }
  return value;
}
