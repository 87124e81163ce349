// SPDX-License-Identifier: Apache-2.0
import type { ModelShard } from './model.ts';
import { decodeNumber, encodeNumber } from './numbers.ts';
import type { ModelSpec } from './schema.ts';
import type { StoredBaseline, StoredCell } from './statistics.ts';

/* The tables of a shard: nested records in memory, lists of rows in the API. */

type ShardSpec = NonNullable<ModelSpec['shard']>;

/** Cells as rows. @throws PerihelionError `PERI_MODEL_MALFORMED` for a number that is not finite */
export function encodeCells(cells: ModelShard['cells']): ShardSpec['cells'] {
  return rows(cells).map(([state, action, cell]) => ({
    state,
    action,
    value: encodeNumber(cell.value),
    weight: encodeNumber(cell.weight),
  }));
}

/** The other way round of {@link encodeCells}. */
export function decodeCells(spec: ShardSpec['cells']): ModelShard['cells'] {
  return table(
    spec.map(({ state, action, value, weight }) => [
      state,
      action,
      { value: decodeNumber(value), weight: decodeNumber(weight) } satisfies StoredCell,
    ]),
  );
}

/** Baselines as rows. @throws PerihelionError `PERI_MODEL_MALFORMED` as {@link encodeCells} */
export function encodeBaselines(baselines: ModelShard['baselines']): ShardSpec['baselines'] {
  return rows(baselines).map(([loadBucket, cost, statistics]) => ({
    loadBucket,
    cost,
    ...encodeStatistics(statistics),
  }));
}

/** The other way round of {@link encodeBaselines}. */
export function decodeBaselines(spec: ShardSpec['baselines']): ModelShard['baselines'] {
  return table(spec.map((row) => [row.loadBucket, row.cost, decodeStatistics(row)]));
}

/** Mean, variance and weight as decimals. */
export function encodeStatistics(statistics: StoredBaseline): Record<keyof StoredBaseline, string> {
  return {
    mean: encodeNumber(statistics.mean),
    variance: encodeNumber(statistics.variance),
    weight: encodeNumber(statistics.weight),
  };
}

/** The other way round of {@link encodeStatistics}. */
export function decodeStatistics(
  spec: Readonly<Record<keyof StoredBaseline, string>>,
): StoredBaseline {
  return {
    mean: decodeNumber(spec.mean),
    variance: decodeNumber(spec.variance),
    weight: decodeNumber(spec.weight),
  };
}

function rows<T>(
  table: Readonly<Record<string, Readonly<Record<string, T>>>>,
): [row: string, column: string, value: T][] {
  return Object.entries(table).flatMap(([row, columns]) =>
    Object.entries(columns).map(([column, value]): [string, string, T] => [row, column, value]),
  );
}

/** Own properties only, so that a row named `__proto__` is a row like any other. */
function table<T>(
  list: readonly (readonly [row: string, column: string, value: T])[],
): Record<string, Record<string, T>> {
  const byRow = new Map<string, [string, T][]>();
  for (const [row, column, value] of list) {
    const columns = byRow.get(row) ?? [];
    columns.push([column, value]);
    byRow.set(row, columns);
  }
  return Object.fromEntries(
    [...byRow].map(([row, columns]): [string, Record<string, T>] => [
      row,
      Object.fromEntries(columns),
    ]),
  );
}
