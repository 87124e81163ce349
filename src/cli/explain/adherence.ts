// SPDX-License-Identifier: Apache-2.0
import type { ModelShard } from '#cluster/model/model.ts';

/** How often the scheduler followed what was asked. */
export interface Adherence {
  /** Pods that landed on the target they were asked to prefer, and all that were asked; all time. */
  readonly followed: number;
  readonly asked: number;
  /** By target, the one asked for most first; here older Pods count less, so these are weights. */
  readonly byTarget: readonly TargetAdherence[];
}

/** The same for one target. */
export interface TargetAdherence {
  readonly target: string;
  readonly followed: number;
  readonly asked: number;
}

/** Targets that a line of text names at most. */
const NAMED = 5;

/** Of one workload, or of several together; undefined = no target was asked for yet. */
export function adherenceOf(
  shards: readonly Pick<ModelShard, 'asked' | 'followed' | 'adherence'>[],
): Adherence | undefined {
  let [asked, followed] = [0, 0];
  const targets = new Map<string, TargetAdherence>();
  for (const shard of shards) {
    asked += shard.asked;
    followed += shard.followed;
    for (const [target, one] of Object.entries(shard.adherence ?? {})) {
      const sum = targets.get(target);
      targets.set(target, {
        target,
        followed: (sum?.followed ?? 0) + one.followed,
        asked: (sum?.asked ?? 0) + one.asked,
      });
    }
  }
  if (asked === 0) return undefined;
  return { followed, asked, byTarget: [...targets.values()].sort((a, b) => b.asked - a.asked) };
}

/** Percentage that was followed, without the sign. */
export function followedPercent({ followed, asked }: Omit<TargetAdherence, 'target'>): string {
  return ((100 * followed) / asked).toFixed(0);
}

/** `worker-1 97 %, worker-2 40 %`: the targets asked for most; undefined = none is known. */
export function byTargetText({ byTarget }: Adherence): string | undefined {
  if (byTarget.length === 0) return undefined;
  const named = byTarget.slice(0, NAMED).map((one) => `${one.target} ${followedPercent(one)} %`);
  const more = byTarget.length - named.length;
  return [...named, ...(more > 0 ? [`${String(more)} more`] : [])].join(', ');
}
