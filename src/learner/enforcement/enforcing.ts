// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import type { ModelShard, ModelView } from '#cluster/model/model.ts';
import type { StoredEnforcement } from '#cluster/model/enforcement.ts';
import type { ReleaseResult, StuckPod } from '#cluster/actions/release-pod.ts';
import type { OwnerReference, SlimPod } from '#cluster/objects/slim.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import { recentAdherence } from './adherence.ts';
import type { SignedPod } from '#learner/episodes/decisions.ts';
import {
  evictionsThisHour,
  isEnforced,
  isReleased,
  nextEnforcement,
  withEvictions,
  type EnforcementChange,
  type NextEnforcement,
} from './enforcement.ts';
import type { Group } from '#learner/tick/groups.ts';
import type { EventSink, LearnerLogger, LearnerMetrics, ShardStore } from '#learner/tick/ports.ts';
import { emptyShard } from '#learner/tick/shards.ts';

/**
 * A release reaches every replica within two seconds of its being written; a Pod that is evicted
 * before it could get the same rule again.
 */
const PROPAGATION_MILLISECONDS = 3000;

/** Pods evicted at most per namespace and tick: the scheduler gets them all at once. */
const EVICTIONS_PER_TICK = 10;

/** What happened to the required rules of a workload, for the audit log. */
export interface EnforcementRecord {
  readonly kind: 'enforcement';
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string;
  readonly namespace: string;
  readonly workload: WorkloadKey;
  readonly change: EnforcementChange | 'eviction';
  /** One line: why, in figures. */
  readonly detail: string;
  /** Of an eviction: the Pod, its decision and target, and what became of it. */
  readonly pod?: string | undefined;
  readonly decisionId?: string | undefined;
  readonly target?: string | undefined;
  readonly result?: ReleaseResult | undefined;
}

/** Gives a Pod back to the scheduler; `releasePod` of the cluster room is one. */
export type ReleasePort = (pod: StuckPod) => Promise<ReleaseResult>;

/** What enforcing reads and does. */
export interface EnforceContext {
  /** As last written or seen; a release counts by its time, not by who has seen it. */
  readonly models: Pick<ModelView, 'shard'>;
  readonly store: ShardStore;
  /** Undefined = nobody is evicted: rules are released for new Pods only. */
  readonly releasePod?: ReleasePort | undefined;
  readonly isLeader: () => boolean;
  readonly onFenced: () => void;
  readonly onEvent?: EventSink | undefined;
  readonly onEnforcement?: ((record: EnforcementRecord) => void) | undefined;
  readonly metrics: Pick<LearnerMetrics, 'eviction'>;
  readonly logger: LearnerLogger;
  readonly now: () => number;
}

/** A Pod that a required rule of ours has kept Pending for too long. */
interface Stuck {
  readonly pod: SlimPod;
  readonly id: string;
  readonly target: string;
}

/**
 * Looks after the required rules of every workload of a namespace: escalates, ends an escalation,
 * releases. What is to hold for new Pods is written first, and Pods are evicted only in a later
 * tick, when the watch has shown it: the Pod that comes in their place must not get the same rule.
 * The count of evictions is written before the first of them, so that a leader that dies cannot
 * make the next one pass the budget.
 *
 * @param signed all decisions of the namespace, those of a policy that is gone too: their Pods are
 *   stuck just the same
 */
export async function enforce(
  group: Group,
  signed: readonly SignedPod[],
  context: EnforceContext,
): Promise<void> {
  const { namespace, policy } = group;
  const { release } = policy.spec;
  const stuck = stuckPods(signed, release.afterSeconds, context.now());
  const workloads = new Set([...group.pods.keys(), ...stuck.keys()]);
  const begun = [...workloads].reduce((sum, workload) => {
    const shard = context.models.shard(namespace, policy.name, workload);
    return sum + evictionsThisHour(shard?.enforcement, context.now());
  }, 0);
  let left = Math.min(EVICTIONS_PER_TICK, release.evictionsPerHour - begun);
  for (const workload of workloads) {
    const pods = stuck.get(workload) ?? [];
    const at: Place = { group, workload, owner: ownerOf(workload, group, pods) };
    if (await stepped(at, pods.length, context)) continue;
    left -= await evicted(at, pods.slice(0, Math.max(0, left)), context);
  }
}

