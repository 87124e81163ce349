// SPDX-License-Identifier: Apache-2.0
import { pino } from 'pino';
import { Registry as Metrics } from 'prom-client';
import { encodeState } from '#agent/state-key.ts';
import { capacityPort } from '#cli/serve/capacity-port.ts';
import { KubeClient } from '#cluster/client.ts';
import { annotationsOf, subjectOf } from '#cluster/decision-codec.ts';
import { startInformers, type Informers } from '#cluster/informers.ts';
import type { ModelShard, StoredCell } from '#cluster/model.ts';
import { ModelStore } from '#cluster/model-store.ts';
import { writePolicyStatus } from '#cluster/policy-status.ts';
import { PooledKubeConfig } from '#cluster/pooled-kube-config.ts';
import { createCapacityMetrics } from '#learner/capacity-metrics.ts';
import type { CapacityRecord } from '#learner/capacity-record.ts';
import { createLearner, type Learner, type LearnerOptions } from '#learner/learner.ts';
import { createLearnerMetrics } from '#learner/metrics.ts';
import type { PlacementEvent } from '#learner/ports.ts';
import { emptyShard } from '#learner/shards.ts';
import { Registry } from '#simulator/api/registry.ts';
import { findResource, resourceOfKind } from '#simulator/api/resources.ts';
import { ApiServer } from '#simulator/api/server.ts';
import { Store } from '#simulator/api/store.ts';
import { WebhookClient } from '#simulator/api/webhook-client.ts';
import { WebhookDispatcher } from '#simulator/api/webhooks.ts';
import { kubeTime, type KubeObject } from '#simulator/kube.ts';
import { Random } from '#simulator/random.ts';
import type { Reading } from '#telemetry/reading.ts';
import type { PodLatency, Window } from '#telemetry/source.ts';

const USER = { username: 'admin', groups: ['system:masters'] };
const KEY = Buffer.from('a key for tests only');
export const WEB = 'Deployment/web';
const HOST = 'kubernetes.io/hostname';

/**
 * A shop on two nodes, behind the embedded API server: a Deployment whose controller follows its
 * number of replicas and replaces what is evicted, telemetry whose truth is known, and the real
 * learner with real clients over real sockets. Time is virtual.
 */
export class Shop {
  now = Date.parse('2026-01-05T00:00:00Z');
  /** Requests per second of the workload. */
  rate = 60;
  /** Requests per second that one replica can serve. */
  capacity = 100;
  /** Joules per request by node. */
  price: Record<string, number> = { a: 1, b: 0.4 };
  /** Where the next Pods are sent and land. */
  target = 'a';
  silent = false;
  leader = true;
  readonly records: CapacityRecord[] = [];
  readonly events: PlacementEvent[] = [];
  readonly metrics = new Metrics();
  readonly client: KubeClient;
  readonly #store = new Store(10_000);
  readonly #registry: Registry;
  readonly #api: ApiServer;
  readonly #config = new PooledKubeConfig();
  #informers: Informers | undefined;
  #pods = 0;
  #epoch = 0;

