// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { MODEL_LIMITS } from './limits.ts';
import { decimal, text } from './stored-fields.ts';

const MAP = 'map';
const NODE_NAME_CHARACTERS = 253;
const { nameCharacters, workloadCharacters } = MODEL_LIMITS;

const target = z
  .object({
    name: text(nameCharacters, 'Value of the topology key.'),
    health: z
      .enum(['healthy', 'absent', 'stale', 'not-a-number', 'zero', 'fake', 'absurd'])
      .meta({ description: 'Health of its telemetry; only `healthy` is preferred.' }),
    cpuRatio: decimal('Mean CPU utilisation of its nodes, 0 to 1; absent = unknown.').optional(),
    memoryRatio: decimal(
      'Mean memory utilisation of its nodes, 0 to 1; absent = unknown.',
    ).optional(),
    watts: decimal('Power of its nodes together; absent = unknown.').optional(),
    speed: z
      .object({
        ratio: decimal('Work of a core there against that of other targets, around 1.'),
        weight: decimal('Samples that it is worth.'),
      })
      .optional()
      .meta({ description: 'How fast its cores are, as learned; absent = nothing known yet.' }),
  })
  .meta({ description: 'What was last seen of one target.' });

const workload = z
  .object({
    workload: text(workloadCharacters, 'Workload, for example `Deployment/frontend`.'),
    loadBucket: z
      .enum(['low', 'normal', 'high'])
      .optional()
      .meta({ description: 'Load against its own history; absent = unknown.' }),
    peers: z.array(text(workloadCharacters, 'Workload.')).max(MODEL_LIMITS.peers).meta({
      description: 'Workloads it calls or is called by.',
      'x-kubernetes-list-type': 'atomic',
    }),
    cpuCores: decimal('Mean CPU use of one of its Pods, cores; absent = unknown.').optional(),
    referenceCores: decimal('The same, in cores of a target of speed 1.').optional(),
    cpuCost: z
      .object({
        target: text(nameCharacters, 'Target where it ran last.'),
        secondsPerRequest: decimal('CPU seconds by request there.'),
        weight: decimal('Windows behind it.'),
      })
      .optional()
      .meta({ description: 'What the speed of targets is learned from; absent = never measured.' }),
    holdoutRests: z.boolean().optional().meta({
      description:
        'What is saved is known, so that `restingHoldoutThousandths` of its Pods are held out; absent = it is not.',
    }),
  })
  .meta({ description: 'What was last seen of one workload.' });

const powerCurve = z
  .object({
    node: text(NODE_NAME_CHARACTERS, 'Name of the node.'),
    points: z
      .string()
      .min(1)
      .max(MODEL_LIMITS.powerPointsCharacters)
      .regex(/^[0-9.e+-]+( [0-9.e+-]+){2}(; [0-9.e+-]+( [0-9.e+-]+){2})*$/)
      .meta({
        description:
          'Points in rising order of utilisation, each `utilisation watts weight`, for example `0.25 92.4 17; 0.3 97.1 50`.',
      }),
  })
  .meta({ description: "A node's power against its CPU utilisation, as learned." });

/** The zod schema of what was last seen of the targets and workloads of one policy. */
export const observationSchema = z
  .object({
    observedTime: z
      .string()
      .max(32)
      .regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z$/)
      .meta({ description: 'When it was observed.', format: 'date-time' }),
    targets: z
      .array(target)
      .max(MODEL_LIMITS.targets)
      .meta({
        description: 'Load and health of each target.',
        'x-kubernetes-list-type': MAP,
        'x-kubernetes-list-map-keys': ['name'],
      }),
    workloads: z
      .array(workload)
      .max(MODEL_LIMITS.workloads)
      .meta({
        description: 'Load and peers of each workload.',
        'x-kubernetes-list-type': MAP,
        'x-kubernetes-list-map-keys': ['workload'],
      }),
    powerCurves: z
      .array(powerCurve)
      .max(MODEL_LIMITS.powerCurves)
      .optional()
      .meta({
        description: 'Learned power curves of nodes, for the accounting `Marginal`.',
        'x-kubernetes-list-type': MAP,
        'x-kubernetes-list-map-keys': ['node'],
      }),
  })
  .meta({ description: 'What was last seen of targets and workloads.' });
