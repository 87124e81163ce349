// SPDX-License-Identifier: Apache-2.0
import { InputError } from '#errors';
import type { Application } from '#simulator/application/application.ts';
import { Registry } from '#simulator/api/registry.ts';
import { findResource, resourceOfKind, type Resource } from '#simulator/api/resources.ts';
import { ApiServer } from '#simulator/api/server.ts';
import { Store } from '#simulator/api/store.ts';
import { WebhookClient } from '#simulator/api/webhook-client.ts';
import { WebhookDispatcher, type UserInfo, type WebhookCall } from '#simulator/api/webhooks.ts';
import { completeOptions, type ClusterOptions, type CompleteOptions } from './options.ts';
import { proxyShares } from '#simulator/application/container-shares.ts';
import { Deployments } from '#simulator/control/deployments.ts';
import { EnergyMeter } from '#simulator/machines/energy-meter.ts';
import { Engine } from '#simulator/engine/engine.ts';
import { ExporterServer } from '#simulator/exporters/server.ts';
import { beginInterval, endInterval, type IntervalStats } from '#simulator/engine/interval.ts';
import { Kubelet } from '#simulator/control/kubelet.ts';
import type { KubeObject } from '#simulator/kube/kube.ts';
import type { Load } from '#simulator/application/load.ts';
import { MESH_OVERHEADS, withWaypoint } from '#simulator/application/mesh.ts';
import { exporterPod, nodeObject } from '#simulator/machines/node-objects.ts';
import { DEFAULT_OVERHEADS, type Overheads } from '#simulator/application/overheads.ts';
import { Pages } from '#simulator/exporters/pages.ts';
import type { Pins } from '#simulator/application/pod-template.ts';
import { checkCurve, type PowerCurve } from '#simulator/machines/power-curve.ts';
import { compile } from '#simulator/engine/program.ts';
import { Random } from '#simulator/random/random.ts';
import { Timers } from '#simulator/events/timers.ts';

const ADMIN: UserInfo = { username: 'admin', groups: ['system:masters', 'system:authenticated'] };

const NAMESPACES = [
  'default',
  'kube-system',
  'kube-public',
  'kube-node-lease',
  'istio-system',
  'kepler',
  'monitoring',
];

/** How a deployment of the whole application goes. */
export interface DeployOptions {
  /** Order of the services; default: that of the manifests. */
  readonly order?: readonly string[];
  /** Awaited after the Pods of each service are created and bound. */
  readonly afterEach?: (service: string) => Promise<void> | void;
}

/** Makes a cluster that does not listen yet. @throws InputError `PERI_SIMULATION_INVALID` */
export function createCluster(options: ClusterOptions): EmbeddedCluster {
  return new EmbeddedCluster(completeOptions(options));
}

/**
 * A cluster in a box: Kubernetes API, scheduler, Pods under load, power, and the exporters, on
 * loopback ports and in virtual time. Virtual time moves only in {@link advance}.
 */
export class EmbeddedCluster {
  /** Calls of admission webhooks so far. */
  readonly webhookCalls: WebhookCall[] = [];
  readonly #options: CompleteOptions;
  /** With the proxies that the mesh puts into it. */
  readonly #application: Application;
  readonly #engine: Engine;
  readonly #meter: EnergyMeter;
  readonly #timers = new Timers();
  readonly #store: Store;
  readonly #registry: Registry;
  readonly #webhookClient: WebhookClient;
  readonly #kubelet: Kubelet;
  readonly #deployments: Deployments;
  readonly #api: ApiServer;
  readonly #exporters: ExporterServer;
  #ticks = 0;

