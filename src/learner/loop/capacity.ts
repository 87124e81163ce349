// SPDX-License-Identifier: Apache-2.0
import {
  namespaceFacts,
  type CapacityEffects,
  type CapacityMemory,
} from '#learner/capacity/context.ts';
import type { Recommendation } from '#learner/capacity/ports.ts';
import type { Group } from '#learner/tick/groups.ts';
import { rebalance } from '#learner/rebalancing/move.ts';
import type { WindowReadings } from '#learner/readings/outcome.ts';
import { choiceOf } from '#learner/readings/preset-choice.ts';
import { scaleWorkload } from '#learner/scaling/scale.ts';
import { standingOf } from '#learner/capacity/standing.ts';
import { askOnce, type Sources } from '#learner/readings/telemetry-window.ts';

/** Scaling and rebalancing of one term of leadership. */
export interface Capacity {
  /** Decides and acts for every group whose policy asks for it; never rejects. */
  tick(groups: readonly Group[]): Promise<void>;
  /**
   * What is recommended in a namespace now, was done last, or is in the way.
   * @param before as the status says; it holds for what this leader has not looked at yet
   */
  recommendations(group: Group, before: readonly Recommendation[]): readonly Recommendation[];
}

/** What a term's capacity is made from: its effects, but for the answers of telemetry. */
export interface CapacityTerm extends Omit<CapacityEffects, 'ask'> {
  readonly sources: Sources;
  /** Power curves, where a policy needs them. */
  readonly curvesOf: (group: Group) => Pick<WindowReadings, 'curves'>;
}

/** The leader's second task, after settling: off for every policy that does not turn it on. */
export function createCapacity(term: CapacityTerm): Capacity {
  // Each tick asks about a window once only, however many workloads want it.
  let asking = askOnce(term.sources);
  const effects: CapacityEffects = {
    ...term,
    ask: async (window, group) => ({
      ...(await asking(window, choiceOf(group.policy.spec))),
      ...term.curvesOf(group),
    }),
  };
  const memory: CapacityMemory = { lookedAt: new Map(), recommendations: new Map() };

  async function serve(group: Group): Promise<void> {
    const { scaling, rebalancing, mode } = group.policy.spec;
    if (mode === 'Off') {
      forget(group, ['Scale', 'Move']);
      return;
    }
    if (scaling.mode === 'Off') forget(group, ['Scale']);
    if (rebalancing.mode === 'Off') forget(group, ['Move']);
    if (scaling.mode === 'Off' && rebalancing.mode === 'Off') return;
    const standings = standingOf(group, effects.view);
    forgetGone(
      group,
      standings.map(({ workload }) => workload),
    );
    const facts = namespaceFacts(group.namespace, effects);
    if (scaling.mode !== 'Off') {
      for (const standing of standings) {
        if (!effects.isLeader()) return;
        const look = { group, standing, facts, memory, effects };
        await attempt(group, () => scaleWorkload(look));
      }
    }
    if (rebalancing.mode !== 'Off' && effects.isLeader()) {
      await attempt(group, () => rebalance({ group, standings, memory, effects }));
    }
  }

  /** What fails for one workload must not stop the others; it is looked at again later. */
  async function attempt(group: Group, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const { namespace } = group;
      effects.logger.warn({ namespace, err: error }, 'replicas or placements were not looked at');
    }
  }

  function forget({ namespace, policy }: Group, kinds: readonly string[]): void {
    for (const key of memory.recommendations.keys()) {
      const mine = kinds.some((kind) => key.startsWith(`${kind} ${namespace} ${policy.name} `));
      if (mine) memory.recommendations.delete(key);
    }
  }

  function forgetGone({ namespace }: Group, workloads: readonly string[]): void {
    const alive = new Set(workloads);
    for (const [key, one] of memory.recommendations) {
      if (one.namespace === namespace && !alive.has(one.workload)) {
        memory.recommendations.delete(key);
      }
    }
  }

  return {
    async tick(groups) {
      asking = askOnce(term.sources);
      for (const group of groups) {
        if (!effects.isLeader()) return;
        await serve(group);
      }
      const shown = [...memory.recommendations.values()];
      for (const kind of ['Scale', 'Move'] as const) {
        const open = shown.filter((one) => one.kind === kind && one.outcome !== 'Applied');
        effects.metrics.recommended(kind === 'Scale' ? 'scale' : 'move', open.length);
      }
    },
    recommendations({ namespace, policy, pods }, before) {
      const { scaling, rebalancing, mode } = policy.spec;
      const isOn = (one: Recommendation): boolean =>
        mode !== 'Off' && (one.kind === 'Scale' ? scaling : rebalancing).mode !== 'Off';
      const lookOf = ({ kind, workload }: Recommendation): string =>
        kind === 'Scale'
          ? `Scale ${namespace} ${policy.name} ${workload}`
          : `Move ${namespace} ${policy.name}`;
      const unseen = before.filter(
        (one) =>
          one.namespace === namespace &&
          pods.has(one.workload) &&
          isOn(one) &&
          !memory.lookedAt.has(lookOf(one)),
      );
      const own = [...memory.recommendations]
        .filter(([key]) => key.split(' ')[1] === namespace && key.split(' ')[2] === policy.name)
        .map(([, recommendation]) => recommendation);
      return [...own, ...unseen];
    },
  };
}
