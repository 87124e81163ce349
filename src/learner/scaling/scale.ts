// SPDX-License-Identifier: Apache-2.0
import { exhaustedBy, type DisruptionBudget } from '#cluster/actions/disruption-budgets.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { Scale, ScaleTarget } from '#cluster/actions/scale.ts';
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
  type NamespaceFacts,
} from '#learner/capacity/context.ts';
import type { CapacityRefusal, Recommendation } from '#learner/capacity/ports.ts';
import type { CapacityRecord } from '#learner/capacity/record.ts';
import { isHeldBack } from '#learner/enforcement/circuit.ts';
import type { Group } from '#learner/tick/groups.ts';
import type { Standing } from '#learner/capacity/standing.ts';
import { scalingFields } from './fields.ts';
import { workloadReadings } from './outcome.ts';
import {
  planScaling,
  scalingIntervalSeconds,
  type ScalingPlan,
  type ScalingReadings,
} from './plan.ts';

/** One workload that is looked at, and what the look may use. */
export interface ScalingLook {
  readonly group: Group;
  readonly standing: Standing;
  readonly facts: NamespaceFacts;
  readonly memory: CapacityMemory;
  readonly effects: CapacityEffects;
}

/**
 * Decides about the replicas of one workload, if it is time to, and does what was decided. Nothing
 * is decided while a rollout is under way, the circuit is open or telemetry has no answer. The
 * decision stands in the shard, in a write under the leader's lock, before the number of replicas
 * is changed, and that again only in the version that was read: a leader that dies in between has
 * not done it, and the next one does not do it.
 */
export async function scaleWorkload(look: ScalingLook): Promise<void> {
  const { standing, memory, effects, group } = look;
  const { target } = standing;
  if (target === undefined || !isTime(look)) return;
  const key = keyOf(look);
  memory.lookedAt.set(key, effects.now());
  const readings = isCalm(look) ? await measure(look) : undefined;
  if (readings === undefined) {
    publish(key, undefined, look);
    return;
  }
  const scale = await tryCall(
    'the scale of a workload cannot be read',
    () => effects.port.readScale(target),
    effects,
  );
  const replicas = standing.pods.length;
  if (scale !== undefined && !isComplete(scale, replicas)) return;
  const fresh = await freshShard(group, standing, effects);
  if (!isDue(look, fresh)) return;
  const plan = await decide(look, fresh, { scale, replicas, readings });
  if (!(await writeLedger({ ...fresh, scaling: plan.next }, effects))) return;
  const done = await act(plan, target, scale, effects);
  const what = outcomeOf(plan, done, group.policy.spec.scaling.mode);
  tell(look, plan, replicas, what);
}

/** Its controller wants exactly the Pods that are there, and has counted them. */
function isComplete({ replicas, observedReplicas }: Scale, pods: number): boolean {
  return replicas === pods && observedReplicas === pods;
}

/** Every number that a decision starts from. */
interface Found {
  readonly scale: Scale | undefined;
  readonly replicas: number;
  readonly readings: ScalingReadings;
}

function keyOf({ group, standing }: ScalingLook): string {
  return `Scale ${group.namespace} ${group.policy.name} ${standing.workload}`;
}

function isTime(look: ScalingLook): boolean {
  const { group, standing, memory, effects } = look;
  const shard = effects.models.shard(group.namespace, group.policy.name, standing.workload);
  const looked = memory.lookedAt.get(keyOf(look)) ?? -Infinity;
  return isDue(look, shard) && effects.now() - looked >= LOOK_MILLISECONDS;
}

function isDue({ group, effects }: ScalingLook, shard: ModelShard | undefined): boolean {
  const last = shard?.scaling?.last?.at ?? -Infinity;
  const interval = scalingIntervalSeconds(group.policy.spec, effects.ingestDelaySeconds);
  return effects.now() - last >= 1000 * interval;
}

/** Nothing is on the move, every Pod is warm in the whole window, and the circuit is closed. */
function isCalm({ group, standing, effects }: ScalingLook): boolean {
  const { namespace, policy } = group;
  const shard = effects.models.shard(namespace, policy.name, standing.workload);
  const warm = standing.youngestReadyAt + policy.spec.measurement.warmUpSeconds * 1000;
  return (
    standing.settled &&
    standing.decisions.length === standing.pods.length &&
    warm <= lastWindow(group, effects).from &&
    !isHeldBack(shard?.circuit, policy.spec.circuitBreaker, effects.now())
  );
}

async function measure({
  group,
  standing,
  effects,
}: ScalingLook): Promise<ScalingReadings | undefined> {
  const asked = await tryAsk(lastWindow(group, effects), group, effects);
  if (asked === undefined) return undefined;
  const requestedCores = (standing.pods[0]?.requests.cpuMillicores ?? 0) / 1000;
  const nodes = new Map([...group.targets.values()].flat().map((node) => [node.name, node]));
  const context = { nodes, requestedCores };
  const read = workloadReadings(standing.decisions, asked, group.policy.spec, context);
  return read.kind === 'measured' ? read.readings : undefined;
}

