// SPDX-License-Identifier: Apache-2.0
import { pino } from 'pino';
import { Registry as Metrics } from 'prom-client';
import { encodeState } from '#agent/state/state-key.ts';
import { capacityPort } from '#cli/roles/capacity-port.ts';
import { KubeClient } from '#cluster/api/client.ts';
import { startInformers, type Informers } from '#cluster/mirror/informers.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { StoredCell } from '#cluster/model/statistics.ts';
import { ModelStore } from '#cluster/model/store.ts';
import { writePolicyStatus } from '#cluster/policy/status.ts';
import { PooledKubeConfig } from '#cluster/api/pooled-kube-config.ts';
import { createCapacityMetrics } from '#learner/capacity/metrics.ts';
import type { CapacityRecord } from '#learner/capacity/record.ts';
import type { ForgottenRecord } from '#learner/forgetting/forget.ts';
import { createLearner, type Learner } from '#learner/loop/learner.ts';
import type { LearnerOptions } from '#learner/loop/options.ts';
import { createLearnerMetrics } from '#learner/tick/metrics.ts';
import type { PlacementEvent } from '#learner/tick/ports.ts';
import { emptyShard } from '#learner/tick/shards.ts';
import { Registry } from '#simulator/api/registry.ts';
import { findResource, resourceOfKind } from '#simulator/api/resources.ts';
import { ApiServer } from '#simulator/api/server.ts';
import { Store } from '#simulator/api/store.ts';
import { WebhookClient } from '#simulator/api/webhook-client.ts';
import { WebhookDispatcher } from '#simulator/api/webhooks.ts';
import type { KubeObject } from '#simulator/kube/kube.ts';
import { Random } from '#simulator/random/random.ts';
import {
  deployment,
  KEY,
  kubeconfig,
  namespace,
  node,
  placed,
  pod,
  policy,
  replicaSet,
  WEB,
} from './shop-objects.ts';
import { ShopTelemetry } from './shop-telemetry.ts';

const USER = { username: 'admin', groups: ['system:masters'] };

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
  /** After which models without Pods are deleted. */
  retentionSeconds = Infinity;
  readonly forgotten: ForgottenRecord[] = [];
  readonly records: CapacityRecord[] = [];
  readonly events: PlacementEvent[] = [];
  readonly metrics = new Metrics();
  readonly client: KubeClient;
  readonly #store = new Store(10_000);
  readonly #registry: Registry;
  readonly #api: ApiServer;
  readonly #config = new PooledKubeConfig();
  readonly #telemetry = new ShopTelemetry(this);
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
    this.#config.loadFromString(kubeconfig(this.#api.url));
    await this.apply(namespace());
    for (const name of Object.keys(this.price)) await this.apply(node(name));
    await this.policy(spec);
    await this.apply(deployment(replicas));
    const { uid } = this.#object('apps', 'deployments', 'web').metadata;
    await this.apply(replicaSet(uid ?? ''));
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
    await this.apply(policy(spec));
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
      power: { power: (window) => answer(() => this.#telemetry.power(window)) },
      latency: { latency: (window) => answer(() => this.#telemetry.latency(window)) },
      load: { load: (window) => answer(() => this.#telemetry.load(window)) },
      policyStatus: {
        all: () => policies.all(),
        problems: () => policies.problems(),
        policies: () => policies.policies(),
        write: (policy, status) => writePolicyStatus(this.client, policy, status),
      },
      forgetting: {
        shards: () => models.shards(),
        retentionSeconds: this.retentionSeconds,
        patienceSeconds: 0,
        onRecord: (record) => this.forgotten.push(record),
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
    const { uid } = this.#object('apps', 'replicasets', 'web-1').metadata;
    const one = pod({
      id: `d-${(this.#pods += 1)}`,
      decidedAt: this.now,
      target: this.target,
      ownerUid: uid ?? '',
    });
    await this.apply(one);
    const resource = findResource('', 'pods');
    if (resource === undefined) return;
    this.#registry.update(resource, 'shop', one.metadata.name ?? '', {
      part: 'status',
      apply: (current) => ({ ...current, status: placed(this.now) }),
    });
  }
}
