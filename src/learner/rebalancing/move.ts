// SPDX-License-Identifier: Apache-2.0
import type { SlimPod } from '#cluster/objects/slim.ts';
import {
  freshShard,
  lastWindow,
  LOOK_MILLISECONDS,
  publish,
  spentIn,
  tryAsk,
  tryCall,
  writeLedger,
  type CapacityEffects,
  type CapacityMemory,
} from '#learner/capacity/context.ts';
import type { Recommendation } from '#learner/capacity/ports.ts';
import type { CapacityRecord } from '#learner/capacity/record.ts';
import { isHeldBack } from '#learner/enforcement/circuit.ts';
import type { Group } from '#learner/tick/groups.ts';
import { recent } from '#learner/capacity/ledger.ts';
import type { WindowReadings } from '#learner/readings/outcome.ts';
import type { Standing } from '#learner/capacity/standing.ts';
import { NO_MOVES, startUpOf, wattsOf, withStartUp } from './cost.ts';
import { moveFields } from './fields.ts';
import { immovable } from './movable.ts';
import { planMoves, type MoveCandidate, type MovePlan } from './plan.ts';

/** Pods looked at in one namespace and look: each costs a read of it. */
const MOST_CANDIDATES = 16;

/** One namespace that is looked at, and what the look may use. */
export interface MoveLook {
  readonly group: Group;
  readonly standings: readonly Standing[];
  readonly memory: CapacityMemory;
  readonly effects: CapacityEffects;
}

/**
 * Looks whether some running Pod of a namespace would be better off elsewhere, and moves at most
 * one. Before that the cost of starting the newest Pods is measured, which is where the cost of a
 * move comes from. The move stands in the shard before the Pod is evicted, with its UID: a leader
 * that dies in between has not moved it, and the next one does not.
 */
export async function rebalance(look: MoveLook): Promise<void> {
  const { group, standings, memory, effects } = look;
  const { namespace, policy } = group;
  const lookKey = `Move ${namespace} ${policy.name}`;
  const now = effects.now();
  if (now - (memory.lookedAt.get(lookKey) ?? -Infinity) < LOOK_MILLISECONDS) return;
  memory.lookedAt.set(lookKey, now);
  for (const standing of standings) await measureStart(group, standing, effects);
  const plans = bestOfEach(planMoves(await candidatesOf(look), policy.spec, now));
  for (const standing of standings) {
    if (plans.some(({ candidate }) => candidate.standing === standing)) continue;
    publish(keyOf(group, standing), undefined, { standing, memory, effects });
  }
  // The best of all that may be done, and no other: what one brings is seen before the next.
  const apply = policy.spec.rebalancing.mode === 'Apply';
  const chosen = apply ? plans.find(({ refusals }) => refusals.length === 0) : undefined;
  for (const plan of plans) {
    const what = plan === chosen ? await move(group, plan, effects) : notDone(plan, apply);
    tell(look, plan, what);
  }
}

/** The best plan of each workload. */
function bestOfEach(plans: readonly MovePlan[]): MovePlan[] {
  const seen = new Set<Standing>();
  return plans.filter(({ candidate: { standing } }) => {
    const first = !seen.has(standing);
    seen.add(standing);
    return first;
  });
}

type Outcome = Pick<CapacityRecord, 'outcome' | 'reason'>;

function notDone({ refusals: [refusal] }: MovePlan, apply: boolean): Outcome {
  if (apply && refusal !== undefined) return { outcome: 'refused', reason: refusal };
  return { outcome: 'recommended', reason: refusal ?? (apply ? 'one-at-a-time' : 'mode') };
}

