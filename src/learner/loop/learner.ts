// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { adherenceRows } from '#learner/enforcement/adherence.ts';
import { forgetDisabledCircuits } from '#learner/enforcement/disabled-circuits.ts';
import { countEnforced, enforce } from '#learner/enforcement/enforcing.ts';
import {
  createPodReader,
  scanDecisions,
  type DecisionScan,
  type PendingDecision,
  type RejectedDecision,
  type SignedPod,
} from '#learner/episodes/decisions.ts';
import { DEFAULT_LIMITS, type EpisodeLimits } from '#learner/episodes/episodes.ts';
import { createSettledOf } from '#learner/episodes/plan.ts';
import { createForgetting } from '#learner/forgetting/forget.ts';
import { goneRecord, type SettlementRecord } from '#learner/judging/settlement.ts';
import { publishObservations } from '#learner/observation/observing.ts';
import { curvesOf } from '#learner/observation/power-curves.ts';
import { choiceOf } from '#learner/readings/preset-choice.ts';
import { askOnce } from '#learner/readings/telemetry-window.ts';
import { settleTask } from '#learner/settling/settling.ts';
import { groupsOf, type Group } from '#learner/tick/groups.ts';
import { NewestShards } from '#learner/tick/newest-shards.ts';
import { Tally, type TickReport } from '#learner/tick/tick-report.ts';
import { announce } from './announce.ts';
import { createCapacity, type Capacity } from './capacity.ts';
import { countCircuits, measureAdherence } from './figures.ts';
import type { LearnerOptions } from './options.ts';
import { createPolicyReporter } from './policy-reports.ts';
import { createStanding, inTurn, nameOf } from './turns.ts';

/** The leader's work: observe, settle, learn, publish. */
export interface Learner {
  /**
   * One cycle. Never two at once: a call while one is under way gets the report of that one. It
   * does not reject for anything that telemetry or the API server does.
   */
  tick(): Promise<TickReport>;
  /** Ticks until the signal aborts, with a pause between the end of one and the next. */
  run(intervalSeconds: number, signal: AbortSignal): Promise<void>;
}

