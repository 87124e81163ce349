// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { storedMovingSchema, storedScalingSchema } from './capacity-schema.ts';
import { adherenceSchema, circuitSchema, enforcementSchema } from './enforcement-schema.ts';
import { savingsSchema, shadowSchema } from './evidence-schema.ts';
import { MODEL_LIMITS } from './limits.ts';
import { observationSchema } from './observation-schema.ts';
import { count, statistics, text } from './stored-fields.ts';
import { baselineSchema, beforeSchema, cellSchema } from './table-schema.ts';

/*
 * The spec of a PlacementModel: what `src/cluster/model/model.ts` holds in memory, in the form the
 * Kubernetes API asks for. There are no floats in the API: a measured number is a string of
 * decimal digits that reads back as the same double. Tables are lists of rows.
 */

/**
 * The newest format of a model that this version reads. Optional fields do not raise it; a field
 * whose meaning changes does.
 */
export const MODEL_FORMAT = 2;

/**
 * Format of a shard with `settledUntil`, and of nothing else: who does not know the field would
 * settle the decisions again whose ids are left out for it.
 */
export const SETTLED_UNTIL_FORMAT = 2;

const MAP = 'map';
const { idCharacters, workloadCharacters } = MODEL_LIMITS;

const shard = z
  .object({
    version: count('Rises by one with every write.'),
    episodes: count('Rollouts settled so far.'),
    cells: z
      .array(cellSchema)
      .max(MODEL_LIMITS.cells)
      .meta({
        description: 'What is learned: a row for each state and action.',
        'x-kubernetes-list-type': MAP,
        'x-kubernetes-list-map-keys': ['state', 'action'],
      }),
    baselines: z
      .array(baselineSchema)
      .max(MODEL_LIMITS.baselines)
      .meta({
        description: 'Costs of the default scheduler, by load and cost.',
        'x-kubernetes-list-type': MAP,
        'x-kubernetes-list-map-keys': ['loadBucket', 'cost'],
      }),
    load: z
      .object(statistics)
      .meta({ description: 'Load of the workload so far, in requests per second.' }),
    defaultSamples: count('Decisions of the default scheduler measured so far.'),
    settled: z.array(text(idCharacters, 'Id of a decision.')).max(MODEL_LIMITS.settled).meta({
      description: 'Decisions that are counted already, kept while their Pods exist.',
      'x-kubernetes-list-type': 'atomic',
    }),
    settledUntil: count(
      'Decisions taken up to then are counted, too: there was no room for their ids. In milliseconds since the epoch; format 2 only.',
    ).optional(),
    followed: count('Pods that landed on the target they were asked to prefer.'),
    asked: count('Pods that were asked to prefer a target.'),
    adherence: z
      .array(adherenceSchema)
      .max(MODEL_LIMITS.adherence)
      .optional()
      .meta({
        description: 'The same by target, of about the newest Pods.',
        'x-kubernetes-list-type': MAP,
        'x-kubernetes-list-map-keys': ['target'],
      }),
    enforcement: enforcementSchema.optional(),
    circuit: circuitSchema.optional(),
    savings: savingsSchema.optional(),
    shadow: shadowSchema.optional(),
    scaling: storedScalingSchema.optional(),
    moving: storedMovingSchema.optional(),
    unusedSince: count(
      'Since when no Pod carries a decision of it, in milliseconds since the epoch.',
    ).optional(),
    before: beforeSchema.optional(),
  })
  .meta({ description: 'What is learned of one workload or one tier.' });

/** The zod schema of the spec of a PlacementModel. */
export const modelSpecSchema = z
  .object({
    policyName: z
      .string()
      .min(1)
      .max(253)
      .meta({ description: 'PlacementPolicy that this was learned under.' }),
    format: z.int().min(1).max(1_000_000).optional().meta({
      description:
        'Format of the rest; absent = 1. A process that does not know it leaves the object alone.',
      format: 'int32',
    }),
    workload: text(
      workloadCharacters,
      'Workload, for example `Deployment/frontend`, or `Tier/data` for the prior of a tier.',
    ).optional(),
    shard: shard.optional(),
    observation: observationSchema.optional(),
  })
  .refine(
    (spec) =>
      (spec.shard === undefined) !== (spec.observation === undefined) &&
      (spec.shard === undefined) === (spec.workload === undefined),
    'must have either `workload` and `shard`, or `observation`',
  )
  .meta({
    description: 'What the agent has learned; written by the elected learner, never by hand.',
    'x-kubernetes-validations': [
      {
        rule: 'has(self.shard) != has(self.observation) && has(self.shard) == has(self.workload)',
        message: 'must have either `workload` and `shard`, or `observation`',
      },
    ],
  });

/** The spec of a PlacementModel as it stands in the API. */
export type ModelSpec = z.output<typeof modelSpecSchema>;