/** Counts the start of the newest Pods of a workload into the cost of its moves, once. */
async function measureStart(
  group: Group,
  standing: Standing,
  effects: CapacityEffects,
): Promise<void> {
  const { namespace, policy } = group;
  const now = effects.now() - effects.ingestDelaySeconds * 1000;
  const known = effects.models.shard(namespace, policy.name, standing.workload)?.moving;
  const start = startUpOf(standing, known, policy.spec, now);
  if (start === undefined) return;
  const starting = await tryAsk(start.starting, group, effects);
  const steady = await tryAsk(start.steady, group, effects);
  if (starting === undefined || steady === undefined) return;
  const fresh = await freshShard(group, standing, effects);
  if ((fresh.moving?.measuredUntil ?? 0) >= standing.youngestReadyAt) return;
  const context = { standing, spec: policy.spec };
  const moving = withStartUp(fresh.moving, start, { starting, steady }, context);
  await writeLedger({ ...fresh, moving }, effects);
}

/** One Pod for each workload and target that it runs on; the one that was there longest. */
async function candidatesOf(look: MoveLook): Promise<MoveCandidate[]> {
  const { group, effects } = look;
  const readings = await tryAsk(lastWindow(group, effects), group, effects);
  if (readings === undefined) return [];
  const candidates: MoveCandidate[] = [];
  for (const standing of look.standings) {
    if (!mayLookAt(standing, look)) continue;
    for (const [landed, pod] of oldestByTarget(standing)) {
      if (candidates.length >= MOST_CANDIDATES) return candidates;
      const one = await candidateOf(look, { standing, landed, pod }, readings);
      if (one !== undefined) candidates.push(one);
    }
  }
  return candidates;
}

/** Nothing of it is on the move, its circuit is closed, and the webhook met all its Pods. */
function mayLookAt(standing: Standing, { group, effects }: MoveLook): boolean {
  const shard = effects.models.shard(group.namespace, group.policy.name, standing.workload);
  // A Pod that the webhook has not met says that it may not meet the next one either.
  const met = standing.decisions.length === standing.pods.length;
  const { circuitBreaker } = group.policy.spec;
  return standing.settled && met && !isHeldBack(shard?.circuit, circuitBreaker, effects.now());
}

async function candidateOf(
  { group, effects }: MoveLook,
  one: Pick<MoveCandidate, 'standing' | 'landed' | 'pod'>,
  readings: WindowReadings,
): Promise<MoveCandidate | undefined> {
  const { namespace, policy } = group;
  const { standing, pod, landed } = one;
  const raw = await tryCall(
    'a Pod cannot be read',
    () => effects.port.pod(namespace, pod.name),
    effects,
  );
  const preview = raw === undefined ? undefined : effects.port.preview(raw, landed);
  if (raw === undefined || preview === undefined) return undefined;
  return {
    ...one,
    preview,
    watts: wattsOf(pod, readings, policy.spec),
    stored: effects.models.shard(namespace, policy.name, standing.workload)?.moving,
    refusals: immovable(raw) === undefined ? [] : ['not-movable'],
  };
}

function oldestByTarget(standing: Standing): Map<string, SlimPod> {
  const found = new Map<string, SlimPod>();
  const landed = new Map(standing.decisions.map((one) => [one.podUid, one.landed]));
  const oldestFirst = [...standing.pods].sort((a, b) => (a.readyAt ?? 0) - (b.readyAt ?? 0));
  for (const pod of oldestFirst) {
    const target = landed.get(pod.uid);
    if (target !== undefined && !found.has(target)) found.set(target, pod);
  }
  return found;
}

