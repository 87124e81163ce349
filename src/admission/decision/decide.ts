// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import { isActedUpon } from '#agent/choosing/canary.ts';
import { choose, type Choice } from '#agent/choosing/choose.ts';
import { holdoutShare, type HoldoutShare } from '#agent/choosing/holdout.ts';
import { hyperparametersOf, parameterOf } from '#agent/terms/hyperparameters.ts';
import { createGenerator } from '#agent/terms/random.ts';
import type { DrawEntry } from '#audit/entry.ts';
import type { Mark } from '#cluster/decision/annotations.ts';
import type { DecisionRecord } from '#cluster/decision/decision.ts';
import type { ModelShard, ModelView } from '#cluster/model/model.ts';
import type { Observation } from '#cluster/model/observation.ts';
import { holdoutSharesOf } from '#cluster/policy/holdout.ts';
import type { PlacementPolicy, PolicySpec } from '#cluster/policy/policy.ts';
import type { ClusterView } from '#cluster/mirror/view.ts';
import { workloadKey, type WorkloadKey } from '#cluster/objects/workload.ts';
import type { ExplorationBudget } from '#admission/remembered/budget.ts';
import { domainsOf } from '#admission/scheduler/domains.ts';
import { expectedUse, type TargetUse } from '#admission/targets/expected-use.ts';
import { freshObservation, verdictsOf, type Verdict } from '#admission/targets/feasibility.ts';
import { withHeadroom } from '#admission/targets/headroom.ts';
import type { IncomingPod } from '#admission/pod/incoming-pod.ts';
import type { InFlight } from '#admission/remembered/in-flight.ts';
import type { TargetLabel } from '#admission/patch/merge.ts';
import { nodeChecksFor } from '#admission/scheduler/node-checks.ts';
import { workloadOf } from '#admission/pod/owner.ts';
import type { Placements } from '#admission/remembered/placements.ts';
import type { SeenTargets, TargetsSeen } from '#admission/targets/seen-targets.ts';
import type { TargetTotals } from '#admission/targets/target-totals.ts';
import { TARGET_LIMIT, type NodesByTarget, type TargetOrder } from '#admission/targets/targets.ts';
import { tierOf } from '#admission/pod/tier.ts';
import { circuitBlocks, type Trials } from '#admission/remembered/trials.ts';
import { isRequired } from './enforced.ts';
import { stateOf } from './state-of.ts';

/** What this replica remembers between decisions; reading it for a decision changes nothing. */
export interface DecisionMemory {
  readonly inFlight: InFlight;
  readonly budget: ExplorationBudget;
  readonly totals: TargetTotals;
  readonly seen: SeenTargets;
  readonly placements: Placements;
  readonly order: TargetOrder;
  readonly trials: Trials;
}

/** Everything that one decision depends on. */
export interface DecideInput {
  readonly pod: IncomingPod;
  readonly policy: PlacementPolicy;
  readonly view: ClusterView;
  readonly models: ModelView;
  readonly memory: DecisionMemory;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly newId: () => string;
  /** Asked now and then; throws when the time is up. */
  readonly checkpoint: () => void;
}

/** A decision and everything needed to explain it. */
export interface Decision {
  readonly record: DecisionRecord;
  /** The label to prefer or to require; undefined = inject nothing. */
  readonly target: TargetLabel | undefined;
  /** False = outside the canary: taken and judged, and nothing is injected. */
  readonly acted: boolean;
  readonly choice: Choice;
  readonly verdicts: readonly Verdict[];
  /** Seed of the generator, which together with the audit line replays the choice. */
  readonly seed: string;
  /** What else the choice depended on. */
  readonly draw: DrawEntry;
}

/**
 * The whole decision as one synchronous function: no I/O, no waiting, and no trace in the memory,
 * so that a dry run can take it too. What follows from it is `commit`'s.
 */
