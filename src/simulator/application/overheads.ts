// SPDX-License-Identifier: Apache-2.0
import type { DelayQuantiles } from '#simulator/random/law.ts';

/** What the network and the mesh add to every call. Sources: docs/explanation/simulator.md. */
export interface Overheads {
  /** Round trip between two Pods of one node, seconds. */
  readonly sameNodeRoundTripSeconds: number;
  /** Round trip between Pods of different nodes, and from the client, seconds. */
  readonly otherNodeRoundTripSeconds: number;
  /** Extra CPU at each end of a call that crosses nodes, reference core-seconds. */
  readonly crossNodeCpuSeconds: number;
  /** CPU of one proxy side for one HTTP or gRPC call, reference core-seconds. */
  readonly sidecarHttpCpuSeconds: number;
  /** CPU of one proxy side for one TCP exchange, reference core-seconds. */
  readonly sidecarTcpCpuSeconds: number;
  /** Delay that the two proxies of an HTTP or gRPC call add together. */
  readonly sidecarDelay: DelayQuantiles;
  /** Share of {@link sidecarDelay} that a TCP exchange sees. */
  readonly sidecarTcpDelayFactor: number;
  /**
   * Co-location: a burst costs `1 + slope * b` times its CPU, where b is the share of the node's
   * cores that other Pods keep busy when it starts. 0 (the default) = Pods do not disturb each other.
   */
  readonly interferenceSlope: number;
}

/** Defaults: vxlan network rows, Istio 1.24 sidecars. */
export const DEFAULT_OVERHEADS: Overheads = {
  sameNodeRoundTripSeconds: 90e-6,
  otherNodeRoundTripSeconds: 250e-6,
  crossNodeCpuSeconds: 20e-6,
  sidecarHttpCpuSeconds: 200e-6,
  sidecarTcpCpuSeconds: 50e-6,
  sidecarDelay: { medianSeconds: 0.5e-3, p99Seconds: 1.9e-3 },
  sidecarTcpDelayFactor: 0.25,
  interferenceSlope: 0,
};

/** No network, no mesh: for comparing with queueing theory. */
export const NO_OVERHEADS: Overheads = {
  sameNodeRoundTripSeconds: 0,
  otherNodeRoundTripSeconds: 0,
  crossNodeCpuSeconds: 0,
  sidecarHttpCpuSeconds: 0,
  sidecarTcpCpuSeconds: 0,
  sidecarDelay: { medianSeconds: 0, p99Seconds: 0 },
  sidecarTcpDelayFactor: 0,
  interferenceSlope: 0,
};
