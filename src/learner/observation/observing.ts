// SPDX-License-Identifier: Apache-2.0
import type { ModelView } from '#cluster/model/model.ts';
import type { Observation } from '#cluster/model/observation.ts';
import type { EpisodeLimits } from '#learner/episodes/episodes.ts';
import type { Group } from '#learner/tick/groups.ts';
import { observe, saysMore } from './observe.ts';
import type { WindowReadings } from '#learner/readings/outcome.ts';
import type { LearnerLogger, ShardStore } from '#learner/tick/ports.ts';
import { askOnce, type AskWindow, type Sources } from '#learner/readings/telemetry-window.ts';
import { choiceOf } from '#learner/readings/preset-choice.ts';
import type { Tally } from '#learner/tick/tick-report.ts';

/** What observing does to the world. */
export interface ObserveEffects extends Sources {
  readonly models: ModelView;
  readonly store: ShardStore;
  readonly isLeader: () => boolean;
  /** A later leader has written: nothing may be written any more. */
  readonly onFenced: () => void;
  readonly logger: LearnerLogger;
  readonly tally: Tally;
  readonly limits: EpisodeLimits;
  /**
   * Policies (`namespace/name`) whose observation this term has written, and where it is noted. The
   * first one is written however fresh the last is: it carries the epoch, and a deposed leader that
   * goes on is refused by it, also where it is quicker than this one and leaves it nothing to say.
   */
  readonly held: Set<string>;
  readonly observationSeconds?: number | undefined;
  readonly now: () => number;
}

/**
 * Publishes what the targets and workloads of each group look like now. Groups with windows of the
 * same length share one answer. When telemetry is silent the last observation stands until it is
 * stale; then one that knows nothing replaces it, so that no target is preferred any more.
 */
export async function publishObservations(
  groups: readonly Group[],
  effects: ObserveEffects,
): Promise<void> {
  const ask = askOnce(effects);
  for (const group of groups) {
    if (group.policy.spec.mode === 'Off') continue;
    if (!effects.isLeader()) return;
    await publishObservation(group, ask, effects);
  }
}

async function publishObservation(
  group: Group,
  ask: AskWindow,
  effects: ObserveEffects,
): Promise<void> {
  const { namespace, policy } = group;
  const { windowSeconds, staleAfterSeconds } = policy.spec.measurement;
  const now = effects.now();
  const to = now - effects.limits.ingestDelaySeconds * 1000;
  const window = { from: to - windowSeconds * 1000, to };
  const before = effects.models.observation(namespace, policy.name);
  const ageSeconds = before === undefined ? Infinity : (now - before.observedAt) / 1000;
  let readings: WindowReadings;
  try {
    readings = await ask(window, choiceOf(policy.spec));
  } catch (error) {
    effects.tally.telemetryFailure();
    effects.logger.warn({ namespace, err: error }, 'the targets could not be observed');
    if (ageSeconds <= staleAfterSeconds) return;
    readings = nothingKnown(window);
  }
  const next = observe({
    namespace,
    policy,
    targets: group.targets,
    readings,
    workloads: group.pods,
    before,
    decisions: group.decisions,
    shardOf: (workload) => effects.models.shard(namespace, policy.name, workload),
    now,
  });
  // Well before the replicas take it for stale: an unchanged world must not look like a silent one.
  const fresh = ageSeconds < Math.min(effects.observationSeconds ?? 30, staleAfterSeconds / 2);
  const held = effects.held.has(nameOf(next));
  if (!held || !fresh || saysMore(before, next)) await write(next, effects);
}

async function write(observation: Observation, effects: ObserveEffects): Promise<void> {
  if (!effects.isLeader()) return;
  const { namespace } = observation;
  try {
    const { kind } = await effects.store.writeObservation(observation);
    if (kind === 'fenced') effects.onFenced();
    if (kind === 'written') {
      effects.held.add(nameOf(observation));
      effects.tally.observations += 1;
    } else effects.tally.conflict();
  } catch (error) {
    effects.tally.publishFailure();
    effects.logger.warn({ namespace, err: error }, 'the observation was not written');
  }
}

function nameOf({ namespace, policy }: Observation): string {
  return `${namespace}/${policy}`;
}

function nothingKnown(window: WindowReadings['window']): WindowReadings {
  return {
    window,
    power: { nodeWatts: new Map(), podJoules: new Map(), attributedJoules: new Map() },
    latency: { pods: new Map(), edges: [] },
    load: new Map(),
  };
}
