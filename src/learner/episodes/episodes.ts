// SPDX-License-Identifier: Apache-2.0
import type { MeasurementSpec } from '#cluster/policy/policy.ts';
import type { Window } from '#telemetry/reading/source.ts';
import type { PendingDecision } from './decisions.ts';

/** One rollout: the decisions of one policy in one namespace, in the order they were taken. */
export interface Episode {
  readonly namespace: string;
  readonly policy: string;
  /** By `decidedAt`, then id; never empty. */
  readonly decisions: readonly PendingDecision[];
  /** Creation of its first and last Pod, milliseconds since the epoch. */
  readonly firstCreatedAt: number;
  readonly lastCreatedAt: number;
}

/** Limits that no policy needs to know of. */
export interface EpisodeLimits {
  /** A Pod that is not Ready so long after the rollout's last creation is not waited for. */
  readonly patienceSeconds: number;
  /** A rollout that goes on for longer (a stream of Jobs, a flapping autoscaler) is cut here. */
  readonly maximumSpanSeconds: number;
  /** Pause after the window until the metrics of its last seconds have been scraped. */
  readonly ingestDelaySeconds: number;
}

/** Limits in production; a test or the demo passes its own. */
export const DEFAULT_LIMITS: EpisodeLimits = {
  patienceSeconds: 900,
  maximumSpanSeconds: 600,
  ingestDelaySeconds: 15,
};

/** What is to be done with one episode now. */
export type EpisodePlan =
  /** Nothing yet: the rollout goes on, Pods are not Ready, or the window is open. */
  | { readonly kind: 'wait'; readonly reason: 'rolling-out' | 'not-ready' | 'measuring' }
  /** Ask telemetry about the window, then settle. */
  | { readonly kind: 'measure'; readonly window: Window }
  /** Settle without a measurement: no decision of it can teach anything. */
  | { readonly kind: 'discard'; readonly reason: 'never-ready' | 'rolled-again' };

/**
 * Cuts the decisions of one (namespace, policy) into episodes. A pause in creation of more than
 * `gapSeconds` ends one; so does a span of more than `maximumSpanSeconds`.
 * @returns oldest first.
 */
export function episodesOf(
  decisions: readonly PendingDecision[],
  gapSeconds: number,
  maximumSpanSeconds: number,
): Episode[] {
  const created = [...decisions].sort((a, b) => a.createdAt - b.createdAt);
  const groups: PendingDecision[][] = [];
  let group: PendingDecision[] = [];
  for (const decision of created) {
    const first = group[0];
    const last = group.at(-1);
    const ends =
      first !== undefined &&
      last !== undefined &&
      (decision.createdAt - last.createdAt > gapSeconds * 1000 ||
        decision.createdAt - first.createdAt > maximumSpanSeconds * 1000);
    if (ends) group = [];
    if (group.length === 0) groups.push(group);
    group.push(decision);
  }
  return groups.flatMap((members) => {
    const [first] = members;
    const last = members.at(-1);
    if (first === undefined || last === undefined) return [];
    return [
      {
        namespace: first.namespace,
        policy: first.policy,
        decisions: members.sort(inOrder),
        firstCreatedAt: first.createdAt,
        lastCreatedAt: last.createdAt,
      },
    ];
  });
}

/** Whether the Pod is up and serving, and came up within the patience limit. */
export function isMeasurable(
  decision: PendingDecision,
  episode: Episode,
  patienceSeconds: number,
): boolean {
  return (
    !decision.finished &&
    decision.boundAt !== undefined &&
    decision.readyAt !== undefined &&
    decision.readyAt <= episode.lastCreatedAt + patienceSeconds * 1000
  );
}

/** Whether the Pod was being taken away before the window ended, so that its measure is cut. */
export function leftBefore(decision: PendingDecision, window: Window): boolean {
  return decision.leavingAt !== undefined && decision.leavingAt < window.to;
}

/**
 * The measuring window of an episode: it opens `warmUpSeconds` after its last Pod became Ready
 * and closes `windowSeconds` later. Undefined while no Pod of it is measurable.
 */
export function windowOf(
  episode: Episode,
  measurement: Pick<MeasurementSpec, 'warmUpSeconds' | 'windowSeconds'>,
  patienceSeconds: number,
): Window | undefined {
  let latest: number | undefined;
  for (const decision of episode.decisions) {
    if (!isMeasurable(decision, episode, patienceSeconds)) continue;
    latest = Math.max(latest ?? 0, decision.readyAt ?? 0);
  }
  if (latest === undefined) return undefined;
  const from = latest + measurement.warmUpSeconds * 1000;
  return { from, to: from + measurement.windowSeconds * 1000 };
}

/**
 * What to do with `episode` at time `now`.
 * @param later the episodes after it of the same (namespace, policy), any order. One that rolls a
 *   workload of this episode out again before the window closed makes the window worthless;
 *   unrelated workloads (a CronJob) do not.
 */
export function planEpisode(
  episode: Episode,
  later: readonly Episode[],
  context: {
    readonly measurement: MeasurementSpec;
    readonly limits: EpisodeLimits;
    readonly now: number;
  },
): EpisodePlan {
  const { measurement, limits, now } = context;
  const cut = later.length > 0;
  if (!cut && now <= episode.lastCreatedAt + measurement.episodeGapSeconds * 1000) {
    return { kind: 'wait', reason: 'rolling-out' };
  }
  const waitsForReady =
    now <= episode.lastCreatedAt + limits.patienceSeconds * 1000 &&
    episode.decisions.some(isOnItsWay);
  const window = windowOf(episode, measurement, limits.patienceSeconds);
  if (rolledAgainBefore(window?.to ?? now, episode, later)) {
    return { kind: 'discard', reason: 'rolled-again' };
  }
  if (waitsForReady) return { kind: 'wait', reason: 'not-ready' };
  if (window === undefined) return { kind: 'discard', reason: 'never-ready' };
  if (now < window.to + limits.ingestDelaySeconds * 1000) {
    return { kind: 'wait', reason: 'measuring' };
  }
  return { kind: 'measure', window };
}

/** Not Ready yet, and not going away either. */
function isOnItsWay(decision: PendingDecision): boolean {
  const up = decision.boundAt !== undefined && decision.readyAt !== undefined;
  return !up && !decision.finished && decision.leavingAt === undefined;
}

function rolledAgainBefore(end: number, episode: Episode, later: readonly Episode[]): boolean {
  const workloads = new Set(episode.decisions.map((decision) => decision.decision.workload));
  return later.some((other) =>
    other.decisions.some(
      (decision) =>
        decision.createdAt > episode.lastCreatedAt &&
        decision.createdAt <= end &&
        workloads.has(decision.decision.workload),
    ),
  );
}

/** Order of decisions: when they were taken, then by id. */
export function inOrder(a: PendingDecision, b: PendingDecision): number {
  if (a.decision.decidedAt !== b.decision.decidedAt) {
    return a.decision.decidedAt - b.decision.decidedAt;
  }
  return a.decision.id < b.decision.id ? -1 : Number(a.decision.id > b.decision.id);
}
