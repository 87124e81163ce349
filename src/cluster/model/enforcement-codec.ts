// SPDX-License-Identifier: Apache-2.0
import type { ModelShard } from './model.ts';
import { decodeNumber, encodeNumber } from './numbers.ts';
import type { ModelSpec } from './schema.ts';

/*
 * Adherence by target, and what is required of Pods: parts of a shard that came later. Both are
 * optional, as those of `evidence-codec.ts` are.
 */

type Enforced = Pick<ModelShard, 'adherence' | 'enforcement'>;
type EnforcedSpec = Pick<NonNullable<ModelSpec['shard']>, 'adherence' | 'enforcement'>;

/** Adherence and enforcement of a shard, as far as it has them. */
export function encodeEnforced({ adherence, enforcement }: Enforced): EnforcedSpec {
  return {
    ...(adherence === undefined
      ? {}
      : {
          adherence: Object.entries(adherence).map(([target, { asked, followed }]) => ({
            target,
            asked: encodeNumber(asked),
            followed: encodeNumber(followed),
          })),
        }),
    ...(enforcement === undefined
      ? {}
      : {
          enforcement: {
            ...enforcement,
            // The API has no fractions of a millisecond.
            escalatedAt: Math.round(enforcement.escalatedAt),
            releasedAt: Math.round(enforcement.releasedAt),
            releasedUntil: Math.round(enforcement.releasedUntil),
          },
        }),
  };
}

/** The other way round of {@link encodeEnforced}. */
export function decodeEnforced({ adherence, enforcement }: EnforcedSpec): Enforced {
  return {
    ...(adherence === undefined
      ? {}
      : {
          adherence: Object.fromEntries(
            adherence.map(({ target, asked, followed }) => [
              target,
              { asked: decodeNumber(asked), followed: decodeNumber(followed) },
            ]),
          ),
        }),
    ...(enforcement === undefined ? {} : { enforcement }),
  };
}
