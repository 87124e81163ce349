// SPDX-License-Identifier: Apache-2.0

/*
 * Kubernetes objects as they come over the wire, reduced to what the run reads. Times are RFC 3339
 * strings. Fields that nothing reads are not declared, but are kept when an object is written back.
 */

/** `metadata` of any object. */
export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
}

/** Any object. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: Metadata;
}

/** A list of objects. */
export interface KubeList<T> {
  readonly metadata: { readonly resourceVersion?: string };
  readonly items: readonly T[];
}

/** One expression of a node selector. */
export interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** One preferred term of a node affinity. */
export interface PreferredTerm {
  readonly weight: number;
  readonly preference: { readonly matchExpressions?: readonly Expression[] };
}

/** A condition of any status. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly lastTransitionTime?: string;
}

/** A Pod. */
export interface Pod extends KubeObject {
  readonly spec: {
    readonly nodeName?: string;
    readonly schedulerName?: string;
    readonly affinity?: {
      readonly nodeAffinity?: {
        readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly PreferredTerm[];
        readonly requiredDuringSchedulingIgnoredDuringExecution?: unknown;
      };
    };
  };
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly conditions?: readonly Condition[];
  };
}

/** A Node. */
export interface Node extends KubeObject {
  readonly spec?: {
    readonly taints?: readonly { readonly key: string; readonly effect: string }[];
  };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/** A Deployment, StatefulSet or DaemonSet as far as the run reads it. */
export interface Controller extends KubeObject {
  readonly spec: {
    readonly replicas?: number;
    readonly template?: {
      readonly spec?: {
        readonly serviceAccountName?: string;
        readonly containers?: readonly {
          readonly args?: readonly string[];
          readonly command?: readonly string[];
        }[];
      };
    };
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
  };
}

/** The value of a condition of an object, `Unknown` where it is missing. */
export function conditionOf(
  object: { readonly status?: { readonly conditions?: readonly Condition[] } },
  type: string,
): string {
  return object.status?.conditions?.find((one) => one.type === type)?.status ?? 'Unknown';
}

/** Running, Ready and not being deleted. */
export function isServing(pod: Pod): boolean {
  return (
    pod.metadata.deletionTimestamp === undefined &&
    pod.spec.nodeName !== undefined &&
    pod.status?.phase === 'Running' &&
    conditionOf(pod, 'Ready') === 'True'
  );
}

/** The preferred node affinity terms of a Pod. */
export function preferredTerms(pod: Pod): readonly PreferredTerm[] {
  return pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
}
