// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { count, decimal, statistics, text } from './stored-fields.ts';

/** Most items of each list of the ledger. */
export const CAPACITY_LIMITS = { cells: 2048, reference: 16, changes: 64 } as const;

const MAP = 'map';
const NAME_CHARACTERS = 253;

function described(description: string) {
  return z.object(statistics).meta({ description });
}

const at = count('When, in milliseconds since the epoch.');

const changes = z
  .array(at)
  .max(CAPACITY_LIMITS.changes)
  .meta({ description: 'When it was done, oldest first.', 'x-kubernetes-list-type': 'atomic' });

/** `spec.shard.scaling` of a PlacementModel. */
export const storedScalingSchema = z
  .object({
    decisions: count('Decisions taken so far.'),
    averageReward: decimal('Mean reward of an interval, in decimal.'),
    cells: z
      .array(
        z
          .object({
            state: text(256, 'State, for example `load=low,headroom=ample,replicas=4`.'),
            action: z.enum(['down', 'hold', 'up']).meta({
              description: 'One replica less, as many, one more.',
            }),
            value: decimal('Estimated advantage over the reference, in decimal.'),
            weight: decimal('Weighted number of updates, in decimal.'),
          })
          .meta({ description: 'One learned cell.' }),
      )
      .max(CAPACITY_LIMITS.cells)
      .meta({
        description: 'What is learned: a row for each state and action.',
        'x-kubernetes-list-type': MAP,
        'x-kubernetes-list-map-keys': ['state', 'action'],
      }),
    reference: z
      .array(
        z
          .object({
            cost: text(63, 'Name of the cost, for example `joulesPerRequest`.'),
            mean: decimal('Weighted mean, in decimal.'),
            variance: decimal('Weighted variance, in decimal.'),
            weight: decimal('Weighted number of samples, in decimal.'),
          })
          .meta({ description: 'Statistics of one cost.' }),
      )
      .max(CAPACITY_LIMITS.reference)
      .meta({
        description: 'What the workload cost as it was when scaling began.',
        'x-kubernetes-list-type': MAP,
        'x-kubernetes-list-map-keys': ['cost'],
      }),
    load: described('Load of the workload so far, in requests per second.'),
    last: z
      .object({
        at,
        state: text(256, 'State.'),
        headroom: z.enum(['missed', 'tight', 'fair', 'ample', 'unknown']).meta({
          description: 'How far the workload was from its limits.',
        }),
        replicas: count('Replicas before it.'),
      })
      .optional()
      .meta({ description: 'The last decision, whose outcome is awaited.' }),
    changedAt: count('When replicas were last seen to change; 0 = never.'),
    intent: z
      .object({ at, from: count('Replicas before it.'), to: count('Replicas after it.') })
      .optional()
      .meta({ description: 'A change that is about to be made.' }),
    changes,
  })
  .meta({ description: 'What is learned of the number of replicas, and what was done.' });

/** `spec.shard.moving` of a PlacementModel. */
export const storedMovingSchema = z
  .object({
    moves: count('Moves so far.'),
    startUpJoules: described('Energy of a Pod from bound to Ready, in joules.'),
    disturbanceSeconds: described(
      'Latency cost above the baseline, times seconds, times Pods that felt it, of one move.',
    ),
    measuredUntil: count('Pods that became Ready up to then are counted, in milliseconds.'),
    intent: z
      .object({
        at,
        podUid: text(NAME_CHARACTERS, 'UID of the Pod.'),
        podName: text(NAME_CHARACTERS, 'Name of the Pod.'),
        from: text(63, 'Target that it runs on.'),
        to: text(63, 'Target that it should run on.'),
      })
      .optional()
      .meta({ description: 'A Pod that is about to be evicted.' }),
    changes,
  })
  .meta({ description: 'What moving a Pod cost, and what was done.' });
