// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { storedMovingSchema, storedScalingSchema } from './capacity-schema.ts';
import { MODEL_LIMITS } from './model-limits.ts';
import { observationSchema } from './observation-schema.ts';
import { count, decimal, statistics, text } from './stored-fields.ts';

/*
 * The spec of a PlacementModel: what `src/cluster/model.ts` holds in memory, in the form the
 * Kubernetes API asks for. There are no floats in the API: a measured number is a string of
 * decimal digits that reads back as the same double. Tables are lists of rows.
 */

/**
 * The newest format of a model that this version reads and the one that it writes. Optional fields
 * do not raise it; a field whose meaning changes does.
 */
export const MODEL_FORMAT = 1;

const MAP = 'map';
const { nameCharacters, stateCharacters, idCharacters, workloadCharacters } = MODEL_LIMITS;

const cell = z
  .object({
    state: text(stateCharacters, 'State, for example `load=normal,least=worker-2`.'),
    action: text(nameCharacters, 'Target, or `(default)`.'),
    value: decimal('Estimated advantage over the default scheduler, in decimal.'),
    weight: decimal('Weighted number of updates, in decimal.'),
  })
  .meta({ description: 'One learned cell.' });

const baseline = z
  .object({
    loadBucket: text(nameCharacters, 'Load of the workload against its own history.'),
    cost: text(nameCharacters, 'Name of the cost, for example `joulesPerRequest`.'),
    ...statistics,
  })
  .meta({ description: 'Statistics of one cost under the default scheduler.' });

const circuit = z
  .object({
    state: z.enum(['closed', 'open']).meta({
      description: 'Open: the workload is left to the default scheduler, but for trials.',
    }),
    reason: z
      .enum(['slo-breach', 'regret', 'telemetry-lost'])
      .optional()
      .meta({ description: 'Why it was last opened; absent = never.' }),
    changedAt: count('When it was last opened or closed, in milliseconds since the epoch.'),
    retryAt: count('When trials begin, in milliseconds since the epoch; 0 = it is closed.'),
    coolingSeconds: count('Length of the last cooling-off time; 0 = none yet.'),
    breaches: count('Missed objectives in a row.'),
    unmeasured: count('Pods without a measure in a row.'),
    evidence: decimal('E-value against a regret within its bound, in decimal.'),
    trialsPassed: count('Trials of this round that passed.'),
    trialAdvantage: decimal('Sum of their advantages, in decimal.'),
  })
  .meta({ description: 'Circuit breaker of the workload.' });

const adherence = z
  .object({
    target: text(nameCharacters, 'Target.'),
    asked: decimal('Pods that were asked to prefer it, older ones counting less, in decimal.'),
    followed: decimal('Those of them that landed there, in decimal.'),
  })
  .meta({ description: 'How the scheduler followed the preference for one target.' });

const enforcement = z
  .object({
    escalatedAt: count(
      'Since when the preference is a required rule, in milliseconds since the epoch; 0 = it is not.',
    ),
    releasedAt: count('Last release, in milliseconds since the epoch; 0 = never.'),
    releasedUntil: count('Until when nothing is required, in milliseconds since the epoch.'),
    coolingSeconds: count('Length of the last cooling-off time; 0 = none yet.'),
    hour: count('Hour since the epoch that `evictions` counts.'),
    evictions: count('Pods whose eviction was begun in that hour.'),
  })
  .meta({ description: 'Required rules of the workload: escalation and release.' });

const arm = z
  .object({
    count: count('Decisions.'),
    weight: decimal('Sum of the weights, in decimal.'),
    weightSquares: decimal('Sum of the squared weights, in decimal.'),
    value: decimal('Weighted sum of the cost, in decimal.'),
    residual: decimal('Weighted sum of the cost above the baseline, in decimal.'),
    residualSecond: decimal('The same with squared weights, in decimal.'),
    residualSquares: decimal('The same of its square, in decimal.'),
  })
  .meta({ description: 'Running sums of one cost.' });

const contrast = z
  .object({ placed: arm, holdout: arm })
  .meta({ description: 'Pods that the agent placed against Pods that were held out.' });

