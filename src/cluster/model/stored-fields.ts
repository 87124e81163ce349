// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';

/** A double in decimal. */
const DECIMAL_PATTERN = /^-?[0-9]+(\.[0-9]+)?(e[-+][0-9]+)?$/;

/** A measured number as it stands in the API, where there are no floats. */
export function decimal(description: string): z.ZodString {
  return z.string().max(32).regex(DECIMAL_PATTERN).meta({ description });
}

/** A whole number from 0 on, as far as doubles count exactly. */
export function count(description: string): z.ZodInt {
  return z.int().min(0).max(Number.MAX_SAFE_INTEGER).meta({ description, format: 'int64' });
}

/** Characters, at least one. */
export function text(maximum: number, description: string): z.ZodString {
  return z.string().min(1).max(maximum).meta({ description });
}

/** The fields of a weighted mean. */
export const statistics = {
  mean: decimal('Weighted mean, in decimal.'),
  variance: decimal('Weighted variance, in decimal.'),
  weight: decimal('Weighted number of samples, in decimal.'),
};
