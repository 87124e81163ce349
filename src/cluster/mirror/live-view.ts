// SPDX-License-Identifier: Apache-2.0
import type {
  Resources,
  SlimClaim,
  SlimNamespace,
  SlimNode,
  SlimOwner,
  SlimPod,
  SlimVolume,
} from '#cluster/objects/slim.ts';
import type { ChangeListener, Store } from '#cluster/watch/store.ts';
import { NodeIndex } from './node-index.ts';
import { PodIndex } from './pod-index.ts';
import type { ClusterView } from './view.ts';

/** The stores a view reads; they are filled by reflectors, or by a test. */
export interface ClusterStores {
  readonly nodes: Store<SlimNode>;
  readonly pods: Store<SlimPod>;
  readonly namespaces: Store<SlimNamespace>;
  /** By kind. */
  readonly owners: Readonly<Record<string, Store<SlimOwner>>>;
  readonly claims?: Store<SlimClaim> | undefined;
  readonly volumes?: Store<SlimVolume> | undefined;
}

/** {@link ClusterView} over stores that change: every question is answered from an index. */
export class LiveClusterView implements ClusterView {
  readonly #stores: ClusterStores;
  readonly #isSynced: () => boolean;
  readonly #nodeIndex: NodeIndex;
  readonly #podIndex = new PodIndex();

  /** To be made before the stores are filled. @param isSynced all stores have had their first list */
  constructor(stores: ClusterStores, isSynced: () => boolean) {
    this.#stores = stores;
    this.#isSynced = isSynced;
    this.#nodeIndex = new NodeIndex(() => stores.nodes.values());
    stores.nodes.subscribe((change) => this.#nodeIndex.apply(change));
    stores.pods.subscribe((change) => this.#podIndex.apply(change));
  }

  get synced(): boolean {
    return this.#isSynced();
  }

  nodes(): Iterable<SlimNode> {
    return this.#stores.nodes.values();
  }

  node(name: string): SlimNode | undefined {
    return this.#stores.nodes.get(name);
  }

  nodesByLabel(key: string): ReadonlyMap<string, readonly SlimNode[]> {
    return this.#nodeIndex.byLabel(key);
  }

  podsOnNode(name: string): Iterable<SlimPod> {
    return this.#podIndex.onNode(name);
  }

  requestedOnNode(name: string): Resources & { readonly pods: number } {
    return this.#podIndex.requestedOnNode(name);
  }

  pods(namespace: string): Iterable<SlimPod> {
    return this.#podIndex.inNamespace(namespace);
  }

  /** One Pod by its name. */
  pod(namespace: string, name: string): SlimPod | undefined {
    return this.#stores.pods.get(`${namespace}/${name}`);
  }

  /** Pods that carry that decision id; more than one means that it was copied. */
  podsByDecision(id: string): Iterable<SlimPod> {
    return this.#podIndex.byDecision(id);
  }

  podsWithRequiredAntiAffinity(): Iterable<SlimPod> {
    return this.#podIndex.antiAffine();
  }

  /** Every namespace. */
  namespaces(): Iterable<SlimNamespace> {
    return this.#stores.namespaces.values();
  }

  /** Every Pod of the cluster. */
  allPods(): Iterable<SlimPod> {
    return this.#stores.pods.values();
  }

  namespace(name: string): SlimNamespace | undefined {
    return this.#stores.namespaces.get(name);
  }

  owner(kind: string, namespace: string, name: string): SlimOwner | undefined {
    const { owners } = this.#stores;
    return Object.hasOwn(owners, kind) ? owners[kind]?.get(`${namespace}/${name}`) : undefined;
  }

  claim(namespace: string, name: string): SlimClaim | undefined {
    return this.#stores.claims?.get(`${namespace}/${name}`);
  }

  volume(name: string): SlimVolume | undefined {
    return this.#stores.volumes?.get(name);
  }

  /**
   * Tells of every Pod added, changed or deleted, after the indexes hold it; Pods of the first
   * list come as added. The answer ends it.
   */
  onPod(listener: ChangeListener<SlimPod>): () => void {
    return this.#stores.pods.subscribe(listener);
  }

  /** The same for Nodes. */
  onNode(listener: ChangeListener<SlimNode>): () => void {
    return this.#stores.nodes.subscribe(listener);
  }
}