  constructor(options: CompleteOptions) {
    this.#options = options;
    const { machines, seed } = options;
    const application =
      options.mesh === 'waypoint' ? withWaypoint(options.application) : options.application;
    this.#application = application;
    const overheads: Overheads = {
      ...DEFAULT_OVERHEADS,
      ...MESH_OVERHEADS[options.mesh],
      ...options.overheads,
    };
    const program = compile(application, options.cpuScale);
    const nodes = machines.map(({ cores, systemCores, speed }) => ({
      cores: cores - systemCores,
      speed,
    }));
    this.#engine = new Engine(program, nodes, overheads, seed);
    this.#engine.setLoad(options.load);
    this.#meter = new EnergyMeter(machines, options.gaugeSeconds);
    this.#store = new Store(options.historyLimit);
    this.#webhookClient = new WebhookClient(options.wallClock);
    const ids = new Random(seed, 'ids');
    const now = (): number => this.now();
    const dispatcher = new WebhookDispatcher({
      store: this.#store,
      client: this.#webhookClient,
      newId: () => this.#registry.uid(),
      onCall: (call) => this.webhookCalls.push(call),
    });
    this.#registry = new Registry(this.#store, dispatcher, now, ids);
    this.#deployments = new Deployments({
      store: this.#store,
      registry: this.#registry,
      application,
      namespace: options.namespace,
      template: () => ({
        cpuLimits: options.cpuLimits,
        mesh: options.mesh,
        metricsPort: this.#exporters.port,
      }),
      random: new Random(seed, 'hashes'),
      now,
    });
    this.#kubelet = new Kubelet({
      store: this.#store,
      engine: this.#engine,
      meter: this.#meter,
      timers: this.#timers,
      services: program.services,
      namespace: options.namespace,
      nodeNames: machines.map(({ name }) => name),
      lifeTimes: options,
      random: new Random(seed, 'scheduler'),
      now,
      onReady: (pod) => this.#deployments.podReady(pod),
      onGone: (pod) => this.#deployments.podGone(pod),
    });
    this.#api = new ApiServer(this.#store, this.#registry);
    const pages = new Pages({
      application,
      machines,
      engine: this.#engine,
      meter: this.#meter,
      kubelet: this.#kubelet,
      mesh: options.mesh,
      kepler: options.meter,
      proxyShares: proxyShares(application, overheads, options.cpuScale),
    });
    this.#exporters = new ExporterServer((path) => pages.page(path));
  }

  /** Listens, and creates Nodes, Namespaces and exporter Pods. */
  async start(): Promise<void> {
    await this.#exporters.listen();
    await this.#api.listen();
    const { namespace, namespaceLabels, machines } = this.#options;
    for (const name of new Set([...NAMESPACES, namespace])) {
      const labels = {
        'kubernetes.io/metadata.name': name,
        ...(name === namespace ? { 'istio-injection': 'enabled', ...namespaceLabels } : {}),
      };
      await this.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
    }
    for (const machine of machines) await this.apply(nodeObject(machine, this.now()));
    const { port } = this.#exporters;
    for (const { name: node } of machines) {
      const daemonSet = this.#options.meter === 'KeplerOld' ? 'kepler-exporter' : 'kepler';
      const kepler = { daemonSet, namespace: 'kepler' } as const;
      await this.apply(
        exporterPod({ ...kepler, node, port, path: `/nodes/${node}/kepler/metrics` }),
      );
      const exporter = { daemonSet: 'node-exporter', namespace: 'monitoring' } as const;
      await this.apply(
        exporterPod({ ...exporter, node, port, path: `/nodes/${node}/node-exporter/metrics` }),
      );
    }
    this.#timers.runDue(this.#engine.now);
  }

  /** Ends watches and connections and stops listening. */
  async stop(): Promise<void> {
    this.#webhookClient.close();
    await this.#api.close();
    await this.#exporters.close();
  }

  /** Address of the Kubernetes API. */
  get url(): string {
    return this.#api.url;
  }

  /**
   * A kubeconfig (JSON, which is YAML) for {@link url}. Clients refuse plain HTTP unless it says
   * that TLS is not to be verified; there is none on the loopback interface.
   */
  get kubeconfig(): string {
    const name = 'simulator';
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': name,
      clusters: [{ name, cluster: { server: this.url, 'insecure-skip-tls-verify': true } }],
      users: [{ name, user: {} }],
      contexts: [{ name, context: { cluster: name, user: name } }],
    });
  }

  /** Address of the exporters, without a path. */
  get exporterUrl(): string {
    return `http://127.0.0.1:${this.#exporters.port}`;
  }

  /** Latest resourceVersion of any object. */
  get resourceVersion(): string {
    return String(this.#store.revision);
  }

  /** Latest resourceVersion of one resource, e.g. `pods` or `deployments` in group `apps`. */
  resourceVersionOf(plural: string, group = ''): string {
    const resource = findResource(group, plural);
    return String(resource === undefined ? 0 : this.#store.revisionOf(resource));
  }

  /** Virtual time, milliseconds since the epoch. */
  now(): number {
    return this.#options.startTime + Math.round(this.#engine.now * 1000);
  }

  /**
   * Lets virtual time pass and tells what happened in it.
   *
   * @throws InputError `PERI_SIMULATION_INVALID`
   */
  advance(seconds: number): IntervalStats {
    if (!(seconds > 0) || !Number.isFinite(seconds)) {
      throw new InputError('PERI_SIMULATION_INVALID', 'seconds', seconds, 'a number above 0');
    }
    const engine = this.#engine;
    const start = beginInterval(engine, this.#meter);
    const end = engine.now + seconds;
    while (engine.now < end) {
      const tick = (this.#ticks + 1) * this.#options.meterSeconds;
      const next = Math.min(end, tick, this.#timers.next);
      engine.run(next);
      if (next >= tick) this.#ticks++;
      if (next >= tick || next >= end) this.#meter.measure(next, engine.pods);
      this.#timers.runDue(next);
    }
    return endInterval(start, engine, this.#meter);
  }

  /** Changes the load from now on. */
  setLoad(load: Load): void {
    this.#engine.setLoad(load);
  }

  /** Changes the power curve of a node from now on. @throws InputError */
  setNodeCurve(name: string, curve: PowerCurve): void {
    checkCurve(curve);
    const node = this.#meter.nodes.find((candidate) => candidate.name === name);
    if (node === undefined) {
      throw new InputError('PERI_SIMULATION_INVALID', 'node', name, 'a node that exists');
    }
    this.#meter.measure(this.#engine.now, this.#engine.pods);
    node.curve = curve;
  }

  /** Changes what users have written into the Pod templates; counts from the next rollout on. */
  setPins(pins: Pins): void {
    this.#deployments.setPins(pins);
  }

  /** Rolls one service out (again), its Pods through the webhooks. */
  async rollout(service: string): Promise<void> {
    await this.#deployments.rollout(service);
  }

  /** Creates (or restarts) every service, one after another, through the webhooks. */
  async deployAll(options: DeployOptions = {}): Promise<void> {
    for (const service of options.order ?? this.#application.manifestOrder) {
      await this.rollout(service);
      await options.afterEach?.(service);
    }
  }

  /** `kubectl rollout restart` of every service; the same as {@link deployAll} once deployed. */
  async restartAll(options: DeployOptions = {}): Promise<void> {
    await this.deployAll(options);
  }

  /** Nodes of the Pods of each service that are not being deleted, newest ReplicaSet or not. */
  placement(): Record<string, string[]> {
    const placement: Record<string, string[]> = {};
    for (const pod of this.#kubelet.running.values()) {
      if (pod.service === undefined) continue;
      const object = this.#store.get(podsResource(), pod.namespace, pod.name);
      if (object?.metadata.deletionTimestamp !== undefined) continue;
      (placement[pod.service] ??= []).push(pod.nodeName);
    }
    return placement;
  }

  /** Creates or replaces an object (kind and apiVersion set), as `kubectl apply` by an admin. */
  async apply(object: KubeObject): Promise<KubeObject> {
    const resource = resourceOfKind(object.apiVersion ?? '', object.kind ?? '');
    if (resource === undefined) {
      const found = `${object.apiVersion ?? ''} ${object.kind ?? ''}`;
      throw new InputError('PERI_SIMULATION_INVALID', 'kind', found, 'a kind that is served');
    }
    const { name = '', namespace = '' } = object.metadata;
    if (this.#store.get(resource, namespace, name) === undefined) {
      return this.#registry.create(resource, namespace, object, { user: ADMIN });
    }
    return this.#registry.update(resource, namespace, name, {
      part: 'object',
      apply: (current) => ({ ...current, ...object }),
    });
  }

  /** Objects of a resource as they are stored now. */
  objects(plural: string, group = ''): readonly KubeObject[] {
    const resource = findResource(group, plural);
    return resource === undefined ? [] : this.#store.list(resource);
  }

  /** Forgets the API's history: older watches and pages answer 410. */
  compact(): void {
    this.#api.compact();
  }

  /** Cuts all watches, as a restart of the API server would. */
  endWatches(): void {
    this.#api.endWatches();
  }
}

function podsResource(): Resource {
  const resource = findResource('', 'pods');
  if (resource === undefined) throw new Error('resource table lacks pods');
  return resource;
}
