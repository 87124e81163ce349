// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import { parsePolicySpec } from '#cluster/policy/parse.ts';
import type { PolicySpec } from '#cluster/policy/policy.ts';
import { readSpecification } from '#cli/simulate/read-specification.ts';
import { worldOf, type World } from '#cli/simulate/world.ts';

/** Applications and clusters of the bench; every pair is a setting with a file of its own. */
export const APPLICATIONS = ['hotel-reservation', 'online-boutique', 'bookinfo'] as const;
export const CLUSTERS = ['seed', 'mixed', 'pools'] as const;

/** One application on one cluster under one load. */
export interface Setting {
  readonly application: string;
  readonly cluster: string;
}

/** All settings, by application. */
export const SETTINGS: readonly Setting[] = APPLICATIONS.flatMap((application) =>
  CLUSTERS.map((cluster) => ({ application, cluster })),
);

/** A setting as the simulator knows it. */
export interface Ground {
  readonly world: World;
  readonly cpuScale: number;
  readonly load: string;
}

/** Reads a setting's specification. */
export function groundOf({ application, cluster }: Setting): Ground {
  const file = new URL(`settings/${application}-${cluster}.yaml`, import.meta.url);
  const specification = readSpecification(fileURLToPath(file));
  const { load, cpuScale } = specification.rest;
  const { sloP99Milliseconds } = specification.policy.reward;
  const rate =
    load.kind === 'closed'
      ? `closed loop of ${load.connections} connections`
      : load.kind === 'open'
        ? `${load.requestsPerSecond} requests per second`
        : 'a trace';
  const objective = sloP99Milliseconds === undefined ? '' : `, objective ${sloP99Milliseconds} ms`;
  return { world: worldOf(specification), cpuScale, load: `${rate}${objective}` };
}

/** Schedulers that do not learn, by their names in `perihelion simulate`. */
export const FIXED = [
  'default',
  'most-allocated',
  'tlp',
  'peaks',
  'joulie',
  'co-located',
  'split',
  'data-pinned',
] as const;

/** Comparators that learn; each is told the cost that regret is counted in. */
export const LEARNERS = ['templates-ucb1', 'templates-thompson', 'linear-thompson'] as const;

/** An agent that differs from the shipped one in one thing. */
export interface AgentVariant {
  readonly name: string;
  readonly centred: boolean;
  /** Fields of the policy that differ, part by part. */
  readonly policy: {
    readonly holdoutPercent?: number;
    readonly learning?: Partial<PolicySpec['learning']>;
    readonly reward?: Partial<PolicySpec['reward']>;
    readonly exploration?: Partial<PolicySpec['exploration']>;
  };
}

/** The agent as shipped, with exploration and holdout on. */
export const SHIPPED: AgentVariant = { name: 'agent', centred: true, policy: {} };

/** What the parts of the agent are worth, and the two other ways to account energy. */
export const ABLATIONS: readonly AgentVariant[] = [
  { name: 'agent-gamma-0', centred: true, policy: { learning: { gammaThousandths: 0 } } },
  { name: 'agent-gamma-900', centred: true, policy: { learning: { gammaThousandths: 900 } } },
  { name: 'agent-epsilon-100', centred: true, policy: { learning: { epsilonThousandths: 100 } } },
  {
    name: 'agent-explores-alike',
    centred: true,
    policy: { learning: { explorationTemperatureThousandths: 0 } },
  },
  { name: 'agent-holdout-0', centred: true, policy: { holdoutPercent: 0 } },
  { name: 'agent-holdout-5', centred: true, policy: { holdoutPercent: 5 } },
  {
    name: 'agent-own-reward',
    centred: true,
    policy: { learning: { applicationShareThousandths: 0 } },
  },
  { name: 'agent-no-centring', centred: false, policy: {} },
  {
    name: 'agent-no-headroom',
    centred: true,
    policy: { exploration: { maximumCpuPercent: 0 } },
  },
  { name: 'agent-ucb1', centred: true, policy: { learning: { algorithm: 'UCB1' } } },
  { name: 'agent-thompson', centred: true, policy: { learning: { algorithm: 'Thompson' } } },
  { name: 'agent-amortised', centred: true, policy: { reward: { accounting: 'Amortised' } } },
  { name: 'agent-marginal', centred: true, policy: { reward: { accounting: 'Marginal' } } },
];

/** The policy of a variant in a setting. */
export function policyOf(policy: PolicySpec, variant: AgentVariant): PolicySpec {
  const { learning, reward, exploration, ...rest } = variant.policy;
  return parsePolicySpec({
    ...policy,
    ...rest,
    learning: { ...policy.learning, ...learning },
    reward: { ...policy.reward, ...reward },
    exploration: { ...policy.exploration, ...exploration },
  });
}
