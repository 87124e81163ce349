// SPDX-License-Identifier: Apache-2.0
import type { StoredMoving, StoredScaling } from './capacity.ts';
import type { ModelShard } from './model.ts';
import { decodeNumber, encodeNumber } from './numbers.ts';
import type { ModelSpec } from './schema.ts';
import type { StoredBaseline, StoredCell } from './statistics.ts';

/*
 * Scaling and moving of a shard between memory and the API: optional like all evidence, so that an
 * older model reads as it did.
 */

type ShardSpec = NonNullable<ModelSpec['shard']>;
type CapacitySpec = Pick<ShardSpec, 'scaling' | 'moving'>;
type Capacity = Pick<ModelShard, 'scaling' | 'moving'>;
type ScalingSpec = NonNullable<ShardSpec['scaling']>;
type MovingSpec = NonNullable<ShardSpec['moving']>;

/** Scaling and moving of a shard, as far as it has them. */
export function encodeCapacity({ scaling, moving }: Capacity): CapacitySpec {
  return {
    ...(scaling === undefined ? {} : { scaling: encodeScaling(scaling) }),
    ...(moving === undefined ? {} : { moving: encodeMoving(moving) }),
  };
}

/** The other way round of {@link encodeCapacity}. */
export function decodeCapacity({ scaling, moving }: CapacitySpec): Capacity {
  return {
    ...(scaling === undefined ? {} : { scaling: decodeScaling(scaling) }),
    ...(moving === undefined ? {} : { moving: decodeMoving(moving) }),
  };
}

function encodeScaling(scaling: StoredScaling): ScalingSpec {
  const { cells, reference, load, last, changedAt, intent, changes } = scaling;
  return {
    decisions: scaling.decisions,
    averageReward: encodeNumber(scaling.averageReward),
    cells: Object.entries(cells).flatMap(([state, row]) =>
      Object.entries(row).map(([action, cell]) => ({
        state,
        action: action as ScalingSpec['cells'][number]['action'],
        value: encodeNumber(cell.value),
        weight: encodeNumber(cell.weight),
      })),
    ),
    reference: Object.entries(reference).map(([cost, one]) => ({ cost, ...encodeStatistics(one) })),
    load: encodeStatistics(load),
    ...(last === undefined ? {} : { last: { ...last, at: Math.round(last.at) } }),
    changedAt: Math.round(changedAt),
    ...(intent === undefined ? {} : { intent: { ...intent, at: Math.round(intent.at) } }),
    changes: changes.map(Math.round),
  };
}

function decodeScaling(spec: ScalingSpec): StoredScaling {
  const cells = new Map<string, [string, StoredCell][]>();
  for (const { state, action, value, weight } of spec.cells) {
    const row = cells.get(state) ?? [];
    row.push([action, { value: decodeNumber(value), weight: decodeNumber(weight) }]);
    cells.set(state, row);
  }
  const { last, intent } = spec;
  return {
    decisions: spec.decisions,
    averageReward: decodeNumber(spec.averageReward),
    cells: Object.fromEntries(
      [...cells].map(([state, row]) => [state, Object.fromEntries(row)] as const),
    ),
    reference: Object.fromEntries(
      spec.reference.map((row) => [row.cost, decodeStatistics(row)] as const),
    ),
    load: decodeStatistics(spec.load),
    ...(last === undefined ? {} : { last }),
    changedAt: spec.changedAt,
    ...(intent === undefined ? {} : { intent }),
    changes: spec.changes,
  };
}

function encodeMoving(moving: StoredMoving): MovingSpec {
  const { intent } = moving;
  return {
    moves: moving.moves,
    startUpJoules: encodeStatistics(moving.startUpJoules),
    disturbanceSeconds: encodeStatistics(moving.disturbanceSeconds),
    measuredUntil: Math.round(moving.measuredUntil),
    ...(intent === undefined ? {} : { intent: { ...intent, at: Math.round(intent.at) } }),
    changes: moving.changes.map(Math.round),
  };
}

function decodeMoving(spec: MovingSpec): StoredMoving {
  const { intent } = spec;
  return {
    moves: spec.moves,
    startUpJoules: decodeStatistics(spec.startUpJoules),
    disturbanceSeconds: decodeStatistics(spec.disturbanceSeconds),
    measuredUntil: spec.measuredUntil,
    ...(intent === undefined ? {} : { intent }),
    changes: spec.changes,
  };
}

function encodeStatistics(statistics: StoredBaseline): Record<keyof StoredBaseline, string> {
  return {
    mean: encodeNumber(statistics.mean),
    variance: encodeNumber(statistics.variance),
    weight: encodeNumber(statistics.weight),
  };
}

function decodeStatistics(spec: Readonly<Record<keyof StoredBaseline, string>>): StoredBaseline {
  return {
    mean: decodeNumber(spec.mean),
    variance: decodeNumber(spec.variance),
    weight: decodeNumber(spec.weight),
  };
}
