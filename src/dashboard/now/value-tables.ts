// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { ValueTable, ValueTableName, ValueTables } from '#dashboard/api/api.ts';
import { byText } from './cluster-now.ts';
import type { DashboardSources } from './sources.ts';

/** Most tables in one answer. */
export const TABLES_LIMIT = 2000;

/** The tables there are: workloads first, then tiers, by name. */
export function valueTables(shards: Iterable<ModelShard>): ValueTables {
  const all = [...shards].map(nameOf).sort(byName);
  const tables = all.slice(0, TABLES_LIMIT);
  return { tables, tablesOmitted: all.length - tables.length };
}

/** One table in full; a shard has a bounded number of cells. */
export function valueTable(
  shard: ModelShard,
  words: Pick<DashboardSources, 'stateText' | 'circuitText'>,
): ValueTable {
  const actions = new Set<string>();
  const values = Object.entries(shard.cells).flatMap(([state, row]) =>
    Object.entries(row).map(([action, { value, weight }]) => {
      actions.add(action);
      return { state, action, value, samples: weight };
    }),
  );
  return {
    ...nameOf(shard),
    modelVersion: shard.version,
    rollouts: shard.episodes,
    defaultSamples: shard.defaultSamples,
    circuit: words.circuitText(shard),
    states: Object.keys(shard.cells)
      .sort(byText)
      .map((key) => ({ key, text: words.stateText(key) })),
    actions: [...actions].sort(
      (a, b) => Number(b === DEFAULT_ACTION) - Number(a === DEFAULT_ACTION) || byText(a, b),
    ),
    values,
  };
}

function nameOf({ namespace, policy, workload, cells }: ModelShard): ValueTableName {
  const all = Object.values(cells).flatMap((row) => Object.values(row));
  return {
    namespace,
    policy,
    workload,
    cells: all.length,
    samples: all.reduce((sum, { weight }) => sum + weight, 0),
  };
}

function byName(a: ValueTableName, b: ValueTableName): number {
  const tiers = Number(isTier(a)) - Number(isTier(b));
  return (
    tiers ||
    byText(a.namespace, b.namespace) ||
    byText(a.workload, b.workload) ||
    byText(a.policy, b.policy)
  );
}

function isTier({ workload }: ValueTableName): boolean {
  return workload.startsWith('Tier/');
}
