// SPDX-License-Identifier: Apache-2.0
import type { WorkloadKey } from '#cluster/objects/workload.ts';

/** Health of a target's telemetry: only `healthy` may be preferred. */
export type TargetHealth =
  'healthy' | 'absent' | 'stale' | 'not-a-number' | 'zero' | 'fake' | 'absurd';

/** What the learner last saw of one target. */
export interface TargetObservation {
  readonly health: TargetHealth;
  /** Mean CPU utilisation of its nodes, 0..1; undefined = unknown. */
  readonly cpuRatio: number | undefined;
  /** Mean memory utilisation of its nodes, 0..1; undefined = unknown. */
  readonly memoryRatio: number | undefined;
  /** Power of its nodes together; undefined = unknown. */
  readonly watts: number | undefined;
  /** How fast its cores are, as learned; absent = nothing known yet. */
  readonly speed?: TargetSpeed | undefined;
}

/** How fast the cores of a target are; see `src/learner/observation/target-speed.ts`. */
export interface TargetSpeed {
  /** Work of a core there against that of other targets, around 1; above 0. */
  readonly ratio: number;
  /** Samples that it is worth. */
  readonly weight: number;
}

/** CPU seconds by request of a workload at the target where it ran last. */
export interface LastCpuCost {
  readonly target: string;
  /** Of the cores there; mean over the windows since it came; above 0. */
  readonly secondsPerRequest: number;
  /** Windows behind it. */
  readonly weight: number;
}

/** What the learner last saw of one workload. */
export interface WorkloadObservation {
  /** Load against its own history; undefined = unknown. */
  readonly loadBucket: 'low' | 'normal' | 'high' | undefined;
  /** Workloads it calls or is called by, from Istio. */
  readonly peers: readonly WorkloadKey[];
  /** Mean CPU use of one of its Pods, cores of the node it ran on; undefined = unknown. */
  readonly cpuCores?: number | undefined;
  /** The same, in cores of a target of speed 1; undefined = as {@link cpuCores}. */
  readonly referenceCores?: number | undefined;
  /** What the speed of targets is learned from; absent = never measured. */
  readonly cpuCost?: LastCpuCost | undefined;
  /** What is saved is known, so that fewer of its Pods are held out; absent = it is not. */
  readonly holdoutRests?: true | undefined;
}

/** One point of a node's learned power curve; see `src/reward/power-curve.ts`. */
export interface StoredPowerPoint {
  /** 0..1. */
  readonly utilisation: number;
  readonly watts: number;
  readonly weight: number;
}

/** Published by the leader beside the shards; read by every replica. */
export interface Observation {
  readonly namespace: string;
  readonly policy: string;
  readonly observedAt: number;
  readonly targets: Readonly<Record<string, TargetObservation>>;
  readonly workloads: Readonly<Record<WorkloadKey, WorkloadObservation>>;
  /** Learned power curves by node; absent = the policy does not need them. */
  readonly powerCurves?: Readonly<Record<string, readonly StoredPowerPoint[]>> | undefined;
}
