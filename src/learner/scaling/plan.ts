// SPDX-License-Identifier: Apache-2.0
import { hyperparametersOf } from '#agent/terms/hyperparameters.ts';
import { createGenerator } from '#agent/terms/random.ts';
import { REPLICAS_BY_ACTION, SCALING_ACTIONS, type ScalingAction } from '#agent/scaling/action.ts';
import {
  chooseScaling,
  scalingArms,
  type ScalingArm,
  type ScalingChoice,
} from '#agent/scaling/choose.ts';
import { headroomOf, wouldHold, type Headroom } from '#agent/scaling/headroom.ts';
import { learnScaling, scalingSettings } from '#agent/scaling/learn.ts';
import { scalingRow, storedRow, type ScalingRow } from '#agent/scaling/row.ts';
import type { StoredScaling } from '#cluster/model/capacity.ts';
import type { PolicySpec } from '#cluster/policy/policy.ts';
import { EMPTY_BASELINE, updateBaseline } from '#reward/baseline.ts';
import { loadBucket } from '#reward/load-bucket.ts';
import { extendReference, judgeScaling, type ScalingOutcome } from '#reward/scaling.ts';
import { rewardSettings } from '#reward/settings.ts';
import { recent } from '#learner/capacity/ledger.ts';
import type { CapacityRefusal } from '#learner/capacity/ports.ts';

/** What was measured of a workload as a whole; see `outcome.ts`. */
export interface ScalingReadings {
  readonly outcome: ScalingOutcome;
  /** Requests per second. */
  readonly rate: number | undefined;
  /** CPU in use against CPU requested; undefined = nothing is requested, or not measured. */
  readonly utilisation: number | undefined;
}

/** Everything that one decision about the number of replicas depends on. */
export interface ScalingInput {
  readonly spec: PolicySpec;
  /** As it stands in the shard; undefined = nothing yet. */
  readonly stored: StoredScaling | undefined;
  /** Wanted replicas, as the `scale` subresource says. */
  readonly replicas: number;
  readonly readings: ScalingReadings;
  /** What keeps the action from being done, though it may be recommended; empty = nothing. */
  readonly refusals: readonly CapacityRefusal[];
  /** Whether all PodDisruptionBudgets would still allow a disruption with so many replicas. */
  readonly mayShrinkTo: (replicas: number) => boolean;
  /** Names the decision; with the policy's seed it seeds the draw. */
  readonly id: (decision: number) => string;
  readonly now: number;
}

/** A decision about the number of replicas. */
export interface ScalingPlan {
  readonly id: string;
  /** To be written before anything is done. */
  readonly next: StoredScaling;
  readonly row: ScalingRow;
  readonly arms: readonly ScalingArm[];
  readonly choice: ScalingChoice;
  readonly seed: string;
  readonly exploreAllowed: boolean;
  /** What is to be done now; undefined = nothing. */
  readonly act: { readonly from: number; readonly to: number } | undefined;
  /** What the best known action would make of it; undefined = hold. */
  readonly recommended: { readonly from: number; readonly to: number } | undefined;
  /** Why nothing is done although something is recommended. */
  readonly refusals: readonly CapacityRefusal[];
  /** Of the interval that ended; undefined = not measured, or nothing was awaited. */
  readonly reward: number | undefined;
}

/** A decision is learned from for so many intervals at most: a longer pause hides what happened. */
const LONGEST_INTERVALS = 3;

/** Weight of the reference from which anything is compared with it. */
const LEAST_REFERENCE = 2;

/** What a workload is that nothing was learned of. */
export const NO_SCALING: StoredScaling = {
  decisions: 0,
  averageReward: 0,
  cells: {},
  reference: {},
  load: EMPTY_BASELINE,
  changedAt: 0,
  changes: [],
};

/** Time between two decisions: never less than warm-up, measurement and the last scrape take. */
export function scalingIntervalSeconds(spec: PolicySpec, ingestDelaySeconds: number): number {
  const { warmUpSeconds, windowSeconds } = spec.measurement;
  return Math.max(spec.scaling.intervalSeconds, warmUpSeconds + windowSeconds + ingestDelaySeconds);
}

/**
 * Takes one decision: closes the ledger of the last one, learns from the interval that ended, and
 * chooses. Pure; the same input gives the same plan, and `id` is the same for a decision that was
 * taken and not written.
 */
export function planScaling(input: ScalingInput): ScalingPlan {
  const { spec, readings, replicas, now } = input;
  const before = input.stored ?? NO_SCALING;
  const seen = closeLedger(before, replicas, now);
  const { reference } = seen;
  const load = loadBucket(readings.rate, before.load);
  const headroom = headroomIn(readings, spec);
  const row = scalingRow({ load, headroom, replicas });
  const actions = feasible(input, row);
  const h = hyperparametersOf(spec.learning);
  const settings = scalingSettings(h, spec.scaling.gammaThousandths / 1000, before.decisions);
  const lesson = learned(input, seen, { row, actions, settings });
  const cells = lesson.table;
  const arms = scalingArms(cells, row, actions);
  const number = before.decisions + 1;
  const id = input.id(number);
  const seed = `${spec.learning.seed}/${id}`;
  const refusals = refusalsOf(input, seen);
  const exploreAllowed =
    spec.scaling.mode === 'Apply' &&
    refusals.length === 0 &&
    (headroom === 'fair' || headroom === 'ample');
  const choice = chooseScaling(arms, {
    epsilon: settings.epsilon,
    exploreAllowed,
    generator: createGenerator(seed),
  });
  const stepOf = (action: ScalingAction) =>
    action === 'hold' ? undefined : { from: replicas, to: replicas + REPLICAS_BY_ACTION[action] };
  const act =
    spec.scaling.mode === 'Apply' && refusals.length === 0 ? stepOf(choice.action) : undefined;
  return {
    id,
    row,
    arms,
    choice,
    seed,
    exploreAllowed,
    act,
    recommended: stepOf(choice.best),
    refusals,
    reward: lesson.reward,
    next: {
      decisions: number,
      averageReward: lesson.averageReward,
      cells,
      reference: extendReference(reference, readings.outcome),
      load: updateBaseline(before.load, readings.rate),
      last: { at: now, state: row.state, headroom, replicas },
      changedAt: seen.changedAt,
      ...(act === undefined ? {} : { intent: { at: now, ...act } }),
      changes: act === undefined ? seen.changes : [...seen.changes, now],
    },
  };
}

