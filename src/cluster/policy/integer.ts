// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';

/** A bounded integer of a policy with its default and help text. */
export function integer(
  minimum: number,
  maximum: number,
  initial: number,
  description: string,
): z.ZodDefault<z.ZodInt> {
  return z
    .int()
    .min(minimum)
    .max(maximum)
    .default(initial)
    .meta({ description, format: maximum > 2_147_483_647 ? 'int64' : 'int32' });
}
