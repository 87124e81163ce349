// SPDX-License-Identifier: Apache-2.0
import { parsePolicySpec } from '#cluster/policy-schema.ts';
import type { LearningSpec, PolicySpec } from '#cluster/policy.ts';
import type { AgentOptions } from '#cli/simulate/agent-scheduler.ts';

/** One setting: an application on a cluster under a load, by its specification. */
export interface Setting {
  readonly application: string;
  readonly cluster: string;
  readonly load: string;
  readonly file: string;
}

/** The settings of the benchmark. */
export const SETTINGS: readonly Setting[] = [
  {
    application: 'hotel-reservation',
    cluster: 'seed',
    load: 'closed loop of 64 connections',
    file: 'simulations/hotel-reservation-seed.yaml',
  },
  {
    application: 'hotel-reservation',
    cluster: 'seed',
    load: '900 requests per second, objective 100 ms',
    file: 'simulations/hotel-reservation-busy.yaml',
  },
  {
    application: 'hotel-reservation',
    cluster: 'mixed',
    load: '500 requests per second, objective 100 ms',
    file: 'simulations/hotel-reservation-mixed.yaml',
  },
  {
    application: 'online-boutique',
    cluster: 'mixed',
    load: '500 requests per second, objective 50 ms',
    file: 'simulations/online-boutique-mixed.yaml',
  },
  {
    application: 'online-boutique',
    cluster: 'pools',
    load: '500 requests per second, objective 50 ms',
    file: 'simulations/online-boutique-pools.yaml',
  },
];

/** Schedulers that do not learn. */
export const STATIC = [
  'default',
  'split',
  'data-pinned',
  'most-allocated',
  'random',
  'peaks',
  'tlp',
  'oracle',
] as const;

/** An agent that differs from the shipped one in one thing. */
export interface AgentVariant {
  readonly name: string;
  readonly learning: Partial<LearningSpec>;
  readonly centred: boolean;
}

/** The agent as shipped, and what its parts are worth. */
export const AGENTS: readonly AgentVariant[] = [
  { name: 'agent', learning: {}, centred: true },
  { name: 'agent-gamma-0', learning: { gammaThousandths: 0 }, centred: true },
  { name: 'agent-lambda-0', learning: { lambdaThousandths: 0 }, centred: true },
  { name: 'agent-no-centring', learning: {}, centred: false },
  { name: 'agent-ucb1', learning: { algorithm: 'UCB1' }, centred: true },
  { name: 'agent-thompson', learning: { algorithm: 'Thompson' }, centred: true },
  { name: 'agent-softmax', learning: { algorithm: 'Softmax' }, centred: true },
];

/** The options of a variant under a setting's policy. */
export function agentOptions(policy: PolicySpec, variant: AgentVariant): AgentOptions {
  const learning = { ...policy.learning, ...variant.learning };
  return { policy: parsePolicySpec({ ...policy, learning }), centred: variant.centred };
}