const savings = z
  .object({
    joulesPerRequest: contrast,
    p99Milliseconds: contrast,
    requests: decimal('Requests that the Pods placed by the agent served, in decimal.'),
  })
  .meta({ description: 'What savings against the holdout are computed from.' });

const landing = z
  .object({
    target: text(nameCharacters, 'Target.'),
    count: count('Pods that landed there.'),
    energy: decimal("Mean share of the baseline's energy that they saved, in decimal."),
    latency: decimal("Mean share of the baseline's latency that they saved, in decimal."),
  })
  .meta({ description: 'What Pods did that landed on one target by themselves.' });

const shadowDecision = z
  .object({
    agreed: z.boolean().meta({ description: 'It landed where the agent would have sent it.' }),
    propensity: decimal('Chance of that as it was known before, in decimal.'),
    energy: decimal("Share of the baseline's energy saved, in decimal."),
    latency: decimal("Share of the baseline's latency saved, in decimal."),
    landedEnergy: decimal('Energy expected of where it landed, in decimal.'),
    landedLatency: decimal('Latency expected of where it landed, in decimal.'),
    wantedEnergy: decimal('Energy expected of where it would have been sent, in decimal.'),
    wantedLatency: decimal('Latency expected of where it would have been sent, in decimal.'),
  })
  .meta({ description: 'One decision in mode Shadow.' });

const shadow = z
  .object({
    landings: z
      .array(landing)
      .max(MODEL_LIMITS.landings)
      .meta({
        description: 'Where Pods landed by themselves.',
        'x-kubernetes-list-type': MAP,
        'x-kubernetes-list-map-keys': ['target'],
      }),
    decisions: z.array(shadowDecision).max(MODEL_LIMITS.shadowDecisions).meta({
      description: 'The newest decisions, oldest first.',
      'x-kubernetes-list-type': 'atomic',
    }),
  })
  .meta({ description: 'What decisions in mode Shadow would have been worth.' });

const before = z
  .object({
    added: count('Decisions that the last write settled: the last ones of `settled`.'),
    episodes: count('Rollouts settled before it.'),
    defaultSamples: count('Decisions of the default scheduler measured before it.'),
    load: z
      .object(statistics)
      .meta({ description: 'Load of the workload before it, in requests per second.' }),
    cells: z
      .array(cell)
      .max(MODEL_LIMITS.cellsBefore)
      .meta({
        description: 'Cells that it changed, as they were; weight 0 = it was not there.',
        'x-kubernetes-list-type': MAP,
        'x-kubernetes-list-map-keys': ['state', 'action'],
      }),
    baselines: z
      .array(baseline)
      .max(MODEL_LIMITS.baselines)
      .meta({
        description: 'Baselines that it changed, as they were; weight 0 = it was not there.',
        'x-kubernetes-list-type': MAP,
        'x-kubernetes-list-map-keys': ['loadBucket', 'cost'],
      }),
  })
  .meta({
    description:
      'What the last write changed: with it the next leader finishes a rollout of which one shard was written and another was not.',
  });

const shard = z
  .object({
    version: count('Rises by one with every write.'),
    episodes: count('Rollouts settled so far.'),
    cells: z
      .array(cell)
      .max(MODEL_LIMITS.cells)
      .meta({
        description: 'What is learned: a row for each state and action.',
        'x-kubernetes-list-type': MAP,
        'x-kubernetes-list-map-keys': ['state', 'action'],
      }),
    baselines: z
      .array(baseline)
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
    followed: count('Pods that landed on the target they were asked to prefer.'),
    asked: count('Pods that were asked to prefer a target.'),
    adherence: z
      .array(adherence)
      .max(MODEL_LIMITS.adherence)
      .optional()
      .meta({
        description: 'The same by target, of about the newest Pods.',
        'x-kubernetes-list-type': MAP,
        'x-kubernetes-list-map-keys': ['target'],
      }),
    enforcement: enforcement.optional(),
    circuit: circuit.optional(),
    savings: savings.optional(),
    shadow: shadow.optional(),
    scaling: storedScalingSchema.optional(),
    moving: storedMovingSchema.optional(),
    before: before.optional(),
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
