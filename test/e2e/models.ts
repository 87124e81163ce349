// SPDX-License-Identifier: Apache-2.0
import type { Api, WatchEvent } from './api.ts';
import type { KubeObject } from './objects.ts';

/** One learned cell. */
export interface Cell {
  readonly state: string;
  readonly action: string;
  readonly value: number;
  readonly weight: number;
}

/** What the run reads of one shard of the model. */
export interface Shard {
  readonly namespace: string;
  readonly workload: string;
  readonly version: number;
  readonly episodes: number;
  readonly settled: readonly string[];
  readonly followed: number;
  readonly asked: number;
  readonly cells: readonly Cell[];
}

/** What an observation says of the targets. */
export interface SeenTargets {
  /** Milliseconds since the epoch. */
  readonly observedAt: number;
  /** Health by target. */
  readonly health: Readonly<Record<string, string>>;
}

/** Follows every PlacementModel object, so that no version of a shard goes unseen. */
export class Models {
  /** The newest shard, by `namespace/workload`. */
  readonly shards = new Map<string, Shard>();
  /** The published observations, by namespace. */
  readonly observations = new Map<string, SeenTargets>();
  /** Every id that was ever seen as settled, by `namespace/workload`. */
  readonly settled = new Map<string, Set<string>>();
  /** Broken promises: a version that fell or jumped, an id that stands twice. */
  readonly faults: string[] = [];
  /** Called with each new version of a shard. */
  onWrite: ((shard: Shard) => void) | undefined;
  /** Objects seen, whatever they hold. */
  writes = 0;
  readonly #api: Api;
  readonly #stop = new AbortController();

  constructor(api: Api) {
    this.#api = api;
  }

  start(): void {
    const path = '/apis/perihelion.dev/v1alpha1/placementmodels';
    void this.#api.follow<KubeObject>(path, this.#stop.signal, (event) => this.#told(event));
  }

  stop(): void {
    this.#stop.abort();
  }

  shard(namespace: string, workload: string): Shard | undefined {
    return this.shards.get(`${namespace}/${workload}`);
  }

  hasSettled(namespace: string, workload: string, id: string): boolean {
    return this.settled.get(`${namespace}/${workload}`)?.has(id) ?? false;
  }

  #told(event: WatchEvent<KubeObject>): void {
    if (event.type === 'DELETED') return;
    this.writes += 1;
    const namespace = event.object.metadata.namespace ?? '';
    const content = contentOf(event.object);
    if (content === undefined) {
      this.faults.push(`${namespace}/${event.object.metadata.name} holds nothing`);
      return;
    }
    if (content.kind === 'observation') {
      this.observations.set(namespace, content);
      return;
    }
    const key = `${namespace}/${content.shard.workload}`;
    const before = this.shards.get(key);
    if (before?.version === content.shard.version) return;
    this.#compare(key, before, content.shard);
    this.shards.set(key, content.shard);
    this.onWrite?.(content.shard);
  }

  #compare(key: string, before: Shard | undefined, now: Shard): void {
    if (before !== undefined && now.version !== before.version + 1) {
      this.faults.push(`${key}: version ${before.version} was followed by ${now.version}`);
    }
    if (new Set(now.settled).size !== now.settled.length) {
      this.faults.push(`${key}: version ${now.version} holds a settled id twice`);
    }
    const known = this.settled.get(key) ?? new Set<string>();
    const earlier = new Set(before?.settled);
    for (const id of now.settled) {
      if (known.has(id) && !earlier.has(id)) {
        this.faults.push(`${key}: ${id} was settled again in version ${now.version}`);
      }
      known.add(id);
    }
    this.settled.set(key, known);
  }
}

type Content =
  | { readonly kind: 'shard'; readonly shard: Shard }
  | ({ readonly kind: 'observation' } & SeenTargets);

/** The spec as it stands in the API: numbers that are no counts are decimal strings. */
interface WireSpec {
  readonly workload?: string;
  readonly shard?: Omit<Shard, 'namespace' | 'workload' | 'cells'> & {
    readonly cells: readonly {
      readonly state: string;
      readonly action: string;
      readonly value: string;
      readonly weight: string;
    }[];
  };
  readonly observation?: {
    readonly observedTime: string;
    readonly targets: readonly { name: string; health: string }[];
  };
}

/** Reads the wire form, without help of the product's own code; undefined = neither of the two. */
function contentOf(object: KubeObject): Content | undefined {
  const { spec } = object as KubeObject & { spec: WireSpec };
  if (spec.observation !== undefined) {
    const entries = spec.observation.targets.map(({ name, health }) => [name, health] as const);
    const observedAt = Date.parse(spec.observation.observedTime);
    return { kind: 'observation', observedAt, health: Object.fromEntries(entries) };
  }
  if (spec.shard === undefined || spec.workload === undefined) return undefined;
  const cells = spec.shard.cells.map(({ state, action, value, weight }) => ({
    ...{ state, action, value: Number(value), weight: Number(weight) },
  }));
  const namespace = object.metadata.namespace ?? '';
  return { kind: 'shard', shard: { ...spec.shard, namespace, workload: spec.workload, cells } };
}