  constructor() {
    const client = new WebhookClient(() => this.now);
    const dispatcher = new WebhookDispatcher({
      store: this.#store,
      client,
      newId: () => 'review',
      onCall: () => undefined,
    });
    this.#registry = new Registry(this.#store, dispatcher, () => this.now, new Random(1));
    this.#api = new ApiServer(this.#store, this.#registry);
    this.client = new KubeClient(this.#config, {
      random: () => 0.5,
      sleep: () => Promise.resolve(),
    });
  }

  /** Opens the shop with so many replicas and this policy. */
  async open(replicas: number, spec: object): Promise<void> {
    await this.#api.listen();
    const name = 'shop';
    this.#config.loadFromString(
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': name,
        clusters: [{ name, cluster: { server: this.#api.url, 'insecure-skip-tls-verify': true } }],
        users: [{ name, user: {} }],
        contexts: [{ name, context: { cluster: name, user: name } }],
      }),
    );
    const labels = { 'perihelion.dev/placement': 'enabled' };
    await this.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels } });
    for (const node of Object.keys(this.price)) {
      await this.apply({
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: node, labels: { [HOST]: node } },
        spec: {},
        status: {
          allocatable: { cpu: '8', memory: '256Gi', pods: '110' },
          capacity: { cpu: '8', memory: '256Gi', pods: '110' },
          conditions: [{ type: 'Ready', status: 'True' }],
        },
      });
    }
    await this.policy(spec);
    await this.apply({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { namespace: 'shop', name: 'web' },
      spec: { replicas, selector: { matchLabels: { app: 'web' } } },
    });
    const { uid } = this.#object('apps', 'deployments', 'web').metadata;
    await this.apply({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        namespace: 'shop',
        name: 'web-1',
        ownerReferences: [
          {
            apiVersion: 'apps/v1',
            kind: 'Deployment',
            name: 'web',
            uid: uid ?? '',
            controller: true,
          },
        ],
      },
      spec: {},
    });
    await this.reconcile();
    this.#informers = startInformers({
      roles: ['learner'],
      ports: {
        api: this.client,
        random: () => 0.5,
        now: () => Date.now(),
        sleep: (milliseconds, signal) =>
          new Promise((resolve) => {
            const timer = setTimeout(resolve, milliseconds);
            signal?.addEventListener('abort', () => {
              clearTimeout(timer);
              resolve();
            });
          }),
      },
    });
    await this.#informers.synced;
  }

  async close(): Promise<void> {
    await this.#informers?.stop();
    await this.#config.close();
    await this.#api.close();
  }

  /** Replaces the policy of the namespace. */
  async policy(spec: object): Promise<void> {
    await this.apply({
      apiVersion: 'perihelion.dev/v1alpha1',
      kind: 'PlacementPolicy',
      metadata: { namespace: 'shop', name: 'shop' },
      spec: {
        measurement: { warmUpSeconds: 10, windowSeconds: 60, minimumRequests: 10 },
        reward: { sloP99Milliseconds: 200 },
        ...spec,
      },
    });
  }

  /** `kubectl apply` of one object. */
  async apply(object: KubeObject): Promise<void> {
    const resource = resourceOfKind(object.apiVersion ?? '', object.kind ?? '');
    if (resource === undefined) throw new Error(`no kind ${object.kind}`);
    const { name = '', namespace = '' } = object.metadata;
    if (this.#store.get(resource, namespace, name) === undefined) {
      await this.#registry.create(resource, namespace, object, { user: USER });
    } else {
      this.#registry.update(resource, namespace, name, {
        part: 'object',
        apply: (current) => ({ ...current, ...object, metadata: current.metadata }),
      });
    }
  }

  remove(group: string, plural: string, name: string): void {
    const resource = findResource(group, plural);
    if (resource !== undefined) this.#registry.delete(resource, 'shop', name);
  }

  /** A leader of a new term, with a store of its own. */
  learner(over: Partial<LearnerOptions> = {}): Learner {
    const informers = this.#informers;
    if (informers === undefined) throw new Error('the shop is not open');
    const { view, policies, models } = informers;
    this.metrics.clear();
    const answer = <T>(make: () => T): Promise<T> =>
      this.silent ? Promise.reject(new Error('silent')) : Promise.resolve(make());
    return createLearner({
      view,
      policies,
      models,
      namespaces: () => ['shop'],
      store: new ModelStore(this.client, (this.#epoch += 1)),
      decisionKeys: KEY,
      now: () => this.now,
      isLeader: () => this.leader,
      logger: pino({ level: 'silent' }),
      metrics: createLearnerMetrics(this.metrics),
      limits: { ingestDelaySeconds: 0 },
      power: { power: (window) => answer(() => this.#power(window)) },
      latency: { latency: (window) => answer(() => this.#latency(window)) },
      load: { load: (window) => answer(() => this.#load(window)) },
      policyStatus: {
        all: () => policies.all(),
        problems: () => policies.problems(),
        policies: () => policies.policies(),
        write: (policy, status) => writePolicyStatus(this.client, policy, status),
      },
      onEvent: (event) => this.events.push(event),
      capacity: {
        port: this.port(),
        metrics: createCapacityMetrics(this.metrics),
        onRecord: (record) => this.records.push(record),
      },
      ...over,
    });
  }

  /** The real port, for tests that spoil one call of it. */
  port(): ReturnType<typeof capacityPort> {
    const informers = this.#informers;
    if (informers === undefined) throw new Error('the shop is not open');
    return capacityPort(this.client, { informers, decisionKeys: KEY, now: () => this.now });
  }

  /** Lets time go by, one tick of the learner at a time; the controller follows after each. */
  async run(learner: Learner, ticks: number, seconds = 60): Promise<void> {
    for (let tick = 0; tick < ticks; tick += 1) {
      this.now += seconds * 1000;
      await this.caughtUp();
      await learner.tick();
      await this.reconcile();
    }
    await this.caughtUp();
  }

  /** What the Deployment and ReplicaSet controllers, the scheduler and the kubelet do. */
  async reconcile(): Promise<void> {
    const deployment = this.#object('apps', 'deployments', 'web');
    const wanted = Number(deployment.spec?.['replicas'] ?? 0);
    for (const pod of this.pods()) {
      if (pod.metadata.deletionTimestamp !== undefined) this.#delete(pod);
    }
    for (const pod of this.pods().slice(wanted)) this.#delete(pod);
    for (let k = this.pods().length; k < wanted; k += 1) await this.#create();
    const resource = findResource('apps', 'deployments');
    if (resource === undefined) return;
    this.#registry.update(resource, 'shop', 'web', {
      part: 'status',
      apply: (current) => ({ ...current, status: { replicas: wanted } }),
    });
  }

  pods(): KubeObject[] {
    const resource = findResource('', 'pods');
    return resource === undefined ? [] : this.#store.list(resource, 'shop');
  }

  get replicas(): number {
    return Number(this.#object('apps', 'deployments', 'web').spec?.['replicas']);
  }

  /** Nodes of the Pods, in order. */
  get nodes(): string[] {
    return this.pods()
      .map((pod) => String(pod.spec?.['nodeName']))
      .sort();
  }

  get status(): KubeObject['status'] {
    return this.#object('perihelion.dev', 'placementpolicies', 'shop').status;
  }

  /** Everything of the model that one workload has. */
  shard(): ModelShard | undefined {
    return this.#informers?.models.shard('shop', 'shop', WEB);
  }

  /** Gives the workload values by node, in every state, and more. */
  async teach(values: Readonly<Record<string, number>>, more: Partial<ModelShard>): Promise<void> {
    const row: Record<string, StoredCell> = { '(default)': { value: 0, weight: 20 } };
    for (const [node, value] of Object.entries(values)) row[node] = { value, weight: 20 };
    const places = [null, ...Object.keys(this.price)];
    const cells: Record<string, Record<string, StoredCell>> = {};
    for (const load of ['low', 'normal', 'high', 'unknown'] as const) {
      for (const least of places) {
        cells[encodeState({ load, least, peers: null })] = row;
        cells[encodeState({ load, least })] = row;
      }
    }
    const store = new ModelStore(this.client, this.#epoch);
    const before = (await store.readShard('shop', 'shop', WEB)) ?? emptyShard('shop', 'shop', WEB);
    const taught = { ...before, version: before.version + 1, cells, defaultSamples: 50, ...more };
    const { kind } = await store.writeShard(taught);
    if (kind !== 'written') throw new Error(kind);
    await this.caughtUp();
  }

  /** Waits until the informers show what the API server holds. */
  async caughtUp(): Promise<void> {
    for (const [name, group] of [
      ['nodes', ''],
      ['pods', ''],
      ['policies', 'perihelion.dev'],
      ['models', 'perihelion.dev'],
    ] as const) {
      const plural = {
        nodes: 'nodes',
        pods: 'pods',
        policies: 'placementpolicies',
        models: 'placementmodels',
      }[name];
      const resource = findResource(group, plural);
      const revision = resource === undefined ? 0 : this.#store.revisionOf(resource);
      if (revision > 0) await this.#informers?.untilResourceVersion(name, String(revision));
    }
  }

  #object(group: string, plural: string, name: string): KubeObject {
    const resource = findResource(group, plural);
    const object = resource && this.#store.get(resource, 'shop', name);
    if (object === undefined) throw new Error(`no ${plural} ${name}`);
    return object;
  }

  #delete(pod: KubeObject): void {
    const resource = findResource('', 'pods');
    if (resource === undefined) return;
    this.#registry.delete(resource, 'shop', pod.metadata.name ?? '', { gracePeriodSeconds: 0 });
  }

  async #create(): Promise<void> {
    const id = `d-${(this.#pods += 1)}`;
    const set = this.#object('apps', 'replicasets', 'web-1');
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1' };
    const uid = set.metadata.uid ?? '';
    const record = {
      id,
      decidedAt: this.now,
      workload: WEB,
      tier: 'business',
      state: encodeState({ load: 'unknown', least: null }),
      action: this.target,
      propensity: 1,
      holdout: false,
      policy: 'shop@1',
      modelVersion: 0,
    };
    const subject = subjectOf({ namespace: 'shop', owner: { uid } });
    const name = `web-1-${id}`;
    await this.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        namespace: 'shop',
        name,
        labels: { app: 'web' },
        annotations: annotationsOf(record, subject, KEY),
        ownerReferences: [{ ...owner, uid, controller: true }],
      },
      spec: {
        nodeName: this.target,
        containers: [{ name: 'web', resources: { requests: { cpu: '1' } } }],
      },
    });
    const resource = findResource('', 'pods');
    if (resource === undefined) return;
    const since = (seconds: number) => kubeTime(this.now + seconds * 1000);
    this.#registry.update(resource, 'shop', name, {
      part: 'status',
      apply: (current) => ({
        ...current,
        status: {
          phase: 'Running',
          conditions: [
            { type: 'PodScheduled', status: 'True', lastTransitionTime: since(0) },
            { type: 'Ready', status: 'True', lastTransitionTime: since(2) },
          ],
        },
      }),
    });
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

  /** A Pod costs its requests, 4 W of its own, and 200 J for its start. */
  #power(window: Window) {
    const seconds = (window.to - window.from) / 1000;
    const pods = this.pods();
    const attributed: Record<string, number> = {};
    const podJoules = new Map<string, Reading>();
    for (const pod of pods) {
      const node = String(pod.spec?.['nodeName']);
      const born = Date.parse(pod.metadata.creationTimestamp ?? '');
      const started = born >= window.from - 1000 && born < window.to ? 200 : 0;
      const served = (this.rate / pods.length) * seconds * (this.price[node] ?? 1) * 0.1;
      const joules = served + 4 * seconds + started;
      attributed[node] = (attributed[node] ?? 0) + joules;
      podJoules.set(pod.metadata.uid ?? '', this.#measured(joules, window));
    }
    const perNode = (value: (node: string) => number) =>
      new Map(
        Object.keys(this.price).map((node) => [node, this.#measured(value(node), window)] as const),
      );
    return {
      podJoules,
      attributedJoules: perNode((node) => attributed[node] ?? 0),
      nodeWatts: perNode((node) => 100 + (attributed[node] ?? 0) / seconds),
    };
  }

  #latency(window: Window) {
    const seconds = (window.to - window.from) / 1000;
    const pods = this.pods();
    const use = this.rate / (pods.length * this.capacity);
    const p99 = use >= 0.97 ? 2000 : 20 / (1 - use);
    const one = (): PodLatency => ({
      requests: this.#measured((this.rate / pods.length) * seconds, window),
      p50Milliseconds: this.#measured(p99 / 4, window),
      p99Milliseconds: this.#measured(p99, window),
      errorRatio: this.#measured(0, window),
    });
    return {
      pods: new Map(pods.map((pod) => [`shop/${pod.metadata.name ?? ''}`, one()])),
      edges: [],
    };
  }

  #load(window: Window) {
    const half = this.#measured(0.3, window);
    return new Map(
      Object.keys(this.price).map((node) => [node, { cpuRatio: half, memoryRatio: half }]),
    );
  }
}