/** Builds a learner; it does nothing until its first tick. */
export function createLearner(options: LearnerOptions): Learner {
  const limits: EpisodeLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const readPod = createPodReader(options.decisionKeys);
  const settledOf = createSettledOf();
  const newest = new NewestShards(options.models, options.store);
  /** Open decisions of the last tick: those whose Pods vanish are counted, not forgotten. */
  let open = new Map<string, PendingDecision>();
  /** Pods already counted as rejected, and decisions already announced. */
  let rejectedBefore: ReadonlySet<string> = new Set();
  let announcedBefore: ReadonlySet<string> = new Set();
  /** Episodes whose windows had no answer last time: asked after all others. */
  let unanswered: ReadonlySet<string> = new Set();
  /** Policies whose observation this term has written. */
  const held = new Set<string>();
  let fenced = false;
  const isLeader = (): boolean => !fenced && options.isLeader();
  const onFenced = (): void => {
    fenced = true;
  };

  const capacity = capacityOf(options, { newest, isLeader, onFenced, limits });
  const forget =
    options.forgetting === undefined
      ? undefined
      : createForgetting({
          ...options.forgetting,
          ...{ view: options.view, readPod, store: newest, isLeader, onFenced },
          ...{ logger: options.logger, now: options.now },
        });
  const reportPolicies =
    options.policyStatus === undefined
      ? undefined
      : createPolicyReporter(options.policyStatus, { ...options, isLeader, capacity });

  function scan(): DecisionScan {
    const pods = [...options.namespaces()].flatMap((name) => [...options.view.pods(name)]);
    return scanDecisions(pods, readPod);
  }

  function countRejected(rejected: readonly RejectedDecision[], tally: Tally): void {
    for (const one of rejected) {
      if (rejectedBefore.has(one.podUid)) continue;
      tally.reject(one.reason);
      options.logger.warn({ ...one }, 'a decision annotation is not believed');
    }
    rejectedBefore = new Set(rejected.map((one) => one.podUid));
  }

  function listener(tally: Tally): (record: SettlementRecord) => void {
    return (record) => {
      open.delete(record.decisionId);
      tally.record(record);
      options.onSettled?.(record);
    };
  }

  /** Compares the Pods of this tick with those of the last: bound since, or gone since. */
  function follow(groups: readonly Group[], alive: ReadonlySet<string>, tally: Tally): void {
    const gone = [...open.values()].filter((one) => !alive.has(one.decision.id));
    for (const one of gone) listener(tally)(goneRecord(one, options.now()));
    const unsettled = groups.flatMap((group) => group.plan.unsettled);
    open = new Map(unsettled.map((one) => [one.decision.id, one]));
    const { events, announced } = announce(groups, announcedBefore);
    announcedBefore = announced;
    for (const event of events) options.onEvent?.(event);
  }

  async function settle(
    groups: readonly Group[],
    alive: ReadonlySet<string>,
    tally: Tally,
  ): Promise<void> {
    const unsettled = new Set(open.keys());
    const ask = askOnce(options);
    const failed = new Set<string>();
    const standingOf = createStanding();
    for (const { group, task } of inTurn(groups, unanswered).slice(
      0,
      options.episodesPerTick ?? 64,
    )) {
      if (!isLeader()) return;
      const { namespace, policy } = group;
      try {
        await settleTask(
          task,
          {
            policy,
            standing: standingOf(group),
            targets: [...group.targets.keys()],
            cachedShard: (workload) => newest.shard(namespace, policy.name, workload),
            isAlive: (id) => alive.has(id),
            isUnsettled: (id) => unsettled.has(id),
          },
          {
            store: newest,
            ask: async (window) => ({
              ...(await ask(window, choiceOf(policy.spec))),
              ...curvesOf(group, options),
            }),
            isLeader,
            onFenced,
            onKnown: (id) => open.delete(id),
            onUnanswered: () => failed.add(nameOf(task)),
            logger: options.logger,
            tally,
            onRecord: listener(tally),
            limits,
            giveUpSeconds: options.giveUpSeconds ?? 3600,
            now: options.now,
          },
        );
      } catch (error) {
        tally.publishFailure();
        options.logger.error(
          { namespace, policy: policy.name, err: error },
          'an episode was not settled; its decisions stay open',
        );
      }
    }
    unanswered = failed;
  }

  async function enforceAll(groups: readonly Group[], signed: readonly SignedPod[]): Promise<void> {
    for (const group of groups) {
      if (!isLeader()) return;
      const own = signed.filter(({ pod }) => pod.namespace === group.namespace);
      await enforce(group, own, { ...options, models: newest, store: newest, isLeader, onFenced });
    }
    const { required, released } = countEnforced(groups, options.models, options.now());
    options.metrics.enforced(required, released);
    options.metrics.workloadAdherence(adherenceRows(groups, options.models));
  }

  async function cycle(): Promise<TickReport> {
    const tally = new Tally(options.metrics);
    const started = options.now();
    if (!isLeader()) {
      // Another leader settles meanwhile: what was open here may not be open any more.
      open = new Map();
      return tally.report('not-leader', 0);
    }
    if (!options.view.synced) return tally.report('not-synced', 0);
    const found = scan();
    countRejected(found.rejected, tally);
    const alive = new Set(found.signed.map((one) => one.record.id));
    const { groups, orphaned } = groupsOf(found.signed, { ...options, settledOf, limits });
    tally.orphaned = orphaned;
    options.metrics.orphaned(orphaned);
    follow(groups, alive, tally);
    measureAdherence(groups, options);
    // First: Pods that we keep Pending must not wait for telemetry that says nothing.
    await enforceAll(groups, found.signed);
    await publishObservations(groups, { ...options, isLeader, onFenced, limits, held, tally });
    await settle(groups, alive, tally);
    await forgetDisabledCircuits(groups, {
      ...{ models: newest, store: newest, isLeader, onFenced, logger: options.logger },
      shards: options.forgetting?.shards,
    });
    await capacity?.tick(groups);
    await forget?.(tally);
    await reportPolicies?.(groups);
    countCircuits(groups, options);
    tally.backlog = open.size;
    options.metrics.backlog(open.size);
    const seconds = (options.now() - started) / 1000;
    options.metrics.tick(seconds);
    return tally.report(undefined, seconds);
  }

  let current: Promise<TickReport> | undefined;
  function tick(): Promise<TickReport> {
    current ??= cycle().finally(() => (current = undefined));
    return current;
  }

  return {
    tick,
    async run(intervalSeconds, signal) {
      while (!signal.aborted) {
        try {
          await tick();
        } catch (error) {
          options.logger.error({ err: error }, 'a learning cycle failed');
        }
        // Rejects when the signal aborts, which the loop's condition sees.
        await sleep(intervalSeconds * 1000, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}

/** Scaling and rebalancing of this term; undefined = nobody plugged the cluster in. */
function capacityOf(
  options: LearnerOptions,
  term: {
    readonly newest: NewestShards;
    readonly isLeader: () => boolean;
    readonly onFenced: () => void;
    readonly limits: EpisodeLimits;
  },
): Capacity | undefined {
  if (options.capacity === undefined) return undefined;
  const { newest, isLeader, onFenced, limits } = term;
  return createCapacity({
    ...options.capacity,
    view: options.view,
    models: newest,
    store: newest,
    sources: options,
    curvesOf: (group) => curvesOf(group, options),
    isLeader,
    onFenced,
    onEvent: options.onEvent,
    onTelemetryFailure: () => options.metrics.telemetryFailure(),
    logger: options.logger,
    ingestDelaySeconds: limits.ingestDelaySeconds,
    now: options.now,
  });
}
