// SPDX-License-Identifier: Apache-2.0
import { isHeldBack } from '#learner/enforcement/circuit.ts';
import type { Group } from '#learner/tick/groups.ts';
import type { LearnerOptions } from './options.ts';

/** What the learner counts from, and where to. */
export type FiguresContext = Pick<LearnerOptions, 'models' | 'metrics' | 'now'>;

/** How well the scheduler follows, by topology key. */
export function measureAdherence(groups: readonly Group[], options: FiguresContext): void {
  const sums = new Map<string, { followed: number; asked: number }>();
  for (const { namespace, policy, pods } of groups) {
    const sum = sums.get(policy.spec.topologyKey) ?? { followed: 0, asked: 0 };
    for (const workload of pods.keys()) {
      const shard = options.models.shard(namespace, policy.name, workload);
      sum.followed += shard?.followed ?? 0;
      sum.asked += shard?.asked ?? 0;
    }
    sums.set(policy.spec.topologyKey, sum);
  }
  for (const [topologyKey, { followed, asked }] of sums) {
    options.metrics.adherence(topologyKey, followed, asked);
  }
}

/** How many workloads the breaker holds back. */
export function countCircuits(groups: readonly Group[], options: FiguresContext): void {
  let open = 0;
  for (const { namespace, policy, pods } of groups) {
    const { circuitBreaker } = policy.spec;
    for (const workload of pods.keys()) {
      const shard = options.models.shard(namespace, policy.name, workload);
      if (isHeldBack(shard?.circuit, circuitBreaker, options.now())) open += 1;
    }
  }
  options.metrics.circuits(open);
}
