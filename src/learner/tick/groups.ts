// SPDX-License-Identifier: Apache-2.0
import type { ModelView } from '#cluster/model/model.ts';
import type { PlacementPolicy, PolicyView } from '#cluster/policy/policy.ts';
import type { SlimNode } from '#cluster/objects/slim.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import { pendingDecision, policyNameOf } from '#learner/episodes/decisions.ts';
import type { PendingDecision, SignedPod } from '#learner/episodes/decisions.ts';
import type { EpisodeLimits } from '#learner/episodes/episodes.ts';
import { targetsOf } from './targets.ts';
import { planGroup, type GroupPlan, type SettledOf } from '#learner/episodes/plan.ts';
import type { LearnerView } from './ports.ts';

/** One namespace with the policy in force there: what is observed and settled together. */
export interface Group {
  readonly namespace: string;
  readonly policy: PlacementPolicy;
  /** Every decision on a living Pod. */
  readonly decisions: readonly PendingDecision[];
  readonly plan: GroupPlan;
  /** `namespace/name` of the Pods of each workload. */
  readonly pods: ReadonlyMap<WorkloadKey, readonly string[]>;
  /** Targets of the policy and the nodes in them. */
  readonly targets: ReadonlyMap<string, readonly SlimNode[]>;
}

/** What grouping reads. */
export interface GroupContext {
  readonly view: LearnerView;
  readonly namespaces: () => Iterable<string>;
  readonly policies: PolicyView;
  readonly models: ModelView;
  readonly settledOf: SettledOf;
  readonly limits: EpisodeLimits;
  readonly now: () => number;
}

/**
 * Groups decisions by namespace. A decision of another policy than the one in force cannot be
 * settled, because its settings are not known any more; it is left alone and counted, and settled
 * should that policy come back.
 */
export function groupsOf(
  signed: readonly SignedPod[],
  context: GroupContext,
): { readonly groups: readonly Group[]; readonly orphaned: number } {
  const byNamespace = new Map<string, SignedPod[]>();
  for (const namespace of context.namespaces()) byNamespace.set(namespace, []);
  for (const one of signed) byNamespace.get(one.pod.namespace)?.push(one);
  let orphaned = 0;
  const groups = [...byNamespace].map(([namespace, members]): Group => {
    const policy = context.policies.policyFor(namespace);
    const own = members.filter((one) => policyNameOf(one.record) === policy.name);
    orphaned += members.length - own.length;
    const { topologyKey } = policy.spec;
    const decisions = own.map((one) =>
      pendingDecision(one, topologyKey, (name) => context.view.node(name)),
    );
    const plan = planGroup(decisions, policy, {
      shardOf: (workload) => context.models.shard(namespace, policy.name, workload),
      settledOf: context.settledOf,
      limits: context.limits,
      now: context.now(),
    });
    const targets = targetsOf(policy, context.view.nodesByLabel(topologyKey));
    return { namespace, policy, decisions, plan, pods: podsOf(decisions), targets };
  });
  return { groups, orphaned };
}

function podsOf(decisions: readonly PendingDecision[]): Map<WorkloadKey, string[]> {
  const pods = new Map<WorkloadKey, string[]>();
  for (const { decision, namespace, podName } of decisions) {
    const names = pods.get(decision.workload) ?? [];
    names.push(`${namespace}/${podName}`);
    pods.set(decision.workload, names);
  }
  return pods;
}
