// SPDX-License-Identifier: Apache-2.0
import type { Application } from './application.ts';
import type { EnergyMeter } from './energy-meter.ts';
import type { Engine } from './engine.ts';
import { istioPage } from './istio-exporter.ts';
import { keplerPage } from './kepler-exporter.ts';
import type { Kubelet } from './kubelet.ts';
import type { Machine } from './machines.ts';
import { nodeExporterPage } from './node-exporter.ts';
import type { Traffic } from './traffic.ts';

/** What the pages show. */
export interface PageParts {
  readonly application: Application;
  readonly machines: readonly Machine[];
  readonly engine: Engine;
  readonly meter: EnergyMeter;
  readonly kubelet: Kubelet;
}

/**
 * Metrics pages by path: `/nodes/NODE/kepler/metrics`, `/nodes/NODE/node-exporter/metrics` and
 * the `prometheus.io/path` of every running Pod that has a proxy.
 */
export class Pages {
  readonly #parts: PageParts;

  constructor(parts: PageParts) {
    this.#parts = parts;
  }

  /** The page now; undefined where there is none. */
  page(path: string): string | undefined {
    const match = /^\/nodes\/([^/]+)\/(kepler|node-exporter)\/metrics$/.exec(path);
    if (match === null) return this.#proxyPage(path);
    const node = match[1] ?? '';
    return match[2] === 'kepler' ? this.#keplerPage(node) : this.#nodePage(node);
  }

  #keplerPage(name: string): string | undefined {
    const { meter, machines, kubelet } = this.#parts;
    const index = machines.findIndex((machine) => machine.name === name);
    const node = meter.nodes[index];
    if (node === undefined) return undefined;
    const terminated = kubelet.terminated.get(name) ?? [];
    kubelet.terminated.delete(name);
    const cpuModel = machines[index]?.model ?? '';
    return keplerPage({ node, pods: kubelet.onNode(name), terminated, cpuModel });
  }

  #nodePage(name: string): string | undefined {
    const { meter, machines, kubelet, engine } = this.#parts;
    const index = machines.findIndex((machine) => machine.name === name);
    const node = meter.nodes[index];
    const machine = machines[index];
    if (node === undefined || machine === undefined) return undefined;
    return nodeExporterPage({
      node,
      memoryBytes: machine.memoryBytes,
      pods: kubelet.onNode(name).length,
      upSeconds: engine.now,
    });
  }

  #proxyPage(path: string): string | undefined {
    const { kubelet, application, engine } = this.#parts;
    for (const pod of kubelet.running.values()) {
      if (pod.metricsPath !== path || pod.slot < 0) continue;
      const service = application.services.find((candidate) => candidate.name === pod.service);
      if (service === undefined) return undefined;
      return istioPage({
        namespace: pod.namespace,
        service,
        services: application.services,
        inbound: engine.pods.inbound[pod.slot] as Traffic,
        outbound: engine.pods.outbound[pod.slot] as Traffic,
      });
    }
    return undefined;
  }
}
