// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import {
  NAME_PATTERN,
  QUALIFIED_NAME_PATTERN,
  VALUE_PATTERN,
} from '#cluster/objects/label-syntax.ts';
import { rebalancingSchema, scalingSchema } from './capacity-schema.ts';
import { circuitBreakerSchema } from './circuit-schema.ts';
import { escalationSchema, releaseSchema } from './enforcement-schema.ts';
import { integer } from './integer.ts';
import { learningSchema, explorationSchema } from './learning-schema.ts';
import { measurementSchema, rewardSchema } from './reward-schema.ts';
import { policyTelemetry } from './telemetry-schema.ts';

/*
 * The one source of a policy's fields: bounds, defaults and help texts. The CRD is generated from
 * it (`tools/generate-crds.ts`), so the API server and this process refuse the same things. Keys
 * under `x-kubernetes-` go into the CRD as they are.
 */

const labelValue = z.string().min(1).max(63).regex(VALUE_PATTERN);

const tierRule = z
  .object({
    name: z
      .string()
      .min(1)
      .max(63)
      .regex(NAME_PATTERN)
      .meta({ description: 'Name of the tier, for example `data` or `business`.' }),
    matchLabels: z
      .record(z.string(), z.string().max(63))
      .refine((labels) => Object.keys(labels).length <= 16, 'must have at most 16 labels')
      .meta({
        description:
          'Labels that a Pod must carry to be in this tier; all must match, and an empty map matches every Pod.',
        maxProperties: 16,
      }),
  })
  .meta({ description: 'Puts the Pods that carry certain labels into a tier.' });

/** The zod schema of a `PolicySpec`; every field has a default. */
export const policySpecSchema = z
  .object({
    mode: z.enum(['Off', 'Shadow', 'Prefer', 'Require']).default('Prefer').meta({
      description:
        'Off: leave every Pod alone. Shadow: decide and log, inject nothing. Prefer: inject one preferred node affinity term. Require: add the target to every required node affinity term, and release the Pod if it stays Pending; Pods that nobody would make again get the preference.',
    }),
    topologyKey: z
      .string()
      .min(1)
      .max(317)
      .regex(QUALIFIED_NAME_PATTERN)
      .default('kubernetes.io/hostname')
      .meta({
        description: 'Node label whose values are the targets that a Pod can prefer.',
      }),
    targets: z
      .array(labelValue)
      .max(1024)
      .refine((list) => new Set(list).size === list.length, 'must not hold a value twice')
      .default([])
      .meta({
        description:
          'Targets to choose among; empty means every value of the topology key in the cluster.',
        'x-kubernetes-list-type': 'set',
      }),
    holdoutPercent: integer(
      0,
      100,
      2,
      'Share of Pods left to the default scheduler on purpose, in percent: what the agent is compared with.',
    ),
    restingHoldoutThousandths: integer(
      1,
      1000,
      2,
      'Share of Pods held out in place of `holdoutPercent`, in thousandths, while what is saved is known: its interval excludes 0. Never more than `holdoutPercent`; 1000 never rests.',
    ),
    canaryPercent: integer(
      0,
      100,
      100,
      'Share of decisions that are acted upon, in percent; the rest is decided and judged as in mode Shadow, and nothing is injected.',
    ),
    tiers: z
      .array(tierRule)
      .max(16)
      .refine((list) => new Set(list.map((tier) => tier.name)).size === list.length, {
        message: 'must not hold a `name` twice',
      })
      .default([])
      .meta({
        description:
          'Tiers, first match wins; a workload that matches none is in the tier `business`.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      }),
    learning: learningSchema,
    reward: rewardSchema,
    measurement: measurementSchema,
    exploration: explorationSchema,
    circuitBreaker: circuitBreakerSchema,
    release: releaseSchema,
    escalation: escalationSchema,
    scaling: scalingSchema,
    rebalancing: rebalancingSchema,
    telemetry: policyTelemetry,
  })
  .meta({ description: 'What Perihelion does with the Pods of this namespace.' });