/** Writes what changes for new Pods; true where something is to change. */
async function stepped(at: Place, stuck: number, context: EnforceContext): Promise<boolean> {
  const { namespace, policy } = at.group;
  const now = context.now();
  const step = (shard: ModelShard | undefined): NextEnforcement =>
    nextEnforcement(shard?.enforcement, {
      spec: policy.spec,
      recent: recentAdherence(shard ?? {}),
      stuck,
      now,
    });
  const known = context.models.shard(namespace, policy.name, at.workload);
  if (step(known).change === undefined) return false;
  const write = await rewrite(at, context, (shard) => {
    const { enforcement, change } = step(shard);
    return change === undefined ? undefined : { enforcement, change };
  });
  if (write?.change !== undefined) tell(at, write.change, write.shard, context);
  return true;
}

/** Evicts these Pods once nothing is required any more; returns how many it counted. */
async function evicted(
  at: Place,
  pods: readonly Stuck[],
  context: EnforceContext,
): Promise<number> {
  const { releasePod } = context;
  if (pods.length === 0 || releasePod === undefined || !isFree(at, context)) return 0;
  const now = context.now();
  const counted = await rewrite(at, context, (shard) => ({
    enforcement: withEvictions(shard.enforcement, pods.length, now),
  }));
  if (counted === undefined) return 0;
  for (const one of pods) await evict(one, at, releasePod, context);
  return pods.length;
}

/** Whether a Pod made now would get no required target, on any replica. */
function isFree({ group, workload }: Place, context: EnforceContext): boolean {
  const { namespace, policy } = group;
  const now = context.now();
  const enforcement = context.models.shard(namespace, policy.name, workload)?.enforcement;
  if (isEnforced(policy.spec, enforcement, now)) return false;
  const since = now - (enforcement?.releasedAt ?? 0);
  return !isReleased(enforcement, now) || since >= PROPAGATION_MILLISECONDS;
}

/** Workloads whose targets are required, and those that cool off after a release. */
export function countEnforced(
  groups: readonly Group[],
  models: ModelView,
  now: number,
): { readonly required: number; readonly released: number } {
  let required = 0;
  let released = 0;
  for (const { namespace, policy, pods } of groups) {
    for (const workload of pods.keys()) {
      const enforcement = models.shard(namespace, policy.name, workload)?.enforcement;
      if (isReleased(enforcement, now)) released += 1;
      else if (isEnforced(policy.spec, enforcement, now)) required += 1;
    }
  }
  return { required, released };
}

interface Place {
  readonly group: Group;
  readonly workload: WorkloadKey;
  /** Who is told; undefined = no Pod of it lives any more. */
  readonly owner: OwnerReference | undefined;
}

/** Stuck Pods by workload, oldest first. */
function stuckPods(
  signed: readonly SignedPod[],
  afterSeconds: number,
  now: number,
): Map<WorkloadKey, Stuck[]> {
  const found = new Map<WorkloadKey, Stuck[]>();
  const waiting = signed
    .filter(({ pod, record }) => {
      const open = pod.nodeName === undefined && pod.deletedAt === undefined;
      const late = now - pod.createdAt > afterSeconds * 1000;
      // Without a controller nobody would make it again; admission requires nothing of such a Pod.
      return record.required === true && open && late && pod.owner !== undefined;
    })
    .sort((a, b) => a.pod.createdAt - b.pod.createdAt);
  for (const { pod, record } of waiting) {
    if (record.action === DEFAULT_ACTION || pod.phase !== 'Pending') continue;
    const list = found.get(record.workload) ?? [];
    list.push({ pod, id: record.id, target: record.action });
    found.set(record.workload, list);
  }
  return found;
}

function ownerOf(
  workload: WorkloadKey,
  group: Group,
  pods: readonly Stuck[],
): OwnerReference | undefined {
  const [first] = pods;
  if (first !== undefined) return first.pod.owner;
  return group.decisions.findLast((one) => one.decision.workload === workload)?.owner;
}

