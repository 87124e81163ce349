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

/**
 * What the admission path may ask about the cluster. Every answer comes from memory, is
 * synchronous and costs O(1) or O(answer); nothing here does I/O.
 */
export interface ClusterView {
  /** All informers have finished their first list. */
  readonly synced: boolean;
  nodes(): Iterable<SlimNode>;
  node(name: string): SlimNode | undefined;
  /** Nodes by the value of one of their labels: the targets of a topology key. */
  nodesByLabel(key: string): ReadonlyMap<string, readonly SlimNode[]>;
  /** Pods bound to the node that hold resources (not Succeeded or Failed). */
  podsOnNode(name: string): Iterable<SlimPod>;
  /** Requests of those Pods, kept up to date by the informer. */
  requestedOnNode(name: string): Resources & { readonly pods: number };
  pods(namespace: string): Iterable<SlimPod>;
  /** Whether any Pod with required anti-affinity exists, so that most requests skip the check. */
  podsWithRequiredAntiAffinity(): Iterable<SlimPod>;
  namespace(name: string): SlimNamespace | undefined;
  owner(kind: string, namespace: string, name: string): SlimOwner | undefined;
  claim(namespace: string, name: string): SlimClaim | undefined;
  volume(name: string): SlimVolume | undefined;
}