export function decide(input: DecideInput): Decision {
  const { pod, policy, view, models, memory, now } = input;
  const { spec } = policy;
  const workload = workloadKey(workloadOf(pod, view));
  const tier = tierOf(pod.labels, spec.tiers);
  const observation = freshObservation(
    models.observation(pod.namespace, policy.name),
    spec.measurement.staleAfterSeconds,
    now,
  );
  const seen = memory.seen.of(observation);
  const nodesByTarget = view.nodesByLabel(spec.topologyKey);
  const possible = verdictsOf({
    candidates: candidatesOf(input, nodesByTarget, workload),
    nodesByTarget,
    view,
    checks: nodeChecksFor(
      pod,
      view,
      domainsOf(pod, view, memory.inFlight.near(pod.requiredAntiAffinity, now), input.checkpoint),
    ),
    requests: pod.requests,
    pendingLoad: memory.inFlight.loads(spec.topologyKey, now),
    seen,
    checkpoint: input.checkpoint,
  });
  input.checkpoint();
  const among = feasibleAmong(possible);
  const uses = observation && usesBy(input, { workload, observation, seen, among });
  const { maximumCpuPercent } = spec.exploration;
  const { totals } = memory;
  const verdicts = withHeadroom(possible, {
    ...{ workload, observation, seen, uses, totals, nodesByTarget, view, maximumCpuPercent, now },
  });
  const feasibleTargets = verdicts === possible ? among : feasibleAmong(verdicts);
  const state = stateOf({
    namespace: pod.namespace,
    workload,
    topologyKey: spec.topologyKey,
    targetCount: countKnown(verdicts),
    feasible: feasibleTargets,
    nodesByTarget,
    view,
    observation,
    uses,
    inFlight: memory.inFlight,
    totals: memory.totals,
    placements: memory.placements,
    now,
  });
  const shard = models.shard(pod.namespace, policy.name, workload);
  const prior = models.shard(pod.namespace, policy.name, `Tier/${tier}`);
  const id = input.newId();
  const seed = `${String(spec.learning.seed)}/${id}`;
  const hyperparameters = hyperparametersOf(spec.learning);
  const share = shareOf(spec, observation, workload);
  const chances = {
    defaultSamples: shard?.defaultSamples ?? 0,
    holdoutRatio: share.ratio,
    exploreAllowed: memory.budget.allows(pod.namespace, spec.exploration.budgetPerHour, now),
    circuitOpen: isBlocked(input, workload, shard),
  };
  const choice = choose({
    state,
    actions: [DEFAULT_ACTION, ...feasibleTargets],
    table: shard?.cells,
    prior: prior?.cells,
    hyperparameters,
    episodes: shard?.episodes ?? 0,
    ...chances,
    inFlight: memory.inFlight.siblings(
      { namespace: pod.namespace, workload, topologyKey: spec.topologyKey },
      now,
    ),
    generator: createGenerator(seed),
  });
  const canaryRatio = spec.canaryPercent / 100;
  const acted = isActedUpon(seed, canaryRatio);
  const target = targetOf(choice, spec.topologyKey);
  const marks = marksOf(input, { shard, choice, acted, rested: share.rested });
  const record = decisionRecordOf({ id, now, workload, tier, state, choice, policy, shard, marks });
  const draw = {
    ...chances,
    algorithm: hyperparameters.algorithm,
    parameter: parameterOf(hyperparameters),
    burnInDecisions: hyperparameters.burnInDecisions,
    ...(canaryRatio < 1 ? { canaryRatio } : {}),
  };
  return { record, target, acted, choice, verdicts, seed, draw };
}

/** The share that is held out; an observation that is stale lets nothing rest. */
function shareOf(
  spec: PolicySpec,
  observation: Observation | undefined,
  workload: WorkloadKey,
): HoldoutShare {
  const rests = observation?.workloads[workload]?.holdoutRests === true;
  return holdoutShare(holdoutSharesOf(spec), rests);
}

function targetOf({ action }: Choice, topologyKey: string): TargetLabel | undefined {
  return action === DEFAULT_ACTION ? undefined : { topologyKey, value: action };
}

