// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';

/*
 * Kubernetes quantities (`100m`, `1.5Gi`, `2e3`), exactly. Facts: apimachinery
 * `pkg/api/resource/quantity.go`: a number, then a binary suffix (Ki to Ei), a decimal suffix
 * (n to E) or a decimal exponent; amounts above 2^63-1 are cut to it; readers round up.
 */

const QUANTITY =
  /^([+-]?)(\d+\.?\d*|\.\d+)(?:(Ki|Mi|Gi|Ti|Pi|Ei)|(n|u|m|k|M|G|T|P|E)|[eE]([+-]?\d+))?$/;
const BINARY: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
const DECIMAL: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const LARGEST = 2n ** 63n - 1n;
/** Beyond this an exponent only says "too large" or "next to nothing". */
const EXPONENT_BOUND = 60;
const LENGTH_BOUND = 128;
/** Character code of the digit. */
const ZERO = 0x30;

/** The exact amount `unscaled * 10^exponent`. */
interface Amount {
  readonly unscaled: bigint;
  readonly exponent: number;
}

/**
 * Thousandths of a quantity, rounded up: `250m` is 250, `1.5` is 1500. How CPU is counted.
 * @throws PerihelionError `PERI_KUBERNETES_OBJECT` when the text is no quantity
 */
export function quantityMilli(text: string): number {
  return quick(text, 1000) ?? scaled(parse(text), 3);
}

/**
 * Whole units of a quantity, rounded up: `1Ki` is 1024, `100m` is 1. How memory is counted.
 * @throws PerihelionError `PERI_KUBERNETES_OBJECT` when the text is no quantity
 */
export function quantityUnits(text: string): number {
  return quick(text, 1) ?? scaled(parse(text), 0);
}

/** Digits of which a double holds every number. */
const QUICK_DIGITS = 15;

/** What a suffix of the common kind multiplies by; `m` divides instead. */
const FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};

/**
 * Whole numbers with a common suffix or none, as nearly all quantities are, without a regular expression
 * and big integers; undefined = it is of another kind, or too large to be sure of every digit.
 * @param units how many of the unit asked for a whole one has: 1 or 1000
 */
function quick(text: string, units: number): number | undefined {
  let value = 0;
  let digits = 0;
  for (; digits < text.length; digits += 1) {
    const digit = text.charCodeAt(digits) - ZERO;
    if (digit < 0 || digit > 9) break;
    value = 10 * value + digit;
  }
  if (digits === 0 || digits > QUICK_DIGITS) return undefined;
  const suffix = text.slice(digits);
  if (suffix === 'm') return units === 1 ? Math.ceil(value / 1000) : value;
  const factor = FACTORS[suffix];
  if (typeof factor !== 'number') return undefined;
  const amount = value * factor * units;
  return amount <= Number.MAX_SAFE_INTEGER ? amount : undefined;
}

function parse(text: string): Amount {
  const match = text.length > LENGTH_BOUND ? null : QUANTITY.exec(text);
  if (match === null) {
    throw new PerihelionError(
      'PERI_KUBERNETES_OBJECT',
      `quantity ${JSON.stringify(text.slice(0, 80))}: expected a number with an optional suffix such as m, k, Mi or e3`,
    );
  }
  const [, sign, digits = '', binary, decimal, power] = match;
  const [whole = '', fraction = ''] = digits.split('.');
  const magnitude = BigInt(`${whole}${fraction}`);
  let exponent = -fraction.length;
  if (decimal !== undefined) exponent += DECIMAL[decimal] ?? 0;
  if (power !== undefined) exponent += bounded(Number(power));
  const shifted = binary === undefined ? magnitude : magnitude << BigInt(BINARY[binary] ?? 0);
  return { unscaled: sign === '-' ? -shifted : shifted, exponent };
}

/** `amount * 10^digits`, rounded towards positive infinity and cut to the range of an int64. */
function scaled(amount: Amount, digits: number): number {
  const exponent = amount.exponent + digits;
  let value: bigint;
  if (exponent >= 0) {
    value = amount.unscaled * 10n ** BigInt(exponent);
  } else {
    const divisor = 10n ** BigInt(-exponent);
    // BigInt division cuts towards zero, which for a negative amount is up already.
    value = amount.unscaled / divisor;
    if (value * divisor < amount.unscaled) value += 1n;
  }
  if (value > LARGEST) value = LARGEST;
  if (value < -LARGEST) value = -LARGEST;
  return Number(value);
}

function bounded(exponent: number): number {
  return Math.max(
    -EXPONENT_BOUND - LENGTH_BOUND,
    Math.min(EXPONENT_BOUND + LENGTH_BOUND, exponent),
  );
}
