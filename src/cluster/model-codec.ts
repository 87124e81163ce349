// SPDX-License-Identifier: Apache-2.0
import type {
  ModelShard,
  Observation,
  StoredBaseline,
  StoredCell,
  TargetObservation,
  WorkloadObservation,
} from './model.ts';
import { decodeEvidence, encodeEvidence } from './evidence-codec.ts';
import { decodeNumber, encodeNumber, malformed } from './model-numbers.ts';
import { decodePowerCurves, encodePowerCurves } from './power-curve-codec.ts';
import { MODEL_LIMITS, modelSpecSchema, type ModelSpec } from './model-schema.ts';

/** A stored model in memory: a shard or an observation. */
export type StoredModel =
  | { readonly kind: 'shard'; readonly shard: ModelShard }
  | { readonly kind: 'observation'; readonly observation: Observation };

type ShardSpec = NonNullable<ModelSpec['shard']>;
type ObservationSpec = NonNullable<ModelSpec['observation']>;

/**
 * The spec of a shard's PlacementModel.
 * @throws PerihelionError `PERI_MODEL_MALFORMED` when a number is not finite or a bound of
 *   `MODEL_LIMITS` is passed: such an object would be refused, or read back as something else.
 */
export function encodeShard(shard: ModelShard): ModelSpec {
  return checked({
    policyName: shard.policy,
    workload: shard.workload,
    shard: {
      version: shard.version,
      episodes: shard.episodes,
      cells: rows(shard.cells).map(([state, action, cell]) => ({
        state,
        action,
        value: encodeNumber(cell.value),
        weight: encodeNumber(cell.weight),
      })),
      baselines: rows(shard.baselines).map(([loadBucket, cost, statistics]) => ({
        loadBucket,
        cost,
        ...encodeStatistics(statistics),
      })),
      load: encodeStatistics(shard.load),
      defaultSamples: shard.defaultSamples,
      settled: [...shard.settled],
      followed: shard.followed,
      asked: shard.asked,
      ...encodeEvidence(shard),
    },
  });
}

/**
 * The spec of an observation's PlacementModel.
 * @throws PerihelionError `PERI_MODEL_MALFORMED` as {@link encodeShard}
 */
export function encodeObservation(observation: Observation): ModelSpec {
  return checked({
    policyName: observation.policy,
    observation: {
      observedTime: encodeTime(observation.observedAt),
      targets: Object.entries(observation.targets).map(([name, target]) => ({
        name,
        health: target.health,
        ...optionalNumber('cpuRatio', target.cpuRatio),
        ...optionalNumber('memoryRatio', target.memoryRatio),
        ...optionalNumber('watts', target.watts),
      })),
      workloads: Object.entries(observation.workloads).map(([workload, seen]) => ({
        workload,
        ...(seen.loadBucket === undefined ? {} : { loadBucket: seen.loadBucket }),
        peers: [...seen.peers],
        ...optionalNumber('cpuCores', seen.cpuCores),
      })),
      ...(observation.powerCurves === undefined
        ? {}
        : { powerCurves: encodePowerCurves(observation.powerCurves) }),
    },
  });
}

/**
 * Reads the spec of a PlacementModel.
 * @throws PerihelionError `PERI_MODEL_MALFORMED`, naming the first unusable field
 */
export function decodeModel(namespace: string, spec: unknown): StoredModel {
  const parsed = validated(spec);
  const policy = parsed.policyName;
  if (parsed.shard !== undefined && parsed.workload !== undefined) {
    const shard = { namespace, policy, workload: parsed.workload, ...decodeShard(parsed.shard) };
    return { kind: 'shard', shard };
  }
  if (parsed.observation === undefined) throw malformed('spec', 'neither shard nor observation');
  return {
    kind: 'observation',
    observation: { namespace, policy, ...decodeObservation(parsed.observation) },
  };
}

function decodeShard(spec: ShardSpec): Omit<ModelShard, 'namespace' | 'policy' | 'workload'> {
  return {
    version: spec.version,
    episodes: spec.episodes,
    cells: table(
      spec.cells.map(({ state, action, value, weight }) => [
        state,
        action,
        { value: decodeNumber(value), weight: decodeNumber(weight) } satisfies StoredCell,
      ]),
    ),
    baselines: table(
      spec.baselines.map((row) => [row.loadBucket, row.cost, decodeStatistics(row)]),
    ),
    load: decodeStatistics(spec.load),
    defaultSamples: spec.defaultSamples,
    settled: spec.settled,
    followed: spec.followed,
    asked: spec.asked,
    ...decodeEvidence(spec),
  };
}

function decodeObservation(spec: ObservationSpec): Omit<Observation, 'namespace' | 'policy'> {
  const observedAt = Date.parse(spec.observedTime);
  if (Number.isNaN(observedAt)) throw malformed('spec.observation.observedTime', 'no time');
  const targets = spec.targets.map(({ name, health, cpuRatio, memoryRatio, watts }) => {
    const seen: TargetObservation = {
      health,
      cpuRatio: optionalDecoded(cpuRatio),
      memoryRatio: optionalDecoded(memoryRatio),
      watts: optionalDecoded(watts),
    };
    return [name, seen] as const;
  });
  const workloads = spec.workloads.map(({ workload, loadBucket, peers, cpuCores }) => {
    const cores = optionalDecoded(cpuCores);
    const seen: WorkloadObservation = {
      loadBucket,
      peers,
      ...(cores === undefined ? {} : { cpuCores: cores }),
    };
    return [workload, seen] as const;
  });
  return {
    observedAt,
    targets: Object.fromEntries(targets),
    workloads: Object.fromEntries(workloads),
    ...(spec.powerCurves === undefined ? {} : { powerCurves: decodePowerCurves(spec.powerCurves) }),
  };
}

function optionalDecoded(text: string | undefined): number | undefined {
  return text === undefined ? undefined : decodeNumber(text);
}

function optionalNumber<K extends string>(
  name: K,
  value: number | undefined,
): Partial<Record<K, string>> {
  return value === undefined ? {} : ({ [name]: encodeNumber(value) } as Partial<Record<K, string>>);
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

/** RFC 3339 with milliseconds. */
function encodeTime(milliseconds: number): string {
  const time = new Date(Math.round(milliseconds));
  if (Number.isNaN(time.getTime()) || milliseconds < 0) {
    throw malformed('observedAt', `${milliseconds} is no time`);
  }
  return time.toISOString();
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

function checked(spec: ModelSpec): ModelSpec {
  const bytes = Buffer.byteLength(JSON.stringify(spec));
  if (bytes > MODEL_LIMITS.specBytes) {
    throw malformed('spec', `${bytes} bytes; at most ${MODEL_LIMITS.specBytes}`);
  }
  return validated(spec);
}

function validated(spec: unknown): ModelSpec {
  const result = modelSpecSchema.safeParse(spec);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw malformed(['spec', ...(issue?.path ?? [])].map(String).join('.'), issue?.message ?? '');
}
