// SPDX-License-Identifier: Apache-2.0
import { decodeNumber, encodeNumber, malformed } from './numbers.ts';
import type {
  LastCpuCost,
  TargetObservation,
  TargetSpeed,
  WorkloadObservation,
} from './observation.ts';

interface SpeedSpec {
  readonly ratio: string;
  readonly weight: string;
}

interface CpuCostSpec {
  readonly target: string;
  readonly secondsPerRequest: string;
  readonly weight: string;
}

/** The speed of a target, as a field of its row; none where it is not known. */
export function encodeSpeed({ speed }: TargetObservation): { speed?: SpeedSpec } {
  if (speed === undefined) return {};
  return { speed: { ratio: encodeNumber(speed.ratio), weight: encodeNumber(speed.weight) } };
}

/** @throws PerihelionError `PERI_MODEL_MALFORMED` for a ratio that is not above 0 */
export function decodeSpeed(spec: SpeedSpec | undefined): { speed?: TargetSpeed } {
  if (spec === undefined) return {};
  return { speed: { ratio: above0(spec.ratio, 'ratio'), weight: decodeNumber(spec.weight) } };
}

/** What a workload took where it ran last, as a field of its row; none where it is not known. */
export function encodeCpuCost({ cpuCost }: WorkloadObservation): { cpuCost?: CpuCostSpec } {
  if (cpuCost === undefined) return {};
  const { target, secondsPerRequest, weight } = cpuCost;
  return {
    cpuCost: {
      target,
      secondsPerRequest: encodeNumber(secondsPerRequest),
      weight: encodeNumber(weight),
    },
  };
}

/** @throws PerihelionError `PERI_MODEL_MALFORMED` for a cost or a weight that is not above 0 */
export function decodeCpuCost(spec: CpuCostSpec | undefined): { cpuCost?: LastCpuCost } {
  if (spec === undefined) return {};
  return {
    cpuCost: {
      target: spec.target,
      secondsPerRequest: above0(spec.secondsPerRequest, 'secondsPerRequest'),
      weight: above0(spec.weight, 'weight'),
    },
  };
}

function above0(text: string, field: string): number {
  const value = decodeNumber(text);
  if (!(value > 0)) throw malformed(`spec.observation ${field}`, `found ${text}, expected above 0`);
  return value;
}
