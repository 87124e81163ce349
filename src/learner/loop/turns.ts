// SPDX-License-Identifier: Apache-2.0
import type { PendingDecision } from '#learner/episodes/decisions.ts';
import { inOrder } from '#learner/episodes/episodes.ts';
import type { EpisodeTask } from '#learner/episodes/plan.ts';
import type { Group } from '#learner/tick/groups.ts';

/** An episode that is to be settled, and whose. */
export interface Turn {
  readonly group: Group;
  readonly task: EpisodeTask;
}

/** Oldest first, so that none waits for ever; those without an answer last time at the end. */
export function inTurn(groups: readonly Group[], unanswered: ReadonlySet<string>): Turn[] {
  const late = (task: EpisodeTask): number => Number(unanswered.has(nameOf(task)));
  return groups
    .flatMap((group) => group.plan.tasks.map((task) => ({ group, task })))
    .sort(
      (a, b) =>
        late(a.task) - late(b.task) || a.task.episode.lastCreatedAt - b.task.episode.lastCreatedAt,
    );
}

/** Tells the episodes of a tick apart. */
export function nameOf({ episode }: EpisodeTask): string {
  return JSON.stringify([episode.namespace, episode.policy, episode.firstCreatedAt]);
}

/**
 * Every decision of a group in the order in which they were taken, sorted when first asked. Sums
 * over them then round the same in every process, whatever order its informers know Pods in.
 */
export function createStanding(): (group: Group) => readonly PendingDecision[] {
  const sorted = new Map<Group, readonly PendingDecision[]>();
  return (group) => {
    const known = sorted.get(group) ?? group.decisions.toSorted(inOrder);
    sorted.set(group, known);
    return known;
  };
}
