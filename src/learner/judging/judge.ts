// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION, type Action } from '#agent/terms/action.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { PolicySpec } from '#cluster/policy/policy.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import { baselineMean, type Baselines } from '#reward/baseline.ts';
import { loadBucket, type LoadBucket } from '#reward/load-bucket.ts';
import type { Rewarded } from '#reward/reward.ts';
import { rewardSettings } from '#reward/settings.ts';
import { applicationAdvantage, type ApplicationPod } from './application-advantage.ts';
import { appraise, extendBaselines, outcomeOf, type Appraisal } from './appraisal.ts';
import type { PendingDecision } from '#learner/episodes/decisions.ts';
import { leftBefore } from '#learner/episodes/episodes.ts';
import {
  podReadings,
  problemOf,
  type PodReadings,
  type WindowReadings,
} from '#learner/readings/outcome.ts';
import type { CensorReason } from './censor-reason.ts';
import { blend, siblingAdvantages, type SiblingAdvantage } from './siblings.ts';
import type { Verdict } from './verdict.ts';
import { requestRate } from '#learner/readings/workload-load.ts';

/** Baselines of all load buckets together: what a bucket without own samples falls back on. */
export const POOLED = 'all';

/** A workload in one window: its load, and the default scheduler's baselines around it. */
interface WorkloadInWindow {
  /** Requests per second, all its Pods together; undefined = unknown. */
  readonly rate: number | undefined;
  /** Against its own history; undefined = the history is too short. */
  readonly bucket: LoadBucket | undefined;
  /** Baselines before this window, and with this window's own default Pods in it. */
  readonly before: ModelShard['baselines'];
  readonly after: ModelShard['baselines'];
  /** Default Pods that went into `after`. */
  readonly samples: number;
  /** By landed target, against this window's default Pods. */
  readonly siblings: ReadonlyMap<Action, SiblingAdvantage>;
}

/** A verdict with its reward. */
export interface Judgement extends Verdict {
  readonly rewarded: Rewarded | undefined;
  /** Own advantage and the application's, mixed; undefined = censored. */
  readonly advantage: number | undefined;
}

/** What an episode was worth, before anything is learned from it. */
export interface EpisodeJudgement {
  /** In the order of the episode. */
  readonly judgements: readonly Judgement[];
  readonly workloads: ReadonlyMap<WorkloadKey, WorkloadInWindow>;
  /** Advantage of the application as a whole; undefined = it could not be judged. */
  readonly application: number | undefined;
}

/** What judging needs to know beside the verdicts. */
export interface JudgeContext {
  readonly spec: PolicySpec;
  readonly shards: ReadonlyMap<WorkloadKey, ModelShard>;
  /** Every decision of the (namespace, policy), those of earlier rollouts too. */
  readonly standing: readonly PendingDecision[];
  /** False for a decision whose shard holds it already: it must not count again. */
  readonly isOpen: (decision: PendingDecision) => boolean;
}

/**
 * Turns the verdicts of one episode into advantages over the default scheduler.
 *
 * Who is compared with what: a Pod that was sent somewhere is compared with the baseline that
 * already holds this window's default Pods, and with those Pods themselves (`siblings.ts`). A
 * default Pod is compared with the baseline as it was before the window: compared with itself it
 * would always look average. An advantage that misses an objective stays as it is; siblings that
 * miss it too do not make it better.
 */
export function judgeEpisode(
  verdicts: readonly Verdict[],
  readings: WindowReadings | undefined,
  context: JudgeContext,
): EpisodeJudgement {
  if (readings === undefined) {
    const judgements = verdicts.map((verdict) => unjudged(verdict, verdict.problem));
    return { judgements, workloads: new Map(), application: undefined };
  }
  const workloads = workloadsInWindow(verdicts, readings, context);
  const application = advantageOfAll(readings, workloads, context);
  const share = context.spec.learning.applicationShareThousandths / 1000;
  const judgements = verdicts.map((verdict): Judgement => {
    const workload = workloads.get(verdict.decision.decision.workload);
    if (workload === undefined || verdict.readings === undefined || verdict.problem !== undefined) {
      return unjudged(verdict, verdict.problem);
    }
    const isDefault = verdict.asked === DEFAULT_ACTION;
    const baselines = isDefault ? workload.before : workload.after;
    const appraisal = appraiseUnder(verdict.readings, baselines, workload.bucket, context);
    if (appraisal.kind === 'censored') {
      // The first default Pods have nothing to be compared with: they begin the baseline.
      const begins = isDefault && appraisal.reason === 'no-baseline';
      return unjudged(verdict, begins ? undefined : appraisal.reason);
    }
    const siblings = isDefault
      ? undefined
      : workload.siblings.get(verdict.decision.landed ?? DEFAULT_ACTION);
    const own = appraisal.sloBreached ? appraisal.advantage : blend(appraisal.advantage, siblings);
    const advantage = application === undefined ? own : (1 - share) * own + share * application;
    return { ...verdict, rewarded: appraisal, advantage };
  });
  return { judgements, workloads, application };
}

