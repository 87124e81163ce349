// SPDX-License-Identifier: Apache-2.0
import type { ModelShard } from '#cluster/model/model.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import type { PodReader } from '#learner/episodes/decisions.ts';
import type { LearnerLogger, LearnerView, ShardStore } from '#learner/tick/ports.ts';
import type { Tally } from '#learner/tick/tick-report.ts';
import {
  planForgetting,
  shardKeyText,
  stepOf,
  stepsInTurn,
  type ForgettingRules,
  type ForgettingStep,
  type PlannedStep,
  type ShardKey,
} from './plan.ts';
import { isUsedNow, usedShards } from './used.ts';

/** Marks written, and shards deleted, in one tick at most. */
const STEPS_PER_TICK = 20;

/**
 * A shard without Pods for less than this is not marked: a rollout that deletes all Pods before it
 * makes new ones would cost two writes each time.
 */
const PATIENCE_SECONDS = 3600;

/** A shard that was deleted, for the audit log. */
export interface ForgottenRecord {
  readonly kind: 'forgotten';
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string;
  readonly namespace: string;
  readonly workload: WorkloadKey;
  /** Name of the policy that it was learned under. */
  readonly policy: string;
  /** Since when no Pod used it; as `time`. */
  readonly unusedSince: string;
  /** Of the shard that was deleted. */
  readonly modelVersion: number;
}

/** What a learner must be given to forget. */
export interface ForgettingOptions {
  /** Every shard as the watch shows it, in whatever namespace and of whatever policy. */
  readonly shards: () => Iterable<ModelShard>;
  /** Seconds without a Pod after which a shard is deleted; Infinity = never. */
  readonly retentionSeconds: number;
  /** Seconds without a Pod, seen by this leader, after which a shard says so. Default 3600. */
  readonly patienceSeconds?: number | undefined;
  /** Told of each deletion: the audit log. */
  readonly onRecord?: ((record: ForgottenRecord) => void) | undefined;
}

/** The learner's own that forgetting reads and does. */
export interface ForgettingContext extends ForgettingOptions {
  readonly view: Pick<LearnerView, 'pods'>;
  readonly readPod: PodReader;
  readonly store: ShardStore;
  readonly isLeader: () => boolean;
  readonly onFenced: () => void;
  readonly logger: LearnerLogger;
  readonly now: () => number;
}

/**
 * Deletes, tick by tick, the shards of workloads that have had no Pod with a decision for longer
 * than `retentionSeconds`. Since when, the shard says itself, so that time goes on under the next
 * leader. A shard holds the ids of its Pods' decisions as settled; it goes only when none of them
 * lives, in the version that was looked at and no other. What fails is tried again by later ticks.
 */
export function createForgetting(context: ForgettingContext): (tally: Tally) => Promise<void> {
  /** Shards that could not be written last time. */
  let late: ReadonlySet<string> = new Set();
  /**
   * Marked, and the watch does not show the mark: it lags, or the API server drops the field,
   * because its definition is of an older version. Such a shard would be marked for ever.
   */
  let marked: ReadonlySet<string> = new Set();
  /** When this leader first saw shards without Pods that do not say so yet. */
  let missed: ReadonlyMap<string, number> = new Map();

  return async (tally) => {
    const planned = planForgetting(
      context.shards(),
      rulesNow(context, usedShards(context.view, context.readPod)),
    );
    const isMarked = ({ shard, step }: PlannedStep): boolean =>
      step === 'marked' && marked.has(nameOf(shard));
    const hidden = planned.filter(isMarked).map(({ shard }) => nameOf(shard));
    const now = context.now();
    missed = new Map(
      planned.flatMap(({ shard, step }) => {
        const name = nameOf(shard);
        return step === 'marked' ? [[name, missed.get(name) ?? now]] : [];
      }),
    );
    const patience = 1000 * (context.patienceSeconds ?? PATIENCE_SECONDS);
    const isEarly = ({ shard, step }: PlannedStep): boolean =>
      step === 'marked' && now - (missed.get(nameOf(shard)) ?? now) < patience;
    const open = planned.filter((one) => !isMarked(one) && !isEarly(one));
    const steps = stepsInTurn(open, STEPS_PER_TICK, (shard) => late.has(nameOf(shard)));
    const fresh: string[] = [];
    const failed: { readonly shard: ShardKey; readonly error: unknown }[] = [];
    for (const { shard } of steps) {
      if (!context.isLeader()) break;
      try {
        const since = missed.get(nameOf(shard)) ?? now;
        const done = await carryOut({ shard, since }, context, tally);
        if (done === 'marked') fresh.push(nameOf(shard));
      } catch (error) {
        tally.publishFailure();
        failed.push({ shard, error });
      }
    }
    marked = new Set([...hidden, ...fresh]);
    late = new Set(failed.map(({ shard }) => nameOf(shard)));
    const [first] = failed;
    if (first === undefined) return;
    const { namespace, policy, workload } = first.shard;
    const where = { namespace, policy, workload, count: failed.length };
    context.logger.warn(
      { ...where, err: first.error },
      'models without Pods were not marked or deleted; tried again',
    );
  };
}

/**
 * Reads the shard past every cache, does what is to be done with it as it stands, and tells what.
 * `since` is when it was first seen without Pods, which is what it says of itself from now on.
 */
async function carryOut(
  { shard, since }: { readonly shard: ShardKey; readonly since: number },
  context: ForgettingContext,
  tally: Tally,
): Promise<ForgettingStep | undefined> {
  const { store, logger } = context;
  const { namespace, policy, workload } = shard;
  const stored = await store.readShard(namespace, policy, workload);
  if (stored === undefined || !context.isLeader()) return undefined;
  // Looked at again, after the call: Pods may have come meanwhile.
  const rules = rulesNow(context, isUsedNow(context.view, context.readPod));
  const step = stepOf(stored, rules);
  if (step === undefined) return undefined;
  const { kind } =
    step === 'deleted'
      ? await store.deleteShard(stored)
      : await store.writeShard({
          ...stored,
          version: stored.version + 1,
          unusedSince: step === 'marked' ? since : undefined,
        });
  const where = { namespace, policy, workload };
  if (kind === 'fenced') context.onFenced();
  if (kind === 'fenced' || kind === 'conflict') {
    tally.conflict();
    logger.info({ ...where, kind }, 'a model was written by another meanwhile; looked at again');
    return undefined;
  }
  if (kind === 'deleted') {
    const record = recordOf(stored, rules.now);
    const { unusedSince } = record;
    logger.info({ ...where, unusedSince }, 'a model that no Pod used for long was deleted');
    context.onRecord?.(record);
  }
  return step;
}

function rulesNow(
  { retentionSeconds, now }: ForgettingContext,
  isUsed: ForgettingRules['isUsed'],
): ForgettingRules {
  return { isUsed, retentionSeconds, now: now() };
}

function recordOf(shard: ModelShard, now: number): ForgottenRecord {
  const { namespace, workload, policy, version } = shard;
  return {
    kind: 'forgotten',
    time: new Date(now).toISOString(),
    ...{ namespace, workload, policy },
    unusedSince: new Date(shard.unusedSince ?? now).toISOString(),
    modelVersion: version,
  };
}

function nameOf({ namespace, policy, workload }: ShardKey): string {
  return shardKeyText(namespace, policy, workload);
}
