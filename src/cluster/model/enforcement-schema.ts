// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { MODEL_LIMITS } from './limits.ts';
import { count, decimal, text } from './stored-fields.ts';

/** `spec.shard.circuit`. */
export const circuitSchema = z
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

/** A row of `spec.shard.adherence`. */
export const adherenceSchema = z
  .object({
    target: text(MODEL_LIMITS.nameCharacters, 'Target.'),
    asked: decimal('Pods that were asked to prefer it, older ones counting less, in decimal.'),
    followed: decimal('Those of them that landed there, in decimal.'),
  })
  .meta({ description: 'How the scheduler followed the preference for one target.' });

/** `spec.shard.enforcement`. */
export const enforcementSchema = z
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
