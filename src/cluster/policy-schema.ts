// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { InputError } from '#errors';
import { rebalancingSchema, scalingSchema } from './capacity-policy-schema.ts';
import { circuitBreakerSchema } from './circuit-policy-schema.ts';
import { escalationSchema, releaseSchema } from './enforcement-policy-schema.ts';
import { NAME_PATTERN, QUALIFIED_NAME_PATTERN, VALUE_PATTERN } from './label-syntax.ts';
import type { PlacementPolicy, PolicySpec } from './policy.ts';
import { policyTelemetry } from './policy-telemetry.ts';
import { integer } from './schema-integer.ts';

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

const learning = z
  .object({
    algorithm: z
      .enum(['EpsilonGreedy', 'UCB1', 'Thompson', 'Softmax'])
      .default('EpsilonGreedy')
      .meta({ description: 'How the agent explores.' }),
    seed: integer(
      0,
      2_147_483_647,
      1,
      'Seeds the generator of every decision together with its id, so that a decision can be replayed.',
    ),
    gammaThousandths: integer(
      0,
      1000,
      300,
      'Discount of later rewards of one rollout, in thousandths.',
    ),
    lambdaThousandths: integer(
      0,
      1000,
      800,
      'Decay of the eligibility traces of TD(lambda), in thousandths.',
    ),
    initialValueThousandths: integer(
      -10_000,
      10_000,
      150,
      'Value of an action that was never tried, in thousandths of advantage over the default scheduler; above 0 is optimistic.',
    ),
    epsilonThousandths: integer(
      0,
      1000,
      30,
      'Share of exploring decisions at the start, in thousandths.',
    ),
    epsilonHalvingEpisodes: integer(
      1,
      100_000,
      20,
      'Rollouts of a workload after which its share of exploring decisions is halved.',
    ),
    epsilonFloorThousandths: integer(
      0,
      1000,
      10,
      'Least share of exploring decisions, in thousandths; not above `epsilonThousandths`.',
    ),
    stepFloorThousandths: integer(
      1,
      1000,
      50,
      'Least step size of an update, in thousandths: how fast changes of the cluster are followed.',
    ),
    burnInDecisions: integer(
      0,
      10_000,
      3,
      'Decisions of the default scheduler that must be measured before the agent chooses for a workload.',
    ),
    applicationShareThousandths: integer(
      0,
      1000,
      300,
      "Share of the whole application's reward in the reward of one workload, in thousandths.",
    ),
    landingCreditThousandths: integer(
      0,
      1000,
      500,
      'Weight of an update for a Pod that landed on another target than the one it was asked to prefer, in thousandths.',
    ),
  })
  .refine((value) => value.epsilonFloorThousandths <= value.epsilonThousandths, {
    message: 'must not be greater than `epsilonThousandths`',
    path: ['epsilonFloorThousandths'],
  })
  .prefault({})
  .meta({
    description: 'Hyperparameters of the agent.',
    'x-kubernetes-validations': [
      {
        rule: 'self.epsilonFloorThousandths <= self.epsilonThousandths',
        message: '`epsilonFloorThousandths` must not be greater than `epsilonThousandths`',
        fieldPath: '.epsilonFloorThousandths',
      },
    ],
  });

const WEIGHTS_MESSAGE =
  '`sustainabilityPercent`, `performancePercent` and `resourcesPercent` must add up to 100';

const reward = z
  .object({
    sustainabilityPercent: integer(
      0,
      100,
      50,
      'Weight of energy per request, in percent; the three weights add up to 100.',
    ),
    performancePercent: integer(
      0,
      100,
      40,
      'Weight of latency and errors, in percent; the three weights add up to 100.',
    ),
    resourcesPercent: integer(
      0,
      100,
      10,
      'Weight of CPU and memory pressure, in percent; the three weights add up to 100.',
    ),
    accounting: z.enum(['Attributed', 'Amortised', 'Marginal']).default('Attributed').meta({
      description:
        "How a Pod's energy is counted. Attributed: as Kepler attributes it. Amortised: the energy of the node, shared by the Pods in proportion to what Kepler attributes to them. Marginal: what a Pod's share of the node costs by the slope of the node's learned power curve.",
    }),
    unit: z.enum(['Joules', 'GramsCO2e']).default('Joules').meta({
      description:
        'What energy is counted in. Joules: energy per request. GramsCO2e: the same times the carbon intensity of the zone, which the settings tell.',
    }),
    sloP99Milliseconds: z.int().min(1).max(3_600_000).optional().meta({
      description:
        'Objective for the 99th percentile of latency, in milliseconds; without it latency is judged against the baseline.',
      format: 'int32',
    }),
    sloErrorThousandths: z.int().min(0).max(1000).optional().meta({
      description:
        'Objective for the share of failed requests, in thousandths; without it there is none.',
      format: 'int32',
    }),
  })
  .refine(
    (value) =>
      value.sustainabilityPercent + value.performancePercent + value.resourcesPercent === 100,
    `obeys: ${WEIGHTS_MESSAGE}`,
  )
  .prefault({})
  .meta({
    description: 'Weights and objectives of the reward.',
    'x-kubernetes-validations': [
      {
        rule: 'self.sustainabilityPercent + self.performancePercent + self.resourcesPercent == 100',
        message: WEIGHTS_MESSAGE,
      },
    ],
  });

