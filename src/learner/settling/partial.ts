// SPDX-License-Identifier: Apache-2.0
import { MODEL_LIMITS } from '#cluster/model/limits.ts';
import type { ModelShard, StoredBefore } from '#cluster/model/model.ts';
import type { StoredBaseline, StoredCell } from '#cluster/model/statistics.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import type { Episode } from '#learner/episodes/episodes.ts';
import { tierKey } from '#learner/tick/shards.ts';

/*
 * An episode changes several objects, and the API server has no transactions: a leader may die
 * between two writes. The values of one workload are learned from those of the next and from the
 * tier's prior, so beginning anew on shards that hold half of the episode would teach the rest
 * something else. Each shard therefore says what it was before its last write; the next leader
 * takes the written ones back in memory, settles the episode as if nothing had been written, and
 * writes what is missing.
 */

/** A table that does not have a cell or a statistic yet. */
const NO_CELL: StoredCell = { value: 0, weight: 0 };
const NO_STATISTICS: StoredBaseline = { mean: 0, variance: 0, weight: 0 };

type Table<T> = Readonly<Record<string, Readonly<Record<string, T>>>>;

/**
 * What `shard` was, for the shard that follows it; undefined where it would take too much room.
 * @param added ids that the write adds, which stand at the end of `settled`
 */
export function beforeOf(
  shard: ModelShard,
  next: Pick<ModelShard, 'cells' | 'baselines'>,
  added: number,
): StoredBefore | undefined {
  const cells = changed(shard.cells, next.cells, NO_CELL);
  const count = Object.values(cells).reduce((sum, row) => sum + Object.keys(row).length, 0);
  // Far more than one rollout of one workload has; a tier of very many workloads may have more.
  if (count > MODEL_LIMITS.cellsBefore) return undefined;
  return {
    added,
    episodes: shard.episodes,
    defaultSamples: shard.defaultSamples,
    load: shard.load,
    cells,
    baselines: changed(shard.baselines, next.baselines, NO_STATISTICS),
  };
}

/** The shards of an episode as they were before it, and which of them hold it already. */
export interface Restored {
  readonly shards: ReadonlyMap<WorkloadKey, ModelShard>;
  readonly written: ReadonlySet<WorkloadKey>;
}

/**
 * Takes back, in memory, what a former leader wrote of this episode. A shard is taken back only if
 * its last write settled exactly the decisions that the episode has in it; any other stays as it
 * is, and then counts as it stands.
 */
export function takeBack(episode: Episode, shards: ReadonlyMap<WorkloadKey, ModelShard>): Restored {
  const idsOf = new Map<WorkloadKey, Set<string>>();
  for (const { decision } of episode.decisions) {
    for (const key of [decision.workload, tierKey(decision.tier)]) {
      const ids = idsOf.get(key) ?? new Set();
      idsOf.set(key, ids.add(decision.id));
    }
  }
  const restored = new Map(shards);
  const written = new Set<WorkloadKey>();
  for (const [key, ids] of idsOf) {
    const shard = shards.get(key);
    const before = shard?.before;
    if (shard === undefined || before === undefined) continue;
    const last = shard.settled.slice(shard.settled.length - before.added);
    if (last.length !== ids.size || !last.every((id) => ids.has(id))) continue;
    restored.set(key, asBefore(shard, before));
    written.add(key);
  }
  return { shards: restored, written };
}

/** As far as other shards are learned from it: nobody writes this one. */
function asBefore(shard: ModelShard, before: StoredBefore): ModelShard {
  return {
    ...shard,
    version: shard.version - 1,
    episodes: before.episodes,
    defaultSamples: before.defaultSamples,
    load: before.load,
    cells: undone(shard.cells, before.cells),
    baselines: undone(shard.baselines, before.baselines),
    settled: shard.settled.slice(0, shard.settled.length - before.added),
    before: undefined,
  };
}

/**
 * Entries of `old` that `next` has otherwise, or not any more (rows that were folded into others, cells
 * that there was no room for); `none` for those that only `next` has.
 */
function changed<T>(old: Table<T>, next: Table<T>, none: T): Table<T> {
  const rows = namesOf(old, next).flatMap((name): [string, Record<string, T>][] => {
    const oldRow = own(old, name) ?? {};
    const row = own(next, name) ?? {};
    const entries = namesOf(oldRow, row).flatMap((column): [string, T][] => {
      const was = own(oldRow, column);
      const is = own(row, column);
      return is !== undefined && same(was, is) ? [] : [[column, was ?? none]];
    });
    return entries.length === 0 ? [] : [[name, Object.fromEntries(entries)]];
  });
  return Object.fromEntries(rows);
}

/** The other way round: a weight of 0 says that there was no such entry. */
function undone<T extends { readonly weight: number }>(
  table: Table<T>,
  before: Table<T>,
): Table<T> {
  const rows = namesOf(table, before).flatMap((name): [string, Record<string, T>][] => {
    const row = own(table, name) ?? {};
    const oldRow = own(before, name);
    if (oldRow === undefined) return [[name, row]];
    const merged = Object.entries({ ...row, ...oldRow }).filter(([, { weight }]) => weight !== 0);
    return merged.length === 0 ? [] : [[name, Object.fromEntries(merged)]];
  });
  return Object.fromEntries(rows);
}

function namesOf(one: object, other: object): readonly string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])];
}

function same<T>(one: T | undefined, other: T): boolean {
  return one !== undefined && JSON.stringify(one) === JSON.stringify(other);
}

/** An own property: a state named `__proto__` is a row like any other. */
function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
