// SPDX-License-Identifier: Apache-2.0

/*
 * The cluster as the product keeps it in memory: projections of Kubernetes objects to the fields
 * in use. They are made once, when a watch event arrives; nothing downstream sees a raw object.
 * Times are milliseconds since the epoch.
 */

/** A controller reference of `metadata.ownerReferences`. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** Sums of requests or allocatable amounts. */
export interface Resources {
  readonly cpuMillicores: number;
  readonly memoryBytes: number;
}

/** One expression of a label or node selector, exactly as in the Kubernetes API. */
export interface SelectorRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[] | undefined;
}

/** One term of a required node affinity: both lists are ANDed, terms are ORed. */
export interface NodeSelectorTerm {
  readonly matchExpressions?: readonly SelectorRequirement[] | undefined;
  readonly matchFields?: readonly SelectorRequirement[] | undefined;
}

/** `matchLabels` and `matchExpressions`, ANDed. An empty selector matches everything. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>> | undefined;
  readonly matchExpressions?: readonly SelectorRequirement[] | undefined;
}

/** One required pod (anti-)affinity term. */
export interface PodAffinityTerm {
  readonly topologyKey: string;
  readonly labelSelector?: LabelSelector | undefined;
  readonly namespaces?: readonly string[] | undefined;
  readonly namespaceSelector?: LabelSelector | undefined;
}

/** A taint of a Node. */
export interface Taint {
  readonly key: string;
  readonly value: string;
  readonly effect: string;
}

/** A Node, slim. */
export interface SlimNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly unschedulable: boolean;
  /** The Ready condition is True. */
  readonly ready: boolean;
  readonly allocatable: Resources & { readonly pods: number };
}

/** A Pod, slim. Only annotations under `perihelion.dev/` and `prometheus.io/` are kept. */
export interface SlimPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** `metadata.generateName`: what a bare Pod had for a name at CREATE, and keeps. */
  readonly generateName?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly owner: OwnerReference | undefined;
  readonly nodeName: string | undefined;
  readonly podIP: string | undefined;
  /** Pending, Running, Succeeded, Failed, Unknown. */
  readonly phase: string;
  readonly createdAt: number;
  /** When the PodScheduled condition became True; undefined while unbound. */
  readonly boundAt: number | undefined;
  /** When the Ready condition became True; undefined while not Ready. */
  readonly readyAt: number | undefined;
  /** `metadata.deletionTimestamp`; undefined while not being deleted. */
  readonly deletedAt: number | undefined;
  /** `metadata.deletionGracePeriodSeconds`, which `deletedAt` lies after the request to delete. */
  readonly deletionGraceSeconds?: number | undefined;
  /** Effective requests: max(init, sum of containers) + overhead, as the scheduler counts. */
  readonly requests: Resources;
  /** Required anti-affinity, which binds other Pods too (it is symmetric). */
  readonly requiredAntiAffinity: readonly PodAffinityTerm[];
}

/** Any owner (ReplicaSet, Deployment, Job, ...), metadata only. */
export interface SlimOwner {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly owner: OwnerReference | undefined;
}

/** A Namespace, slim. */
export interface SlimNamespace {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A PersistentVolumeClaim, slim. */
export interface SlimClaim {
  readonly namespace: string;
  readonly name: string;
  /** Empty until bound. */
  readonly volumeName: string;
}

/** A PersistentVolume, slim. */
export interface SlimVolume {
  readonly name: string;
  /** Required node affinity of the volume; undefined = reachable from every node. */
  readonly nodeAffinity: readonly NodeSelectorTerm[] | undefined;
}
