// SPDX-License-Identifier: Apache-2.0
import type { KubeObject } from '#simulator/kube/kube.ts';
import type { Reading } from '#telemetry/reading/reading.ts';
import type { PodLatency, Window } from '#telemetry/reading/source.ts';

/** What the telemetry of a shop is the truth of. */
export interface Measured {
  /** Requests per second of the workload. */
  readonly rate: number;
  /** Requests per second that one replica can serve. */
  readonly capacity: number;
  /** Joules per request by node. */
  readonly price: Readonly<Record<string, number>>;
  readonly pods: () => KubeObject[];
}

/** Telemetry whose truth is known. */
export class ShopTelemetry {
  readonly #shop: Measured;

  constructor(shop: Measured) {
    this.#shop = shop;
  }

  /** A Pod costs its requests, 4 W of its own, and 200 J for its start. */
  power(window: Window) {
    const seconds = (window.to - window.from) / 1000;
    const pods = this.#shop.pods();
    const attributed: Record<string, number> = {};
    const podJoules = new Map<string, Reading>();
    for (const pod of pods) {
      const node = String(pod.spec?.['nodeName']);
      const born = Date.parse(pod.metadata.creationTimestamp ?? '');
      const started = born >= window.from - 1000 && born < window.to ? 200 : 0;
      const served =
        (this.#shop.rate / pods.length) * seconds * (this.#shop.price[node] ?? 1) * 0.1;
      const joules = served + 4 * seconds + started;
      attributed[node] = (attributed[node] ?? 0) + joules;
      podJoules.set(pod.metadata.uid ?? '', this.#measured(joules, window));
    }
    const perNode = (value: (node: string) => number) =>
      new Map(
        Object.keys(this.#shop.price).map(
          (node) => [node, this.#measured(value(node), window)] as const,
        ),
      );
    return {
      podJoules,
      attributedJoules: perNode((node) => attributed[node] ?? 0),
      nodeWatts: perNode((node) => 100 + (attributed[node] ?? 0) / seconds),
    };
  }

  /** Latency grows as the replicas fill up. */
  latency(window: Window) {
    const seconds = (window.to - window.from) / 1000;
    const pods = this.#shop.pods();
    const use = this.#shop.rate / (pods.length * this.#shop.capacity);
    const p99 = use >= 0.97 ? 2000 : 20 / (1 - use);
    const one = (): PodLatency => ({
      requests: this.#measured((this.#shop.rate / pods.length) * seconds, window),
      p50Milliseconds: this.#measured(p99 / 4, window),
      p99Milliseconds: this.#measured(p99, window),
      errorRatio: this.#measured(0, window),
    });
    return {
      pods: new Map(pods.map((pod) => [`shop/${pod.metadata.name ?? ''}`, one()])),
      edges: [],
    };
  }

  /** Every node is used by three tenths. */
  load(window: Window) {
    const half = this.#measured(0.3, window);
    return new Map(
      Object.keys(this.#shop.price).map((node) => [node, { cpuRatio: half, memoryRatio: half }]),
    );
  }

  #measured(value: number, window: Window): Reading {
    const windowSeconds = (window.to - window.from) / 1000;
    return {
      kind: 'measured',
      value,
      windowSeconds,
      samples: 6,
      ageSeconds: 5,
      quality: 'measured',
    };
  }
}
