// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Api, WatchEvent } from './api.ts';
import { Exposition } from './exposition.ts';
import { istioText, keplerText, nodeExporterText } from './exporters.ts';
import { advance, newMachine } from './load-model.ts';
import type { Machine, ServingPod, Traffic } from './load-model.ts';
import { isServing } from './objects.ts';
import type { Pod } from './objects.ts';
import { listenOnLoopback } from './ports.ts';
import type { PowerCurve } from './power-curve.ts';

/** What the world is made of. */
export interface WorldSpec {
  readonly api: Api;
  readonly machines: readonly {
    readonly name: string;
    readonly cores: number;
    readonly curve: PowerCurve;
  }[];
  /** By `namespace/workload`; the workload of a Pod is its label `app`. */
  readonly traffic: Readonly<Record<string, Traffic>>;
  readonly seed: number;
  /** Pods of other namespaces are not measured; default: those of all are. */
  readonly namespaces?: readonly string[];
}

const TICK_MILLISECONDS = 100;

/**
 * What the machines and services do while the cluster runs. Where a Pod is comes from the API
 * server alone, so that telemetry follows what the scheduler did and not what anyone asked for.
 */
export class World {
  readonly #machines: Map<string, Machine>;
  readonly #pods = new Map<string, ServingPod>();
  readonly #spec: WorldSpec;
  readonly #silent = new Set<string>();
  readonly #random: () => number;
  readonly #server: Server;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #last = performance.now();
  #port = 0;

  constructor(spec: WorldSpec) {
    this.#spec = spec;
    this.#machines = new Map(
      spec.machines.map(({ name, cores, curve }) => [name, newMachine(name, cores, curve)]),
    );
    this.#random = generator(spec.seed);
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  /** Starts the exporters and the clock; resolves once they listen. */
  async start(): Promise<void> {
    this.#port = await listenOnLoopback(this.#server);
    void this.#spec.api.follow<Pod>('/api/v1/pods', this.#stop.signal, (event) =>
      this.#told(event),
    );
    this.#last = performance.now();
    this.#timer = setInterval(() => this.#advance(), TICK_MILLISECONDS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Where the exporters are, without a path. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Gives each machine another power curve from now on. */
  setCurves(curves: Readonly<Record<string, PowerCurve>>): void {
    this.#advance();
    for (const [name, curve] of Object.entries(curves)) {
      const machine = this.#machines.get(name);
      if (machine === undefined) throw new Error(`no machine ${name}`);
      machine.curve = curve;
    }
  }

  /** From now on the exporters of this machine fail, as when their Pod is gone. */
  silence(name: string): void {
    this.#silent.add(name);
  }

  /** For messages: watts and utilisation by node. */
  describe(): string {
    return [...this.#machines.values()]
      .map(
        (one) => `${one.name} ${one.watts.toFixed(1)} W at ${(100 * one.utilisation).toFixed(0)} %`,
      )
      .join(', ');
  }

  #advance(): void {
    const now = performance.now();
    const seconds = (now - this.#last) / 1000;
    this.#last = now;
    advance(this.#machines, this.#pods.values(), {
      seconds,
      trafficOf: (pod) => this.#trafficOf(pod),
      random: this.#random,
    });
  }

  #trafficOf(pod: ServingPod): Traffic | undefined {
    return this.#spec.traffic[`${pod.namespace}/${pod.workload}`];
  }

  #told(event: WatchEvent<Pod>): void {
    const pod = event.object;
    const uid = pod.metadata.uid ?? '';
    const { namespaces } = this.#spec;
    if (namespaces !== undefined && !namespaces.includes(pod.metadata.namespace ?? '')) return;
    this.#advance();
    if (event.type === 'DELETED') {
      this.#pods.delete(uid);
      return;
    }
    const known = this.#pods.get(uid);
    if (known !== undefined) known.serving = isServing(pod);
    else if (isServing(pod)) this.#pods.set(uid, newServingPod(pod, uid));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const [first, second, third] = (request.url ?? '/').split('/').slice(1).map(decodeURIComponent);
    const machine = this.#machines.get(second ?? '');
    this.#advance();
    if (machine !== undefined && this.#silent.has(machine.name)) {
      send(response, 'gone\n', 'text/plain', 503);
    } else if (first === 'discovery')
      send(response, JSON.stringify(this.#targets(second ?? '')), 'application/json');
    else if (first === 'kepler' && machine !== undefined) {
      send(response, keplerText(machine, this.#podsOn(machine.name)));
    } else if (first === 'node-exporter' && machine !== undefined) {
      send(response, nodeExporterText(machine));
    } else if (first === 'sidecar') {
      const pod = this.#podNamed(second ?? '', third ?? '');
      if (pod === undefined) send(response, '', 'text/plain', 404);
      else send(response, istioText(pod, this.#trafficOf(pod)));
    } else send(response, 'not found\n', 'text/plain', 404);
  }

  #podsOn(node: string): ServingPod[] {
    return [...this.#pods.values()].filter((pod) => pod.node === node);
  }

  #podNamed(namespace: string, name: string): ServingPod | undefined {
    return [...this.#pods.values()].find((pod) => pod.namespace === namespace && pod.name === name);
  }

  /** Targets with the meta labels that Kubernetes service discovery would give them. */
  #targets(kind: string): object[] {
    const targets = [`127.0.0.1:${this.#port}`];
    if (kind === 'sidecars') {
      return [...this.#pods.values()].map((pod) => ({
        targets,
        labels: {
          __meta_kubernetes_namespace: pod.namespace,
          __meta_kubernetes_pod_name: pod.name,
          __meta_kubernetes_pod_node_name: pod.node,
          __meta_kubernetes_pod_label_app: pod.workload,
          __meta_kubernetes_pod_phase: 'Running',
          __meta_kubernetes_pod_ip: pod.podIP,
          __meta_kubernetes_pod_annotation_prometheus_io_scrape: 'true',
          __meta_kubernetes_pod_annotation_prometheus_io_path: `/sidecar/${pod.namespace}/${pod.name}/stats/prometheus`,
        },
      }));
    }
    return [...this.#machines.values()].map((machine) => ({
      targets,
      labels: {
        __meta_kubernetes_pod_node_name: machine.name,
        __metrics_path__: `/${kind}/${machine.name}/metrics`,
      },
    }));
  }
}

function newServingPod(pod: Pod, uid: string): ServingPod {
  const labels = pod.metadata.labels ?? {};
  return {
    uid,
    namespace: pod.metadata.namespace ?? '',
    name: pod.metadata.name,
    workload: labels['app'] ?? pod.metadata.name,
    node: pod.spec.nodeName ?? '',
    podIP: pod.status?.podIP ?? '',
    labels,
    serving: true,
    ...{ joules: 0, watts: 0, coreSeconds: 0, succeeded: 0, failed: 0, durationSum: 0 },
    durations: [],
    owed: 0,
  };
}

function send(
  response: ServerResponse,
  text: string,
  type = Exposition.contentType,
  status = 200,
): void {
  response.writeHead(status, { 'content-type': type }).end(text);
}

/** A small seeded generator of numbers in [0, 1): mulberry32. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
