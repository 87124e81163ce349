// SPDX-License-Identifier: Apache-2.0
import { DECISION_ANNOTATIONS } from '#cluster/decision/annotations.ts';
import { holdsResources } from '#cluster/objects/project-pod.ts';
import type { Resources, SlimPod } from '#cluster/objects/slim.ts';
import type { Change } from '#cluster/watch/store.ts';

type Requested = Resources & { readonly pods: number };

const NOTHING: Requested = Object.freeze({ cpuMillicores: 0, memoryBytes: 0, pods: 0 });
const NO_PODS: ReadonlyMap<string, SlimPod> = new Map();

/**
 * Pods by node, namespace and decision, and the sums of requests per node, kept up to date by
 * every change. Amounts are integers, so that adding and taking away never drifts.
 */
export class PodIndex {
  readonly #byNode = new Map<string, Map<string, SlimPod>>();
  readonly #byNamespace = new Map<string, Map<string, SlimPod>>();
  readonly #byDecision = new Map<string, Map<string, SlimPod>>();
  readonly #antiAffine = new Map<string, SlimPod>();
  readonly #requested = new Map<string, Requested>();

  /** Pods on the node that hold resources. */
  onNode(name: string): Iterable<SlimPod> {
    return (this.#byNode.get(name) ?? NO_PODS).values();
  }

  /** Their requests together. */
  requestedOnNode(name: string): Requested {
    return this.#requested.get(name) ?? NOTHING;
  }

  /** Pods of a namespace. */
  inNamespace(namespace: string): Iterable<SlimPod> {
    return (this.#byNamespace.get(namespace) ?? NO_PODS).values();
  }

  /** Pods that carry that decision id: more than one means that it was copied. */
  byDecision(id: string): Iterable<SlimPod> {
    return (this.#byDecision.get(id) ?? NO_PODS).values();
  }

  /** Pods with required anti-affinity that are not at their end, bound or not. */
  antiAffine(): Iterable<SlimPod> {
    return this.#antiAffine.values();
  }

  /** Takes in a change of a Pod. */
  apply(change: Change<SlimPod>): void {
    if (change.before !== undefined) this.#remove(change.before);
    if (change.after !== undefined) this.#add(change.after);
  }

  #add(pod: SlimPod): void {
    put(this.#byNamespace, pod.namespace, pod);
    const decision = decisionIdOf(pod);
    if (decision !== undefined) put(this.#byDecision, decision, pod);
    if (isAntiAffine(pod)) this.#antiAffine.set(pod.uid, pod);
    if (pod.nodeName === undefined || !holdsResources(pod)) return;
    put(this.#byNode, pod.nodeName, pod);
    this.#count(pod.nodeName, pod.requests, 1);
  }

  #remove(pod: SlimPod): void {
    drop(this.#byNamespace, pod.namespace, pod);
    const decision = decisionIdOf(pod);
    if (decision !== undefined) drop(this.#byDecision, decision, pod);
    this.#antiAffine.delete(pod.uid);
    if (pod.nodeName === undefined || !holdsResources(pod)) return;
    drop(this.#byNode, pod.nodeName, pod);
    this.#count(pod.nodeName, pod.requests, -1);
  }

  #count(node: string, requests: Resources, sign: 1 | -1): void {
    const known = this.requestedOnNode(node);
    const pods = known.pods + sign;
    if (pods === 0) {
      this.#requested.delete(node);
      return;
    }
    this.#requested.set(node, {
      cpuMillicores: known.cpuMillicores + sign * requests.cpuMillicores,
      memoryBytes: known.memoryBytes + sign * requests.memoryBytes,
      pods,
    });
  }
}

/** The decision id on a Pod, whether or not its signature holds; undefined = none. */
export function decisionIdOf(pod: SlimPod): string | undefined {
  const key = DECISION_ANNOTATIONS.id;
  return Object.hasOwn(pod.annotations, key) ? pod.annotations[key] : undefined;
}

function isAntiAffine(pod: SlimPod): boolean {
  return pod.requiredAntiAffinity.length > 0 && pod.phase !== 'Succeeded' && pod.phase !== 'Failed';
}

function put(index: Map<string, Map<string, SlimPod>>, key: string, pod: SlimPod): void {
  let pods = index.get(key);
  if (pods === undefined) {
    pods = new Map();
    index.set(key, pods);
  }
  pods.set(pod.uid, pod);
}

function drop(index: Map<string, Map<string, SlimPod>>, key: string, pod: SlimPod): void {
  const pods = index.get(key);
  pods?.delete(pod.uid);
  if (pods?.size === 0) index.delete(key);
}