async function decide(look: ScalingLook, fresh: ModelShard, found: Found): Promise<ScalingPlan> {
  const { group, standing, facts, effects } = look;
  const { namespace, policy } = group;
  const { workload } = standing;
  const budgets = await facts.budgets();
  const changes = fresh.scaling?.changes ?? [];
  const spent = spentIn(group, 'scaling', { workload, changes }, effects);
  const refusals: CapacityRefusal[] = await ownership(workload, facts);
  if (found.scale === undefined) refusals.push('scale-unknown');
  if (budgets === undefined) refusals.push('budgets-unknown');
  if (spent >= policy.spec.scaling.changesPerHour) refusals.push('budget');
  return planScaling({
    spec: policy.spec,
    stored: fresh.scaling,
    replicas: found.replicas,
    readings: found.readings,
    refusals,
    mayShrinkTo: (wanted) => mayShrinkTo(wanted, standing, budgets),
    id: (decision) => `scaling/${namespace}/${policy.name}/${workload}/${decision}`,
    now: effects.now(),
  });
}

function tell(look: ScalingLook, plan: ScalingPlan, replicas: number, what: Outcome): void {
  const { group, standing, effects } = look;
  const { namespace, policy } = group;
  const { workload } = standing;
  effects.metrics.decided('scale', what.outcome, what.reason);
  effects.onRecord?.({
    kind: 'capacity',
    time: new Date(effects.now()).toISOString(),
    id: plan.id,
    namespace,
    workload,
    policy: `${policy.name}@${policy.generation}`,
    ...what,
    scaling: scalingFields(plan, replicas),
  });
  publish(keyOf(look), recommendationOf(plan, what, { namespace, workload }), look);
}

async function ownership(workload: string, facts: NamespaceFacts): Promise<CapacityRefusal[]> {
  const autoscalers = await facts.autoscalers();
  if (autoscalers.kind === 'unknown') return ['owner-unknown'];
  return autoscalers.owners.has(workload) ? ['owned'] : [];
}

/** What is not known protects: then nothing is taken away, and only recommended. */
function mayShrinkTo(
  replicas: number,
  { pods }: Standing,
  budgets: readonly DisruptionBudget[] | undefined,
): boolean {
  const labels = pods[0]?.labels;
  if (budgets === undefined || labels === undefined) return true;
  return exhaustedBy(budgets, labels, replicas) === undefined;
}

/** Changes the number of replicas; undefined = there was nothing to do. */
async function act(
  { act: step }: ScalingPlan,
  target: ScaleTarget,
  scale: Scale | undefined,
  effects: CapacityEffects,
): Promise<'applied' | 'changed-meanwhile' | 'failed' | undefined> {
  if (step === undefined || scale === undefined) return undefined;
  try {
    const done = await effects.port.writeScale(target, scale, step.to);
    return done ? 'applied' : 'changed-meanwhile';
  } catch (error) {
    effects.logger.warn({ ...target, ...step, err: error }, 'replicas were not changed');
    return 'failed';
  }
}

type Outcome = Pick<CapacityRecord, 'outcome' | 'reason'>;

function outcomeOf(
  plan: ScalingPlan,
  done: 'applied' | 'changed-meanwhile' | 'failed' | undefined,
  mode: 'Off' | 'Recommend' | 'Apply',
): Outcome {
  if (done === 'applied') return { outcome: 'applied', reason: plan.choice.reason };
  if (done === 'failed') return { outcome: 'failed', reason: 'api-server' };
  if (done === 'changed-meanwhile') return { outcome: 'refused', reason: done };
  if (plan.recommended === undefined) return { outcome: 'held', reason: plan.choice.reason };
  if (mode === 'Recommend') return { outcome: 'recommended', reason: 'mode' };
  const [refusal] = plan.refusals;
  // Exploring, it held on purpose.
  if (refusal === undefined) return { outcome: 'held', reason: plan.choice.reason };
  return { outcome: 'refused', reason: refusal };
}

const SHOWN = {
  applied: 'Applied',
  recommended: 'Recommended',
  refused: 'Refused',
  failed: 'Refused',
} as const;

function recommendationOf(
  plan: ScalingPlan,
  { outcome, reason }: Outcome,
  where: { readonly namespace: string; readonly workload: string },
): Recommendation | undefined {
  const step = outcome === 'applied' ? plan.act : plan.recommended;
  if (step === undefined || outcome === 'held') return undefined;
  const { workload } = where;
  const what =
    outcome === 'applied'
      ? `${workload} was scaled from ${step.from} to ${step.to} replicas`
      : `${workload} would do with ${step.to} replicas instead of ${step.from}`;
  const refused = SHOWN[outcome] === 'Refused';
  return {
    kind: 'Scale',
    ...where,
    from: String(step.from),
    to: String(step.to),
    outcome: SHOWN[outcome],
    ...(refused ? { reason } : {}),
    message: `${what} (${plan.row.state})${refused ? `: ${reason}` : ''}`,
  };
}
