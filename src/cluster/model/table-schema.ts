// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { MODEL_LIMITS } from './limits.ts';
import { count, decimal, statistics, text } from './stored-fields.ts';

const { nameCharacters, stateCharacters } = MODEL_LIMITS;

/** A row of `cells`: what is learned of an action in a state. */
export const cellSchema = z
  .object({
    state: text(stateCharacters, 'State, for example `load=normal,least=worker-2`.'),
    action: text(nameCharacters, 'Target, or `(default)`.'),
    value: decimal('Estimated advantage over the default scheduler, in decimal.'),
    weight: decimal('Weighted number of updates, in decimal.'),
  })
  .meta({ description: 'One learned cell.' });

/** A row of `baselines`: a cost of the default scheduler. */
export const baselineSchema = z
  .object({
    loadBucket: text(nameCharacters, 'Load of the workload against its own history.'),
    cost: text(nameCharacters, 'Name of the cost, for example `joulesPerRequest`.'),
    ...statistics,
  })
  .meta({ description: 'Statistics of one cost under the default scheduler.' });

/** `spec.shard.before`. */
export const beforeSchema = z
  .object({
    added: count('Decisions that the last write settled: the last ones of `settled`.'),
    episodes: count('Rollouts settled before it.'),
    defaultSamples: count('Decisions of the default scheduler measured before it.'),
    load: z
      .object(statistics)
      .meta({ description: 'Load of the workload before it, in requests per second.' }),
    cells: z
      .array(cellSchema)
      .max(MODEL_LIMITS.cellsBefore)
      .meta({
        description: 'Cells that it changed, as they were; weight 0 = it was not there.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['state', 'action'],
      }),
    baselines: z
      .array(baselineSchema)
      .max(MODEL_LIMITS.baselines)
      .meta({
        description: 'Baselines that it changed, as they were; weight 0 = it was not there.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['loadBucket', 'cost'],
      }),
  })
  .meta({
    description:
      'What the last write changed: with it the next leader finishes a rollout of which one shard was written and another was not.',
  });