const measurement = z
  .object({
    warmUpSeconds: integer(0, 3600, 30, 'Time between Ready and the begin of the measurement.'),
    windowSeconds: integer(1, 86_400, 120, 'Length of the measurement.'),
    minimumRequests: integer(
      1,
      1_000_000_000,
      100,
      'Fewer requests than this in the window give no reward.',
    ),
    staleAfterSeconds: integer(1, 3600, 60, 'A reading older than this counts as stale.'),
    episodeGapSeconds: integer(
      1,
      3600,
      30,
      'A pause in Pod creation of this length ends a rollout (one episode).',
    ),
  })
  .prefault({})
  .meta({ description: 'When and how long a placement is measured.' });

const exploration = z
  .object({
    budgetPerHour: integer(
      0,
      1_000_000,
      60,
      'Exploring decisions allowed per namespace and hour; beyond it the best known action is taken.',
    ),
    maximumCpuPercent: integer(
      0,
      1000,
      80,
      'No Pod is sent to a target whose CPU would be filled beyond this, in percent of allocatable, by what it and the measured Pods there are expected to use. 0 = no limit.',
    ),
  })
  .prefault({})
  .meta({ description: 'Limits of exploration.' });

/** The zod schema of a {@link PolicySpec}; every field has a default. */
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
    learning,
    reward,
    measurement,
    exploration,
    circuitBreaker: circuitBreakerSchema,
    release: releaseSchema,
    escalation: escalationSchema,
    scaling: scalingSchema,
    rebalancing: rebalancingSchema,
    telemetry: policyTelemetry,
  })
  .meta({ description: 'What Perihelion does with the Pods of this namespace.' });

/**
 * Every problem of a policy spec, each naming its field (`spec.learning.seed: …`); empty when
 * {@link parsePolicySpec} accepts it.
 */
export function policyProblems(input: unknown): string[] {
  const result = policySpecSchema.safeParse(input ?? {}, { reportInput: true });
  return result.success ? [] : result.error.issues.map((issue) => inputError(issue).message);
}

/**
 * Checks a policy spec and fills in the defaults. Fields that this version does not know are left
 * out, so that a newer CRD does not stop an older process.
 * @throws InputError `PERI_POLICY_INVALID`, naming the first unusable field.
 */
export function parsePolicySpec(input: unknown): PolicySpec {
  const result = policySpecSchema.safeParse(input ?? {}, { reportInput: true });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue === undefined) throw result.error;
  throw inputError(issue);
}

function inputError(issue: z.core.$ZodIssue): InputError {
  const path = issue.path.map((part) =>
    typeof part === 'number' ? `[${part}]` : `.${String(part)}`,
  );
  const field = `spec${path.join('')}`;
  return new InputError('PERI_POLICY_INVALID', field, issue.input, expectation(issue));
}

/** Names of types that the API calls otherwise than the parser does. */
const TYPE_NAMES: Readonly<Record<string, string>> = { int: 'integer', record: 'object' };

/** What was expected, in words of the API rather than of the parser. */
function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `${measure(issue.origin)} of at least ${issue.minimum.toString()}`;
    case 'too_big':
      return `${measure(issue.origin)} of at most ${issue.maximum.toString()}`;
    case 'invalid_type':
      return `a value of type ${TYPE_NAMES[issue.expected] ?? issue.expected}`;
    case 'invalid_format':
      return `text of the form ${issue.pattern ?? issue.format}`;
    case 'custom':
      return `a value that ${issue.message}`;
    default:
      return issue.message;
  }
}

function measure(origin: string): string {
  if (origin === 'string') return 'a length';
  if (origin === 'array') return 'a number of items';
  return 'a number';
}

/** Every field at its default. */
export const DEFAULT_POLICY_SPEC: PolicySpec = deepFreeze(parsePolicySpec({}));

/** In force where no PlacementPolicy is: placing needs nothing but the namespace label. */
export const BUILT_IN_POLICY: PlacementPolicy = Object.freeze({
  namespace: '',
  name: 'default',
  generation: 0,
  builtIn: true,
  spec: DEFAULT_POLICY_SPEC,
});

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
