// SPDX-License-Identifier: Apache-2.0
import type { PodEnergy } from '#simulator/machines/energy-meter.ts';

/** A Pod bound to a node: what joins its API object, its engine slot and its energy. */
export interface RunningPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** Name of its service; undefined where it is no part of the application. */
  readonly service: string | undefined;
  readonly nodeName: string;
  /** Engine slot; -1 where it runs nothing. */
  readonly slot: number;
  readonly energy: PodEnergy;
  /** `prometheus.io/path`, where its metrics are served. */
  readonly metricsPath: string | undefined;
}
