// SPDX-License-Identifier: Apache-2.0
import { asObject } from '#cluster/wire/json.ts';
import { PerihelionError } from '#errors';
import { decodeBefore, encodeBefore } from './before-codec.ts';
import { decodeCapacity, encodeCapacity } from './capacity-codec.ts';
import { decodeEnforced, encodeEnforced } from './enforcement-codec.ts';
import { decodeEvidence, encodeEvidence } from './evidence-codec.ts';
import { MODEL_LIMITS } from './limits.ts';
import type { ModelShard } from './model.ts';
import { decodeNumber, encodeNumber, malformed } from './numbers.ts';
import type { Observation, TargetObservation, WorkloadObservation } from './observation.ts';
import { decodePowerCurves, encodePowerCurves } from './power-curve-codec.ts';
import { MODEL_FORMAT, modelSpecSchema, SETTLED_UNTIL_FORMAT, type ModelSpec } from './schema.ts';
import { decodeCpuCost, decodeSpeed, encodeCpuCost, encodeSpeed } from './speed-codec.ts';
import {
  decodeBaselines,
  decodeCells,
  decodeStatistics,
  encodeBaselines,
  encodeCells,
  encodeStatistics,
} from './table-codec.ts';

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
  const { settledUntil } = shard;
  return checked({
    policyName: shard.policy,
    ...(settledUntil === undefined ? {} : { format: SETTLED_UNTIL_FORMAT }),
    workload: shard.workload,
    shard: {
      version: shard.version,
      episodes: shard.episodes,
      cells: encodeCells(shard.cells),
      baselines: encodeBaselines(shard.baselines),
      load: encodeStatistics(shard.load),
      defaultSamples: shard.defaultSamples,
      settled: [...shard.settled],
      ...(settledUntil === undefined ? {} : { settledUntil }),
      followed: shard.followed,
      asked: shard.asked,
      ...encodeEnforced(shard),
      ...encodeEvidence(shard),
      ...encodeCapacity(shard),
      ...(shard.unusedSince === undefined ? {} : { unusedSince: Math.round(shard.unusedSince) }),
      ...(shard.before === undefined ? {} : { before: encodeBefore(shard.before) }),
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
        ...encodeSpeed(target),
      })),
      workloads: Object.entries(observation.workloads).map(([workload, seen]) => ({
        workload,
        ...(seen.loadBucket === undefined ? {} : { loadBucket: seen.loadBucket }),
        peers: [...seen.peers],
        ...optionalNumber('cpuCores', seen.cpuCores),
        ...optionalNumber('referenceCores', seen.referenceCores),
        ...encodeCpuCost(seen),
        ...restsIf(seen.holdoutRests),
      })),
      ...(observation.powerCurves === undefined
        ? {}
        : { powerCurves: encodePowerCurves(observation.powerCurves) }),
    },
  });
}

/** The format that a raw spec says it has, before anything else of it is looked at. */
export function formatOf(spec: unknown): number {
  const { format } = asObject(spec);
  return typeof format === 'number' ? format : 1;
}

/**
 * Reads the spec of a PlacementModel.
 * @throws PerihelionError `PERI_MODEL_MALFORMED`, naming the first unusable field;
 *   `PERI_MODEL_NEWER` for a format of a newer version, and for one that came through an older
 *   definition, which drops what it does not know
 */
export function decodeModel(namespace: string, spec: unknown): StoredModel {
  const format = formatOf(spec);
  if (format > MODEL_FORMAT) {
    const text = `PlacementModel spec.format: ${format}; this version reads up to ${MODEL_FORMAT}`;
    throw new PerihelionError('PERI_MODEL_NEWER', text);
  }
  const parsed = validated(spec);
  const policy = parsed.policyName;
  if (parsed.shard !== undefined && parsed.workload !== undefined) {
    if (format === SETTLED_UNTIL_FORMAT && parsed.shard.settledUntil === undefined) {
      const text = `PlacementModel spec.shard.settledUntil: missing, and format ${format} has it; is the CustomResourceDefinition of this version?`;
      throw new PerihelionError('PERI_MODEL_NEWER', text);
    }
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
    cells: decodeCells(spec.cells),
    baselines: decodeBaselines(spec.baselines),
    load: decodeStatistics(spec.load),
    defaultSamples: spec.defaultSamples,
    settled: spec.settled,
    ...(spec.settledUntil === undefined ? {} : { settledUntil: spec.settledUntil }),
    followed: spec.followed,
    asked: spec.asked,
    ...decodeEnforced(spec),
    ...decodeEvidence(spec),
    ...decodeCapacity(spec),
    ...(spec.unusedSince === undefined ? {} : { unusedSince: spec.unusedSince }),
    ...(spec.before === undefined ? {} : { before: decodeBefore(spec.before) }),
  };
}

function decodeObservation(spec: ObservationSpec): Omit<Observation, 'namespace' | 'policy'> {
  const observedAt = Date.parse(spec.observedTime);
  if (Number.isNaN(observedAt)) throw malformed('spec.observation.observedTime', 'no time');
  const targets = spec.targets.map(({ name, health, cpuRatio, memoryRatio, watts, speed }) => {
    const seen: TargetObservation = {
      health,
      cpuRatio: optionalDecoded(cpuRatio),
      memoryRatio: optionalDecoded(memoryRatio),
      watts: optionalDecoded(watts),
      ...decodeSpeed(speed),
    };
    return [name, seen] as const;
  });
  const workloads = spec.workloads.map(({ workload, loadBucket, peers, ...row }) => {
    const cores = optionalDecoded(row.cpuCores);
    const reference = optionalDecoded(row.referenceCores);
    const seen: WorkloadObservation = {
      loadBucket,
      peers,
      ...(cores === undefined ? {} : { cpuCores: cores }),
      ...(reference === undefined ? {} : { referenceCores: reference }),
      ...decodeCpuCost(row.cpuCost),
      ...restsIf(row.holdoutRests),
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

function restsIf(rests: boolean | undefined): { holdoutRests?: true } {
  return rests === true ? { holdoutRests: true } : {};
}

function optionalNumber<K extends string>(
  name: K,
  value: number | undefined,
): Partial<Record<K, string>> {
  return value === undefined ? {} : ({ [name]: encodeNumber(value) } as Partial<Record<K, string>>);
}

/** RFC 3339 with milliseconds. */
function encodeTime(milliseconds: number): string {
  const time = new Date(Math.round(milliseconds));
  if (Number.isNaN(time.getTime()) || milliseconds < 0) {
    throw malformed('observedAt', `${milliseconds} is no time`);
  }
  return time.toISOString();
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
