// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import pino, { type Logger } from 'pino';
import { Registry } from 'prom-client';
import { workloadOf } from '#admission/pod/owner.ts';
import { Placements } from '#admission/remembered/placements.ts';
import { workloadKey } from '#cluster/objects/workload.ts';
import type { AdmissionEntry, AuditEntry } from '#audit/entry.ts';
import { LiveClusterView } from '#cluster/mirror/live-view.ts';
import type { ModelShard, ModelView } from '#cluster/model/model.ts';
import type { Observation, TargetHealth } from '#cluster/model/observation.ts';
import { parsePolicySpec } from '#cluster/policy/parse.ts';
import type { PlacementPolicy, PolicySpec, PolicyView } from '#cluster/policy/policy.ts';
import { projectPod } from '#cluster/objects/project-pod.ts';
import type {
  SlimClaim,
  SlimNamespace,
  SlimNode,
  SlimOwner,
  SlimPod,
  SlimVolume,
} from '#cluster/objects/slim.ts';
import { Store } from '#cluster/watch/store.ts';
import {
  createAdmission,
  type Admission,
  type AdmissionOptions,
} from '#admission/handling/admission.ts';
import { Deadline } from '#admission/server/deadline.ts';
import { incomingPod, type IncomingPod } from '#admission/pod/incoming-pod.ts';
import type { JsonObject } from '#admission/review/json.ts';
import type { AdmissionReview } from '#admission/review/review.ts';

/** 2026-11-22T06:30:00Z, shortly after the fixtures were recorded. */
export const START = Date.UTC(2026, 10, 22, 6, 30);
export const KEY = 'a key that only tests use';
export const NAMESPACE = 'hotel-res';

export function quietLogger(lines: string[] = []): Logger {
  return pino({ base: null, timestamp: false }, { write: (line: string) => void lines.push(line) });
}

