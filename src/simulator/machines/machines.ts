// SPDX-License-Identifier: Apache-2.0
import { concaveCurve, type PowerCurve } from './power-curve.ts';

/** One machine of a simulated cluster. */
export interface Machine {
  /** Node name; also its `kubernetes.io/hostname`. */
  readonly name: string;
  /** What it is, for people. */
  readonly model: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** Speed of one core against the reference core. */
  readonly speed: number;
  /** CPU of kubelet, runtime and kernel, cores; taken from what Pods can use. */
  readonly systemCores: number;
  readonly curve: PowerCurve;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly effect: string }[];
}

const GIB = 2 ** 30;

/** Assumed: what an idle worker with kubelet, runtime and exporters spends. */
const SYSTEM_CORES = 0.1;

/** Throughput of one core of the reference machine (2 x Xeon E5-2660: 1280 kops, 16 cores). */
const REFERENCE_KOPS_PER_CORE = 1280 / 16;

function equal(name: string, controlPlane: boolean): Machine {
  return {
    name,
    model: 'equal-8-core',
    cores: 8,
    memoryBytes: 32 * GIB,
    speed: 1,
    systemCores: SYSTEM_CORES,
    curve: concaveCurve(40, 160),
    labels: controlPlane ? { 'node-role.kubernetes.io/control-plane': '' } : {},
    taints: controlPlane
      ? [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }]
      : [],
  };
}

/**
 * Three equal 8-core machines, one of them the master that takes no Pods. Power: the concave
 * shape of PEAKS' node B rescaled to 40 W idle and 160 W full.
 */
export const SEED_MACHINES: readonly Machine[] = [
  equal('master', true),
  equal('worker-1', false),
  equal('worker-2', false),
];

/** A whole machine of SPECpower_ssj2008: `kops` is its throughput at 100 %. */
interface Measured {
  readonly name: string;
  readonly model: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly kops: number;
  readonly curve: PowerCurve;
}

function measured(machine: Measured): Machine {
  return {
    name: machine.name,
    model: machine.model,
    cores: machine.cores,
    memoryBytes: machine.memoryGib * GIB,
    speed: machine.kops / machine.cores / REFERENCE_KOPS_PER_CORE,
    systemCores: SYSTEM_CORES,
    curve: machine.curve,
    labels: {},
    taints: [],
  };
}

/**
 * Three real servers, whole and unscaled, whose watts at every 10 % are published: two small and
 * thrifty ones and an older, larger one that spends about 2.5 times the energy per operation.
 * The stock scheduler, which looks at free capacity alone, prefers the large one.
 */
export const MIXED_MACHINES: readonly Machine[] = [
  measured({
    name: 'tx1320',
    model: 'fujitsu-tx1320-m2',
    cores: 4,
    memoryGib: 16,
    kops: 478,
    curve: [11.6, 16, 18.4, 20.4, 22.6, 25, 28.1, 31.4, 35.8, 40.2, 44.7],
  }),
  measured({
    name: 'r240',
    model: 'dell-r240',
    cores: 6,
    memoryGib: 32,
    kops: 856,
    curve: [20, 25.1, 28.5, 32.3, 36.6, 41.7, 47.5, 55.9, 67.2, 81, 93.1],
  }),
  measured({
    name: 'r710',
    model: 'dell-r710',
    cores: 12,
    memoryGib: 12,
    kops: 910,
    curve: [64, 104, 116, 126, 137, 148, 158, 173, 190, 210, 232],
  }),
];