/** What is special about a decision. */
function marksOf(
  { policy: { spec }, pod, now }: DecideInput,
  taken: {
    readonly shard: ModelShard | undefined;
    readonly choice: Choice;
    readonly acted: boolean;
    readonly rested: boolean;
  },
): Readonly<Record<Mark, boolean>> {
  const { shard, choice, acted, rested } = taken;
  const shadow = spec.mode === 'Shadow' || !acted;
  const sent = choice.action !== DEFAULT_ACTION && !shadow;
  const required = sent && isRequired(spec, shard?.enforcement, pod.owner, now);
  // Outside the canary nothing is done, so it costs nothing of the budget either.
  const explored = choice.reason === 'explore' && (acted || spec.mode === 'Shadow');
  return { shadow, required, rested, explored };
}

/** Mode Shadow injects nothing, so there is nothing for a breaker to prevent. */
function isBlocked(
  { policy: { spec }, pod, memory, now }: DecideInput,
  workload: string,
  shard: ModelShard | undefined,
): boolean {
  if (spec.mode === 'Shadow') return false;
  return circuitBlocks(shard?.circuit, spec.circuitBreaker, now, (from) =>
    memory.trials.since(pod.namespace, workload, from, now),
  );
}

function feasibleAmong(verdicts: readonly Verdict[]): string[] {
  const targets: string[] = [];
  for (const { target, feasible } of verdicts) if (feasible) targets.push(target);
  return targets;
}

/** What measured workloads will use by target, of those given; undefined = none is measured. */
function usesBy(
  { pod, policy, view, memory, now }: DecideInput,
  asked: {
    readonly workload: WorkloadKey;
    readonly observation: Observation;
    readonly seen: TargetsSeen | undefined;
    readonly among: readonly string[];
  },
): ReadonlyMap<string, TargetUse> | undefined {
  return expectedUse({
    namespace: pod.namespace,
    ...asked,
    ownerUid: pod.owner?.uid ?? '',
    topologyKey: policy.spec.topologyKey,
    placements: memory.placements,
    inFlight: memory.inFlight,
    view,
    now,
  });
}

/** The policy's own list as it stands, else every value of the topology key. */
function candidatesOf(
  input: DecideInput,
  nodesByTarget: NodesByTarget,
  workload: string,
): Iterable<string> {
  const { targets } = input.policy.spec;
  if (targets.length > 0) return new Set(targets);
  return input.memory.order.of(nodesByTarget, `${input.pod.namespace}/${workload}`);
}

/**
 * How many targets exist, which decides which features a state has. The verdicts hold every one: they
 * end early only after as many feasible targets.
 */
function countKnown(verdicts: readonly Verdict[]): number {
  let known = 0;
  for (const verdict of verdicts) {
    if (verdict.feasible || verdict.reason !== 'no-such-target') known += 1;
    if (known >= TARGET_LIMIT) break;
  }
  return known;
}

interface RecordParts {
  readonly id: string;
  readonly now: number;
  readonly workload: string;
  readonly tier: string;
  readonly state: string;
  readonly choice: Choice;
  readonly policy: PlacementPolicy;
  readonly shard: ModelShard | undefined;
  readonly marks: Readonly<Record<Mark, boolean>>;
}

function decisionRecordOf(parts: RecordParts): DecisionRecord {
  const { choice, policy, marks } = parts;
  return {
    id: parts.id,
    decidedAt: parts.now,
    workload: parts.workload,
    tier: parts.tier,
    state: parts.state,
    action: choice.action,
    propensity: choice.propensity,
    holdout: choice.reason === 'holdout',
    policy: `${policy.name}@${String(policy.generation)}`,
    modelVersion: parts.shard?.version ?? 0,
    ...(marks.shadow ? { shadow: true as const } : {}),
    ...(marks.required ? { required: true as const } : {}),
    ...(marks.rested ? { rested: true as const } : {}),
    ...(marks.explored ? { explored: true as const } : {}),
  };
}
