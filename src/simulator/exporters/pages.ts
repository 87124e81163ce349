// SPDX-License-Identifier: Apache-2.0
import type { Application } from '#simulator/application/application.ts';
import type { EnergyMeter } from '#simulator/machines/energy-meter.ts';
import type { Engine } from '#simulator/engine/engine.ts';
import type { Meter } from '#simulator/machines/meter.ts';
import { istioPage, waypointPage } from './istio.ts';
import { keplerPage } from './kepler.ts';
import { keplerOldPage } from './kepler-old.ts';
import type { Kubelet } from '#simulator/control/kubelet.ts';
import type { Machine } from '#simulator/machines/machines.ts';
import { WAYPOINT, type MeshKind } from '#simulator/application/mesh.ts';
import { nodeExporterPage } from './node.ts';

/** What the pages show. */
export interface PageParts {
  readonly application: Application;
  readonly machines: readonly Machine[];
  readonly engine: Engine;
  readonly meter: EnergyMeter;
  readonly kubelet: Kubelet;
  readonly mesh: MeshKind;
  /** Which generation of Kepler runs. */
  readonly kepler: Meter;
  /** Part of a Pod's CPU that is its proxy's, by service. */
  readonly proxyShares: ReadonlyMap<string, number>;
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
    const pods = kubelet.onNode(name);
    if (this.#parts.kepler === 'KeplerNew') return keplerPage({ node, pods, terminated, cpuModel });
    const { mesh, proxyShares } = this.#parts;
    return keplerOldPage({ node, pods, cpuModel, sidecar: mesh === 'sidecar', proxyShares });
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
      const { namespace } = pod;
      const { services } = application;
      if (this.#parts.mesh === 'waypoint' && service.name === WAYPOINT) {
        return waypointPage({ namespace, services, relayed: engine.pods.relayed[pod.slot] });
      }
      return istioPage({
        namespace,
        service,
        services,
        inbound: engine.pods.inbound.of(pod.slot),
        outbound: engine.pods.outbound.of(pod.slot),
      });
    }
    return undefined;
  }
}
