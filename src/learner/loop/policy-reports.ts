// SPDX-License-Identifier: Apache-2.0
import type { ModelView } from '#cluster/model/model.ts';
import { nextPolicyStatus, type PolicyStatus } from '#cluster/policy/status.ts';
import type { PolicyProblem, RawPolicy } from '#cluster/policy/live-view.ts';
import type { PlacementPolicy, PolicyView } from '#cluster/policy/policy.ts';
import type { Capacity } from './capacity.ts';
import type { Recommendation } from '#learner/capacity/ports.ts';
import type { Group } from '#learner/tick/groups.ts';
import type { PresetChoice } from '#telemetry/presets/preset.ts';
import { choiceOf } from '#learner/readings/preset-choice.ts';
import { policyConditions, type PolicyNamespace } from './policy-conditions.ts';
import type { LearnerLogger } from '#learner/tick/ports.ts';

/** Where policies stand and their status goes. */
export interface PolicyStatusPort {
  /** Every PlacementPolicy, usable or not. */
  readonly all: () => Iterable<RawPolicy>;
  readonly problems: () => Iterable<PolicyProblem>;
  /** The last good version of each; several by name may be of one namespace. */
  readonly policies: () => Iterable<PlacementPolicy>;
  readonly write: (policy: RawPolicy, status: PolicyStatus) => Promise<void>;
}

/** What reporting needs beside the port. */
export interface ReportContext {
  readonly policies: PolicyView;
  readonly models: ModelView;
  /** What it recommends; undefined = nobody looks at replicas and running Pods. */
  readonly capacity?: Pick<Capacity, 'recommendations'> | undefined;
  readonly isLeader: () => boolean;
  /** What is wrong with the presets that a policy reads by. */
  readonly presetProblem?: ((choice: PresetChoice) => string | undefined) | undefined;
  readonly logger: LearnerLogger;
  readonly now: () => number;
}

/** The watch shows a write within this time; until then what was written counts as standing. */
const WATCH_LAG_MILLISECONDS = 60_000;

/** Reports what became of the policies, once per tick. */
export type PolicyReporter = (groups: readonly Group[]) => Promise<void>;

/**
 * Writes the status of every policy whose status would say something else. What it remembers is
 * only what the watch has not shown yet; a new leader needs none of it.
 */
export function createPolicyReporter(
  port: PolicyStatusPort,
  context: ReportContext,
): PolicyReporter {
  const written = new Map<string, { readonly status: PolicyStatus; readonly at: number }>();
  return async (groups) => {
    const now = context.now();
    const problems = new Map([...port.problems()].map((one) => [keyOf(one), one]));
    const good = new Map([...port.policies()].map((one) => [keyOf(one), one]));
    for (const raw of [...port.all()]) {
      if (!context.isLeader()) return;
      const key = keyOf(raw);
      const held = context.policies.policyFor(raw.namespace);
      const own = !held.builtIn && held.namespace === raw.namespace;
      const spec = good.get(key)?.spec;
      const conditions = policyConditions({
        presetProblem: spec && context.presetProblem?.(choiceOf(spec)),
        problem: problems.get(key),
        policy: good.get(key),
        holding: own ? held.name : undefined,
        name: raw.name,
        namespaces: groups.flatMap((group) => namespaceOf(group, raw, context.models)),
        now,
      });
      const last = written.get(identityOf(raw));
      const lags = last !== undefined && now - last.at < WATCH_LAG_MILLISECONDS;
      const before = lags ? last.status : raw.status;
      const recommendations = recommendedFor(raw, groups, before, context);
      const wishes = { conditions, recommendations };
      const status = nextPolicyStatus(before, wishes, raw.generation, now);
      if (status === undefined) continue;
      try {
        await port.write(raw, status);
        written.set(identityOf(raw), { status, at: now });
      } catch (error) {
        const { namespace, name } = raw;
        context.logger.warn({ namespace, policy: name, err: error }, 'no policy status written');
      }
    }
  };
}

/** One that is deleted and created again is another, which begins without a status. */
function identityOf(raw: RawPolicy): string {
  return `${keyOf(raw)} ${raw.uid}`;
}

/** What is recommended under a policy, in every namespace that it holds in. */
function recommendedFor(
  raw: RawPolicy,
  groups: readonly Group[],
  status: PolicyStatus | undefined,
  { capacity }: ReportContext,
): Recommendation[] {
  if (capacity === undefined) return [];
  const own = groups.filter(({ policy }) => !policy.builtIn && keyOf(policy) === keyOf(raw));
  const before = status?.recommendations ?? [];
  return own.flatMap((group) => capacity.recommendations(group, before));
}

function namespaceOf(group: Group, raw: RawPolicy, models: ModelView): PolicyNamespace[] {
  const { namespace, policy } = group;
  if (policy.builtIn || keyOf(policy) !== keyOf(raw)) return [];
  const shards = [...group.pods.keys()].flatMap((workload) => {
    const shard = models.shard(namespace, policy.name, workload);
    return shard === undefined ? [] : [shard];
  });
  return [{ namespace, observation: models.observation(namespace, policy.name), shards }];
}

function keyOf(policy: { readonly namespace: string; readonly name: string }): string {
  return `${policy.namespace}/${policy.name}`;
}