interface Rewrite {
  readonly enforcement: StoredEnforcement | undefined;
  readonly change?: EnforcementChange | undefined;
}

/** Writes what follows from the shard as it stands; undefined = nothing was written. */
async function rewrite(
  { group, workload }: Place,
  context: EnforceContext,
  next: (shard: ModelShard) => Rewrite | undefined,
): Promise<(Rewrite & { readonly shard: ModelShard }) | undefined> {
  const { namespace, policy } = group;
  const where = { namespace, policy: policy.name, workload };
  if (!context.isLeader()) return undefined;
  try {
    const stored = await context.store.readShard(namespace, policy.name, workload);
    const shard = stored ?? emptyShard(namespace, policy.name, workload);
    const wish = next(shard);
    if (wish === undefined || !context.isLeader()) return undefined;
    // A preference that is tried again is judged by what it does from now on.
    const adherence = wish.change === 'de-escalated' ? {} : shard.adherence;
    const { kind } = await context.store.writeShard({
      ...shard,
      version: shard.version + 1,
      enforcement: wish.enforcement,
      ...(adherence === undefined ? {} : { adherence }),
    });
    if (kind === 'fenced') context.onFenced();
    if (kind === 'written') return { ...wish, shard };
    context.logger.info({ ...where, kind }, 'required rules were not written; tried again');
  } catch (error) {
    context.logger.warn({ ...where, err: error }, 'required rules were not written; tried again');
  }
  return undefined;
}

async function evict(
  { pod, id, target }: Stuck,
  at: Place,
  release: ReleasePort,
  context: EnforceContext,
): Promise<void> {
  const { namespace, name, uid, owner } = pod;
  if (!context.isLeader()) return;
  const seconds = Math.round((context.now() - pod.createdAt) / 1000);
  const waited = `Pending for ${seconds} s with the required target ${target}`;
  try {
    const result = await release({ namespace, name, uid, decisionId: id });
    context.metrics.eviction(result);
    context.onEnforcement?.({
      kind: 'enforcement',
      time: new Date(context.now()).toISOString(),
      namespace,
      workload: at.workload,
      change: 'eviction',
      detail: waited,
      pod: name,
      decisionId: id,
      target,
      result,
    });
    if (result === 'evicted' && owner !== undefined) {
      const message = `Pod ${name} was ${waited}; it is made again without the rule`;
      context.onEvent?.({ namespace, owner, reason: 'PlacementReleased', message });
    }
    if (result === 'refused') {
      context.logger.warn({ namespace, pod: name }, 'the API server refused to evict a stuck Pod');
    }
  } catch (error) {
    context.metrics.eviction('failed');
    context.logger.warn({ namespace, pod: name, err: error }, 'a stuck Pod was not evicted');
  }
}

/** Says what changed: to the audit log, and on the owner of the Pods. */
function tell(
  { group, workload, owner }: Place,
  change: EnforcementChange,
  shard: ModelShard,
  context: EnforceContext,
): void {
  const { namespace } = group;
  const detail = detailOf(change, group, shard);
  const time = new Date(context.now()).toISOString();
  context.onEnforcement?.({ kind: 'enforcement', time, namespace, workload, change, detail });
  context.logger.info({ namespace, workload, change }, detail);
  if (owner === undefined) return;
  const reason = EVENT_REASONS[change];
  context.onEvent?.({ namespace, owner, reason, message: `${workload}: ${detail}` });
}

const EVENT_REASONS = {
  escalated: 'PlacementEscalated',
  'de-escalated': 'PlacementDeEscalated',
  released: 'PlacementReleased',
} as const satisfies Record<EnforcementChange, string>;

function detailOf(change: EnforcementChange, { policy }: Group, shard: ModelShard): string {
  const { escalation, release } = policy.spec;
  const { asked, followed } = recentAdherence(shard);
  switch (change) {
    case 'escalated':
      return `${followed.toFixed(0)} of ${asked.toFixed(0)} Pods landed where asked, below ${escalation.adherencePercent} %: the target is required from now on`;
    case 'de-escalated':
      return 'the target is preferred again, no longer required';
    case 'released':
      return `a required target kept Pods Pending for more than ${release.afterSeconds} s: nothing is required for a while`;
  }
}
