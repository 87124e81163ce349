// SPDX-License-Identifier: Apache-2.0
import { InputError } from '#errors';
import type { Application } from '#simulator/application/application.ts';
import type { Load } from '#simulator/application/load.ts';
import type { Machine } from '#simulator/machines/machines.ts';
import type { MeshKind } from '#simulator/application/mesh.ts';
import type { Meter } from '#simulator/machines/meter.ts';
import type { Overheads } from '#simulator/application/overheads.ts';

/** What {@link createCluster} can be told; only the first three have no default. */
export interface ClusterOptions {
  readonly application: Application;
  readonly machines: readonly Machine[];
  /** The same seed gives the same cluster, Pods, requests and numbers. */
  readonly seed: number;
  /** Default: an open stream of 500 requests per second. */
  readonly load?: Load;
  /** Namespace of the application; default `hotel-res`. */
  readonly namespace?: string;
  /** Further labels of that namespace. */
  readonly namespaceLabels?: Readonly<Record<string, string>>;
  /** Virtual time at the start, milliseconds since the epoch, whole seconds. */
  readonly startTime?: number;
  /** Multiplies every CPU time of the application; default 1. */
  readonly cpuScale?: number;
  /** Network and mesh; default: vxlan and Istio 1.24. */
  readonly overheads?: Partial<Overheads>;
  /** Where proxies are; default `sidecar`. Without any there are no Istio metrics. */
  readonly mesh?: MeshKind;
  /** Which generation of Kepler runs on the nodes; default `KeplerNew` (from 0.10 on). */
  readonly meter?: Meter;
  /** Whether upstream's CPU limits of one core per Pod are in force; default false. */
  readonly cpuLimits?: boolean;
  /** From binding to Ready, virtual seconds; default 1. */
  readonly startUpSeconds?: number;
  /** From deletion to the end of a Pod, virtual seconds; default 0.5. */
  readonly terminationSeconds?: number;
  /** Metering interval, virtual seconds; default 0.25. */
  readonly meterSeconds?: number;
  /** Memory of Kepler's watts gauges, virtual seconds; default 5. */
  readonly gaugeSeconds?: number;
  /** Changes that watches can reach back; default 20000. */
  readonly historyLimit?: number;
  /** Wall-clock milliseconds, for the durations of webhook calls. */
  readonly wallClock?: () => number;
}

/** Options with every default filled in. */
export type CompleteOptions = Required<Omit<ClusterOptions, 'overheads'>> & {
  readonly overheads: Partial<Overheads>;
};

/**
 * Fills in the defaults.
 *
 * @throws InputError `PERI_SIMULATION_INVALID`
 */
export function completeOptions(options: ClusterOptions): CompleteOptions {
  const complete: CompleteOptions = {
    load: { kind: 'open', requestsPerSecond: 500 },
    namespace: 'hotel-res',
    namespaceLabels: {},
    startTime: Date.UTC(2026, 0, 1),
    cpuScale: 1,
    mesh: 'sidecar',
    meter: 'KeplerNew',
    cpuLimits: false,
    startUpSeconds: 1,
    terminationSeconds: 0.5,
    meterSeconds: 0.25,
    gaugeSeconds: 5,
    historyLimit: 20_000,
    wallClock: () => performance.now(),
    overheads: {},
    ...options,
  };
  const positive = ['meterSeconds', 'gaugeSeconds', 'historyLimit'] as const;
  for (const field of positive) {
    if (!(complete[field] > 0)) throw invalid(field, complete[field], 'a number above 0');
  }
  for (const field of ['startUpSeconds', 'terminationSeconds'] as const) {
    if (!(complete[field] >= 0)) throw invalid(field, complete[field], 'a number of at least 0');
  }
  if (!Number.isInteger(complete.seed)) throw invalid('seed', complete.seed, 'a whole number');
  if (complete.machines.length === 0) throw invalid('machines', [], 'at least one machine');
  for (const machine of complete.machines) {
    if (!(machine.cores > machine.systemCores) || !(machine.speed > 0)) {
      throw invalid(`machines.${machine.name}`, machine, 'cores above systemCores, speed above 0');
    }
  }
  return complete;
}

function invalid(field: string, found: unknown, expected: string): InputError {
  return new InputError('PERI_SIMULATION_INVALID', field, found, expected);
}