/** Headroom by the objectives that the policy has, and by the use of what is requested. */
function headroomIn({ outcome, utilisation }: ScalingReadings, { reward }: PolicySpec): Headroom {
  const share = (value: number | undefined, limit: number | undefined): number | undefined =>
    value === undefined || limit === undefined ? undefined : value / limit;
  const { sloP99Milliseconds, sloErrorThousandths: errors } = reward;
  return headroomOf({
    p99: share(outcome.p99Milliseconds, sloP99Milliseconds),
    errors: share(
      outcome.errorRatio,
      errors === undefined ? undefined : Math.max(1, errors) / 1000,
    ),
    utilisation,
  });
}

/**
 * Takes in what became of the replicas since the last decision. A change that stands in the ledger
 * counts from when it was written, whether it is seen now or not: it is never done again. Any other
 * change is somebody else's, and counts from now.
 */
function closeLedger(before: StoredScaling, replicas: number, now: number): StoredScaling {
  const { intent, last, ...rest } = before;
  const expected = intent?.to ?? last?.replicas;
  const changes = recent(before.changes, now);
  const ours = intent === undefined ? before.changedAt : Math.max(before.changedAt, intent.at);
  // The number before a change that never came through is nobody's change either.
  const others =
    expected !== undefined && replicas !== expected && replicas !== (intent?.from ?? expected);
  return {
    ...rest,
    ...(last === undefined ? {} : { last }),
    changes,
    changedAt: others ? now : ours,
  };
}

/** Actions within the bounds and the headroom; holding always is one. */
function feasible({ spec, replicas, readings, mayShrinkTo }: ScalingInput, row: ScalingRow) {
  const { minReplicas, maxReplicas } = spec.scaling;
  return SCALING_ACTIONS.filter((action): boolean => {
    if (action === 'hold') return true;
    if (row.headroom === 'unknown') return false;
    if (action === 'up') return replicas + 1 <= maxReplicas;
    if (row.headroom === 'missed' || row.headroom === 'tight') return false;
    return (
      replicas - 1 >= minReplicas &&
      wouldHold(readings.utilisation, replicas) &&
      mayShrinkTo(replicas - 1)
    );
  });
}

interface Learned {
  readonly table: StoredScaling['cells'];
  readonly averageReward: number;
  readonly reward: number | undefined;
}

interface Standing {
  readonly row: ScalingRow;
  readonly actions: readonly ScalingAction[];
  readonly settings: ReturnType<typeof scalingSettings>;
}

/**
 * What the interval taught. The action that counts is what became of the replicas, not what was
 * asked for: a change that failed was a `hold`, and a change by somebody else teaches as well. A
 * jump of several replicas is none of the three actions and teaches nothing.
 */
function learned(
  { spec, readings, replicas, now, stored }: ScalingInput,
  { last, cells, reference, averageReward }: StoredScaling,
  { row, actions, settings }: Standing,
): Learned {
  const none = { table: cells, averageReward, reward: undefined };
  const maximumAge = LONGEST_INTERVALS * spec.scaling.intervalSeconds * 1000;
  if (last === undefined || now - last.at > maximumAge) return none;
  const step = replicas - last.replicas;
  const action = SCALING_ACTIONS.find((one) => REPLICAS_BY_ACTION[one] === step);
  if (action === undefined) return none;
  // Somebody's change may lie anywhere in the interval, and with it in the measured window.
  const changedByOthers = step !== 0 && stored?.intent?.to !== replicas;
  if (changedByOthers && spec.scaling.mode === 'Apply') return none;
  const judged = judgeScaling(readings.outcome, reference, rewardSettings(spec.reward), {
    steps: step,
    cost: spec.scaling.changeCostThousandths / 1000,
  });
  if (judged.kind === 'censored') return none;
  const lesson = learnScaling(
    cells,
    {
      row: storedRow(last),
      action,
      reward: judged.reward,
      next: row,
      actions,
      averageReward,
    },
    settings,
  );
  return { ...lesson, reward: judged.reward };
}

/** Everything that stands against acting now; the first is what people are told. */
function refusalsOf(input: ScalingInput, seen: StoredScaling): CapacityRefusal[] {
  const { spec, now } = input;
  const refusals = [...input.refusals];
  const cooling = now - seen.changedAt < spec.scaling.cooldownSeconds * 1000;
  if (seen.changedAt > 0 && cooling) refusals.push('cooldown');
  const least = Math.min(...Object.values(seen.reference).map((one) => one.weight), Infinity);
  if (!Number.isFinite(least) || least < LEAST_REFERENCE) refusals.push('not-measured-yet');
  return refusals;
}