/** Writes the move into the ledger and evicts the Pod. */
async function move(group: Group, plan: MovePlan, effects: CapacityEffects): Promise<Outcome> {
  const { namespace, policy } = group;
  const { rebalancing } = policy.spec;
  const { standing, pod } = plan.candidate;
  const now = effects.now();
  const fresh = await freshShard(group, standing, effects);
  const before = fresh.moving ?? NO_MOVES;
  const { workload } = standing;
  const { changes } = before;
  const spent = spentIn(group, 'moving', { workload, changes }, effects);
  if (spent >= rebalancing.movesPerHour) return { outcome: 'refused', reason: 'budget' };
  // What the watch did not show yet: the former leader may have moved a Pod a moment ago.
  const last = Math.max(0, ...changes);
  if (now - last < rebalancing.cooldownSeconds * 1000) {
    return { outcome: 'refused', reason: 'cooldown' };
  }
  const intent = {
    at: now,
    podUid: pod.uid,
    podName: pod.name,
    from: plan.from,
    to: plan.to,
  };
  const moving = {
    ...before,
    moves: before.moves + 1,
    intent,
    changes: [...keptChanges(changes, now, rebalancing.cooldownSeconds), now],
  };
  if (!(await writeLedger({ ...fresh, moving }, effects))) {
    return { outcome: 'refused', reason: 'changed-meanwhile' };
  }
  try {
    const done = await effects.port.evict({ namespace, name: pod.name, uid: pod.uid });
    if (done.kind === 'evicted') return { outcome: 'applied', reason: 'pays' };
    if (done.kind === 'refused') return { outcome: 'refused', reason: 'disruption-budget' };
    return { outcome: 'refused', reason: 'changed-meanwhile' };
  } catch (error) {
    effects.logger.warn({ namespace, pod: pod.name, err: error }, 'a Pod was not evicted');
    return { outcome: 'failed', reason: 'api-server' };
  }
}

/** Those of the hour, and the last one for as long as it cools. */
function keptChanges(changes: readonly number[], now: number, cooldownSeconds: number): number[] {
  const kept = recent(changes, now);
  const last = changes.at(-1);
  if (kept.length > 0 || last === undefined) return kept;
  return now - last < cooldownSeconds * 1000 ? [last] : [];
}

function tell({ group, memory, effects }: MoveLook, plan: MovePlan, what: Outcome): void {
  const { namespace, policy } = group;
  const { standing, pod } = plan.candidate;
  const { rebalancing } = policy.spec;
  const key = keyOf(group, standing);
  const before = memory.recommendations.get(key);
  const recommendation = recommendationOf(namespace, plan, what);
  const said =
    before?.pod === pod.name && before.to === plan.to && before.message === recommendation.message;
  const worthSaying = plan.verdict.kind === 'does-not-pay' ? undefined : recommendation;
  publish(key, worthSaying, { standing, memory, effects });
  // Looked at once a minute: the same words again would only fill the log.
  if (said && what.outcome !== 'applied') return;
  effects.metrics.decided('move', what.outcome, what.reason);
  effects.onRecord?.({
    kind: 'capacity',
    time: new Date(effects.now()).toISOString(),
    id: `move/${namespace}/${policy.name}/${pod.uid}/${effects.now()}`,
    namespace,
    workload: standing.workload,
    policy: `${policy.name}@${policy.generation}`,
    ...what,
    move: moveFields(plan, {
      horizonSeconds: rebalancing.horizonSeconds,
      factor: rebalancing.factorThousandths / 1000,
    }),
  });
}

const REFUSED: ReadonlySet<string> = new Set(['refused', 'failed']);

function recommendationOf(namespace: string, plan: MovePlan, what: Outcome): Recommendation {
  const { standing, pod } = plan.candidate;
  const applied = what.outcome === 'applied';
  const refused = REFUSED.has(what.outcome);
  const verb = applied ? 'was moved' : 'would be better off';
  const why = refused || what.reason === 'cost-unknown' ? `: ${what.reason}` : '';
  return {
    kind: 'Move',
    namespace,
    workload: standing.workload,
    pod: pod.name,
    from: plan.from,
    to: plan.to,
    outcome: applied ? 'Applied' : refused ? 'Refused' : 'Recommended',
    ...(refused ? { reason: what.reason } : {}),
    message: `Pod ${pod.name} of ${standing.workload} ${verb} from ${plan.from} to ${plan.to}${why}`,
  };
}

function keyOf({ namespace, policy }: Group, { workload }: Standing): string {
  return `Move ${namespace} ${policy.name} ${workload}`;
}