function unjudged(verdict: Verdict, problem: CensorReason | undefined): Judgement {
  return { ...verdict, problem, rewarded: undefined, advantage: undefined };
}

/** Under the bucket's own baselines, else under those of all buckets together. */
function appraiseUnder(
  readings: PodReadings,
  baselines: ModelShard['baselines'],
  bucket: LoadBucket | undefined,
  { spec }: JudgeContext,
): Appraisal {
  if (bucket !== undefined) {
    const appraisal = appraise(readings, own(baselines, bucket), spec);
    if (appraisal.kind === 'rewarded' || appraisal.reason !== 'no-baseline') return appraisal;
  }
  return appraise(readings, own(baselines, POOLED), spec);
}

function own(baselines: ModelShard['baselines'], bucket: string): Baselines | undefined {
  return Object.hasOwn(baselines, bucket) ? baselines[bucket] : undefined;
}

function workloadsInWindow(
  verdicts: readonly Verdict[],
  readings: WindowReadings,
  context: JudgeContext,
): Map<WorkloadKey, WorkloadInWindow> {
  const pods = new Map<WorkloadKey, string[]>();
  for (const one of context.standing) {
    const { workload } = one.decision;
    const names = pods.get(workload) ?? [];
    names.push(`${one.namespace}/${one.podName}`);
    pods.set(workload, names);
  }
  const found = new Map<WorkloadKey, WorkloadInWindow>();
  for (const [workload, names] of pods) {
    const shard = context.shards.get(workload);
    const rate = requestRate(names, readings.latency);
    const bucket = loadBucket(rate, shard?.load);
    const members = verdicts.filter((one) => one.decision.decision.workload === workload);
    const samples = members.filter((one) => isSample(one) && context.isOpen(one.decision));
    const before = shard?.baselines ?? {};
    const after = { ...before };
    for (const key of bucket === undefined ? [POOLED] : [bucket, POOLED]) {
      for (const { readings: sample } of samples) {
        if (sample) after[key] = extendBaselines(own(after, key), sample, context.spec);
      }
    }
    const siblings = siblingAdvantages(members, context.spec);
    found.set(workload, { rate, bucket, before, after, samples: samples.length, siblings });
  }
  return found;
}

/** Whether the Pod is a measured sample of the default scheduler. */
function isSample(verdict: Verdict): boolean {
  return verdict.asked === DEFAULT_ACTION && verdict.problem === undefined;
}

/** The application's advantage, its Pods compared with the baselines before the window. */
function advantageOfAll(
  readings: WindowReadings,
  workloads: ReadonlyMap<WorkloadKey, WorkloadInWindow>,
  { standing, spec }: JudgeContext,
): number | undefined {
  const pods = standing.flatMap((decision): ApplicationPod[] => {
    const { namespace, podName } = decision;
    const { workload } = decision.decision;
    const inWindow = workloads.get(workload);
    if (inWindow === undefined || !stoodThrough(decision, readings)) return [];
    const joined = podReadings(decision, readings);
    if (problemOf(joined, spec) !== undefined) return [];
    const scope = readings.latency.pods.get(`${namespace}/${podName}`)?.scope;
    return [
      {
        workload,
        namespace,
        outcome: outcomeOf(joined, spec),
        baselines: baselinesUnder(inWindow, spec),
        borrows: scope === 'application',
      },
    ];
  });
  return applicationAdvantage(pods, readings.latency, spec);
}

/** The bucket's own baselines where they are known well enough, else those of all buckets. */
function baselinesUnder(
  { before, bucket }: WorkloadInWindow,
  { reward }: PolicySpec,
): Baselines | undefined {
  const least = rewardSettings(reward).minimumBaselineWeight;
  const ofBucket = bucket === undefined ? undefined : own(before, bucket);
  const known = (cost: string): boolean => baselineMean(ofBucket, cost, least) !== undefined;
  return known('joulesPerRequest') && known('p99Milliseconds') ? ofBucket : own(before, POOLED);
}

/** Whether the Pod served during the whole window. */
function stoodThrough(decision: PendingDecision, { window }: WindowReadings): boolean {
  const { readyAt, finished } = decision;
  if (finished || readyAt === undefined || readyAt > window.from) return false;
  return !leftBefore(decision, window);
}