export function fixture(name: string): { request: Record<string, unknown> } & JsonObject {
  const path = new URL(`../../fixtures/admission-reviews/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8')) as { request: Record<string, unknown> };
}

export function node(name: string, overrides: Partial<SlimNode> = {}): SlimNode {
  return {
    name,
    taints: [],
    unschedulable: false,
    ready: true,
    allocatable: { cpuMillicores: 8000, memoryBytes: 16 * 2 ** 30, pods: 110 },
    ...overrides,
    labels: { 'kubernetes.io/hostname': name, ...overrides.labels },
  };
}

export function slimPod(name: string, overrides: Partial<SlimPod> = {}): SlimPod {
  return {
    uid: `uid-${name}`,
    namespace: NAMESPACE,
    name,
    labels: {},
    annotations: {},
    owner: undefined,
    nodeName: undefined,
    podIP: undefined,
    phase: overrides.nodeName === undefined ? 'Pending' : 'Running',
    createdAt: START,
    boundAt: undefined,
    readyAt: undefined,
    deletedAt: undefined,
    requests: { cpuMillicores: 100, memoryBytes: 0 },
    requiredAntiAffinity: [],
    ...overrides,
  };
}

export function policyOf(spec: Partial<PolicySpec> = {}): PlacementPolicy {
  return {
    namespace: NAMESPACE,
    name: 'default',
    generation: 3,
    builtIn: false,
    spec: { ...parsePolicySpec({}), holdoutPercent: 0, ...spec },
  };
}

export function shardOf(overrides: Partial<ModelShard> = {}): ModelShard {
  return {
    namespace: NAMESPACE,
    policy: 'default',
    workload: 'Deployment/frontend',
    version: 7,
    episodes: 1000,
    cells: {},
    baselines: {},
    load: { mean: 0, variance: 0, weight: 0 },
    defaultSamples: 50,
    settled: [],
    followed: 0,
    asked: 0,
    ...overrides,
  };
}

export function observationOf(
  health: Readonly<Record<string, TargetHealth>>,
  overrides: Partial<Observation> = {},
): Observation {
  const targets = Object.fromEntries(
    Object.entries(health).map(([target, state]) => [
      target,
      { health: state, cpuRatio: 0.2, memoryRatio: 0.2, watts: 100 },
    ]),
  );
  return {
    namespace: NAMESPACE,
    policy: 'default',
    observedAt: START,
    targets,
    workloads: {},
    ...overrides,
  };
}

/** A Pod as `kubectl run` would send it. */
export function rawPod(
  spec: JsonObject = {},
  metadata: JsonObject = {},
): { metadata: JsonObject; spec: JsonObject } & JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: NAMESPACE, ...metadata },
    spec: {
      containers: [{ name: 'web', image: 'web', resources: { requests: { cpu: '100m' } } }],
      schedulerName: 'default-scheduler',
      ...spec,
    },
  };
}

export function reviewOf(object: unknown, request: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u-1',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      operation: 'CREATE',
      namespace: NAMESPACE,
      object,
      dryRun: false,
      ...request,
    },
  };
}

export function incoming(spec: JsonObject = {}, metadata: JsonObject = {}): IncomingPod {
  return incomingPod({
    uid: 'u-1',
    kind: { group: '', version: 'v1', name: 'Pod' },
    resource: { group: '', version: 'v1', name: 'pods' },
    subResource: '',
    operation: 'CREATE',
    namespace: NAMESPACE,
    name: '',
    dryRun: false,
    object: rawPod(spec, metadata),
  });
}

/** A cluster in memory, read through the product's own views. */
export class World {
  readonly stores = {
    nodes: new Store<SlimNode>(rethrow),
    pods: new Store<SlimPod>(rethrow),
    namespaces: new Store<SlimNamespace>(rethrow),
    owners: { ReplicaSet: new Store<SlimOwner>(rethrow), Job: new Store<SlimOwner>(rethrow) },
    claims: new Store<SlimClaim>(rethrow),
    volumes: new Store<SlimVolume>(rethrow),
  };
  synced = true;
  readonly view = new LiveClusterView(this.stores, () => this.synced);
  policy = policyOf();
  readonly policies: PolicyView = { policyFor: () => this.policy };
  readonly shards = new Map<string, ModelShard>();
  observation: Observation | undefined = undefined;
  readonly models: ModelView = {
    shard: (_namespace, _policy, workload) => this.shards.get(workload),
    observation: () => this.observation,
  };
  now = START;
  elapsed = 0;
  #ids = 0;
  #version = 0;
  readonly entries: AuditEntry[] = [];
  readonly logs: string[] = [];
  readonly registry = new Registry();

  constructor(nodes: readonly SlimNode[] = [node('w1'), node('w2')]) {
    for (const one of nodes) this.addNode(one);
    this.addNamespace(NAMESPACE, { 'perihelion.dev/placement': 'enabled' });
    this.observation = observationOf(Object.fromEntries(nodes.map((one) => [one.name, 'healthy'])));
  }

  addNode(one: SlimNode): void {
    this.stores.nodes.upsert(one.name, this.#entry(one.name, one));
  }

  addNamespace(name: string, labels: Readonly<Record<string, string>>): void {
    this.stores.namespaces.upsert(name, this.#entry(name, { name, labels }));
  }

  addPod(pod: SlimPod): void {
    this.stores.pods.upsert(`${pod.namespace}/${pod.name}`, this.#entry(pod.uid, pod));
  }

  removePod(pod: SlimPod): void {
    this.stores.pods.remove(`${pod.namespace}/${pod.name}`);
  }

  addOwner(kind: 'ReplicaSet' | 'Job', name: string, above?: { kind: string; name: string }): void {
    this.stores.owners[kind].upsert(
      `${NAMESPACE}/${name}`,
      this.#entry(name, {
        kind,
        namespace: NAMESPACE,
        name,
        uid: name,
        owner: above === undefined ? undefined : { apiVersion: '', uid: above.name, ...above },
      }),
    );
  }

  addVolume(claim: string, volume: SlimVolume | undefined): void {
    const bound = { namespace: NAMESPACE, name: claim, volumeName: volume?.name ?? '' };
    this.stores.claims.upsert(`${NAMESPACE}/${claim}`, this.#entry(claim, bound));
    if (volume !== undefined) {
      this.stores.volumes.upsert(volume.name, this.#entry(volume.name, volume));
    }
  }

  newId = (): string => {
    this.#ids += 1;
    return `decision-${String(this.#ids)}`;
  };

  admission(overrides: Partial<AdmissionOptions> = {}): Admission {
    return createAdmission({
      view: this.view,
      policies: this.policies,
      models: this.models,
      audit: { write: (entry) => void this.entries.push(entry) },
      registry: this.registry,
      logger: quietLogger(this.logs),
      now: () => this.now,
      elapsed: () => this.elapsed,
      newId: this.newId,
      decisionKey: KEY,
      ownNamespace: 'perihelion-system',
      versions: { perihelion: '0.0.0-test' },
      ...overrides,
    });
  }

  /** A registry for a second admission path beside the first. */
  otherRegistry = (): Registry => new Registry();

  /** The audit lines of admissions so far. */
  get admissions(): AdmissionEntry[] {
    return this.entries.filter((entry) => entry.kind === 'admission');
  }

  /** Value of a counter or gauge sample, by the labels given. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const metric = await this.registry.getSingleMetric(name)?.get();
    const found = metric?.values.find((one) =>
      Object.entries(labels).every(([key, value]) => String(one.labels[key]) === value),
    );
    if (found === undefined) throw new Error(`no sample ${name} ${JSON.stringify(labels)}`);
    return found.value;
  }

  #entry<T>(uid: string, value: T): { uid: string; resourceVersion: string; value: T } {
    this.#version += 1;
    return { uid, resourceVersion: String(this.#version), value };
  }
}

/** Sends one review through the handler with time to spare. */
export function answer(admission: Admission, body: unknown): AdmissionReview {
  return admission.handler.answer({
    body,
    bodyBytes: JSON.stringify(body).length,
    deadline: new Deadline(() => 0, 1),
    arrivedAt: 0,
  });
}

/** The operations of an answer; undefined if it has no patch. */
export function patchOf(review: AdmissionReview): JsonObject[] | undefined {
  const { patch } = review.response;
  if (patch === undefined) return undefined;
  return JSON.parse(Buffer.from(patch, 'base64').toString('utf8')) as JsonObject[];
}

/** The Pod as the informer would see it once it is stored and, where given, bound. */
export function stored(raw: JsonObject, overrides: Partial<SlimPod> = {}): SlimPod {
  const metadata = raw['metadata'] as JsonObject;
  const projected = projectPod({
    ...raw,
    metadata: { uid: 'stored', creationTimestamp: new Date(START).toISOString(), ...metadata },
  });
  return { ...projected, ...overrides };
}

function rethrow(error: unknown): never {
  throw error;
}

/** The index that the admission path keeps, filled from all Pods of the world's namespace. */
export function placementsIn(world: World): Placements {
  const placements = new Placements();
  for (const pod of world.view.pods(NAMESPACE)) {
    placements.seen(pod, workloadKey(workloadOf(pod, world.view)));
  }
  return placements;
}
