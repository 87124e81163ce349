// SPDX-License-Identifier: Apache-2.0
import type { Reading } from './reading.ts';

/** A closed time interval, milliseconds since the epoch. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** Energy and power of one window. A node or Pod that is not in a map is absent. */
export interface PowerWindow {
  /** Mean power by node name, watts, one zone only. */
  readonly nodeWatts: ReadonlyMap<string, Reading>;
  /** Energy by Pod UID, joules, counter differences (never rates). */
  readonly podJoules: ReadonlyMap<string, Reading>;
  /** Sum of all Pods' attributed joules by node name: the denominator of amortised accounting. */
  readonly attributedJoules: ReadonlyMap<string, Reading>;
  /** The meter that was read. */
  readonly meter?: string | undefined;
}

/**
 * What readings of requests speak of. `workload`: a waypoint tells only of all its Pods together,
 * each is given an equal share of the requests and the quantiles of all. `application`: the Pod
 * serves no requests of its own (a database); the readings are those of the application.
 */
export type LatencyScope = 'pod' | 'workload' | 'application';

/** Requests served by one Pod, or by what it belongs to, in one window. */
export interface PodLatency {
  /** Undefined = `pod`. */
  readonly scope?: LatencyScope | undefined;
  /** As the mesh names its workload; undefined = it does not tell. */
  readonly workload?: string | undefined;
  /** Completed requests, a count in the window. */
  readonly requests: Reading;
  readonly p50Milliseconds: Reading;
  readonly p99Milliseconds: Reading;
  /** Share of failed requests, 0..1 (5xx, no response, failing gRPC codes). */
  readonly errorRatio: Reading;
}

/** Who calls whom, from `source_workload` and `destination_workload`. */
export interface Edge {
  readonly namespace: string;
  readonly source: string;
  readonly destination: string;
  readonly requests: number;
}

/** Latency of one window, by `namespace/podName`. */
export interface LatencyWindow {
  readonly pods: ReadonlyMap<string, PodLatency>;
  readonly edges: readonly Edge[];
  /** Readings by `namespace/workload` where a waypoint tells no more than that. */
  readonly workloads?: ReadonlyMap<string, PodLatency> | undefined;
  /** Pods with connections and no requests, by `namespace/podName`. */
  readonly tcpOnly?: ReadonlyMap<string, TcpOnly> | undefined;
  /** The meshes that were read. */
  readonly meshes?: readonly string[] | undefined;
}

/** A Pod of which only connections are seen: it speaks no HTTP, or nothing here reads it. */
export interface TcpOnly {
  /** As the mesh names its workload. */
  readonly workload: string;
  /** `ztunnel` never sees requests; a sidecar would if there were any. */
  readonly seenBy: 'sidecar' | 'ztunnel';
}

/** Utilisation of one node in one window, 0..1. */
export interface NodeLoad {
  readonly cpuRatio: Reading;
  readonly memoryRatio: Reading;
}

/**
 * Sources answer for all Pods and nodes at once: the number of queries for one window is constant
 * and does not grow with the cluster. They reject with `PERI_TELEMETRY_UNAVAILABLE` only if
 * nothing could be learned at all; a partial answer is an answer. `staleAfterSeconds` is how old
 * the newest sample may be at either end of the window, by the policy that asks; undefined = 60.
 */
export interface PowerSource {
  /** @param meter name of a preset; undefined = as the settings say. Of an unknown one: nothing. */
  power(window: Window, meter?: string, staleAfterSeconds?: number): Promise<PowerWindow>;
}

/** See {@link PowerSource}. */
export interface LatencySource {
  /** @param mesh name of a preset; undefined = as the settings say. Of an unknown one: nothing. */
  latency(window: Window, mesh?: string, staleAfterSeconds?: number): Promise<LatencyWindow>;
}

/** See {@link PowerSource}. By node name. */
export interface LoadSource {
  load(window: Window, staleAfterSeconds?: number): Promise<ReadonlyMap<string, NodeLoad>>;
}

/** Carbon intensity of electricity, grams of CO2 equivalents per kilowatt-hour, by node. */
export interface CarbonSource {
  /** Never rejects: where nobody tells, the reading says why. */
  intensity(window: Window): Promise<ReadonlyMap<string, Reading>>;
}
