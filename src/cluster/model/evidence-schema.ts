// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { MODEL_LIMITS } from './limits.ts';
import { count, decimal, text } from './stored-fields.ts';

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

/** `spec.shard.savings`. */
export const savingsSchema = z
  .object({
    joulesPerRequest: contrast,
    p99Milliseconds: contrast,
    requests: decimal('Requests that the Pods placed by the agent served, in decimal.'),
  })
  .meta({ description: 'What savings against the holdout are computed from.' });

const landing = z
  .object({
    target: text(MODEL_LIMITS.nameCharacters, 'Target.'),
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

/** `spec.shard.shadow`. */
export const shadowSchema = z
  .object({
    landings: z
      .array(landing)
      .max(MODEL_LIMITS.landings)
      .meta({
        description: 'Where Pods landed by themselves.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['target'],
      }),
    decisions: z.array(shadowDecision).max(MODEL_LIMITS.shadowDecisions).meta({
      description: 'The newest decisions, oldest first.',
      'x-kubernetes-list-type': 'atomic',
    }),
  })
  .meta({ description: 'What decisions in mode Shadow would have been worth.' });
