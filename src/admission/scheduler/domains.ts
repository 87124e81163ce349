// SPDX-License-Identifier: Apache-2.0
import { labelAt, selectorMatches, type Labels } from '#cluster/objects/selector-match.ts';
import type { PodAffinityTerm, SlimNode, SlimPod } from '#cluster/objects/slim.ts';
import type { ClusterView } from '#cluster/mirror/view.ts';
import type { IncomingPod } from '#admission/pod/incoming-pod.ts';
import type { PendingPlacement } from '#admission/remembered/in-flight.ts';
import { everyNth } from './every-nth.ts';

/** Topology domains that other Pods close to the Pod under review, or that it must be in. */
export interface Domains {
  /** Topology key -> values that required anti-affinity forbids. */
  readonly forbidden: ReadonlyMap<string, ReadonlySet<string>>;
  /** Each term of required pod affinity: the node's value must be among these. */
  readonly required: readonly {
    readonly topologyKey: string;
    readonly values: ReadonlySet<string>;
  }[];
}

/** Pods compared with a term between two looks at the clock. */
const CHECKPOINT_EVERY = 64;

/** A Pod as one side of a term: where it is and what it is called by. */
type Party = Pick<SlimPod, 'namespace' | 'labels'>;

/**
 * The domains that pod affinity and anti-affinity leave, in both directions, with decisions on
 * their way counted. Pods without such terms cost one look at the symmetric side only. Terms times
 * Pods can be many, so `checkpoint` is asked on the way; it throws to give up.
 */
export function domainsOf(
  pod: IncomingPod,
  view: ClusterView,
  pending: Iterable<PendingPlacement>,
  checkpoint: () => void = () => undefined,
): Domains {
  const step = everyNth(CHECKPOINT_EVERY, checkpoint);
  const forbidden = new Map<string, Set<string>>();
  for (const term of pod.requiredAntiAffinity) {
    for (const other of podsInReach(term, pod.namespace, view)) {
      step();
      if (reaches(term, pod.namespace, other, view)) forbid(forbidden, term, nodeOf(other, view));
    }
  }
  for (const other of view.podsWithRequiredAntiAffinity()) {
    for (const term of other.requiredAntiAffinity) {
      step();
      if (reaches(term, other.namespace, pod, view)) forbid(forbidden, term, nodeOf(other, view));
    }
  }
  for (const other of pending) {
    step();
    for (const term of conflictsWith(pod, other, view)) {
      forbid(forbidden, term, pendingLabels(other, term, view));
    }
  }
  return { forbidden, required: requiredDomains(pod, view, step) };
}

/** Whether a node lies in the domains that are left; the reason if it does not. */
export function domainProblem(
  domains: Domains,
  node: SlimNode,
): 'anti-affinity' | 'affinity' | undefined {
  for (const [key, values] of domains.forbidden) {
    const value = labelAt(node.labels, key);
    if (value !== undefined && values.has(value)) return 'anti-affinity';
  }
  for (const { topologyKey, values } of domains.required) {
    const value = labelAt(node.labels, topologyKey);
    if (value === undefined || !values.has(value)) return 'affinity';
  }
  return undefined;
}

/** The terms of either side that keep the two apart. */
function conflictsWith(
  pod: IncomingPod,
  other: PendingPlacement,
  view: ClusterView,
): readonly PodAffinityTerm[] {
  if (pod.requiredAntiAffinity.length === 0 && other.requiredAntiAffinity.length === 0) return [];
  return [
    ...pod.requiredAntiAffinity.filter((term) => reaches(term, pod.namespace, other, view)),
    ...other.requiredAntiAffinity.filter((term) => reaches(term, other.namespace, pod, view)),
  ];
}

/**
 * Per term the values where a Pod that matches all terms is bound. Where no Pod in the cluster
 * does and the Pod matches its own terms, it may open the first domain anywhere (as the
 * scheduler has it, or the first Pod of a group could never start).
 */
function requiredDomains(
  pod: IncomingPod,
  view: ClusterView,
  step: () => void,
): Domains['required'] {
  const terms = pod.requiredAffinity;
  const [first] = terms;
  if (first === undefined) return [];
  const matchesAll = (other: Party): boolean =>
    terms.every((term) => {
      step();
      return reaches(term, pod.namespace, other, view);
    });
  const required = terms.map((term) => ({
    topologyKey: term.topologyKey,
    values: new Set<string>(),
  }));
  let found = false;
  for (const other of podsInReach(first, pod.namespace, view)) {
    const labels = nodeOf(other, view);
    if (labels === undefined || !matchesAll(other)) continue;
    found = true;
    for (const domain of required) {
      const value = labelAt(labels, domain.topologyKey);
      if (value !== undefined) domain.values.add(value);
    }
  }
  return !found && matchesAll(pod) ? [] : required;
}

/** Pods that a term may reach: of the named namespaces, or all if it selects namespaces. */
function* podsInReach(
  term: PodAffinityTerm,
  ownNamespace: string,
  view: ClusterView,
): Iterable<SlimPod> {
  if (term.namespaceSelector !== undefined) {
    for (const node of view.nodes()) yield* view.podsOnNode(node.name);
    return;
  }
  const names = namesOf(term, ownNamespace);
  for (const name of new Set(names)) yield* view.pods(name);
}

/** Whether a term of a Pod in `ownNamespace` selects the other Pod. */
function reaches(
  term: PodAffinityTerm,
  ownNamespace: string,
  other: Party,
  view: ClusterView,
): boolean {
  if (!selectorMatches(term.labelSelector, other.labels)) return false;
  if (namesOf(term, ownNamespace).includes(other.namespace)) return true;
  if (term.namespaceSelector === undefined) return false;
  return selectorMatches(term.namespaceSelector, view.namespace(other.namespace)?.labels ?? {});
}

function namesOf(term: PodAffinityTerm, ownNamespace: string): readonly string[] {
  const names = term.namespaces ?? [];
  return names.length === 0 && term.namespaceSelector === undefined ? [ownNamespace] : names;
}

/** Labels of the node of a Pod that is bound and still runs; undefined else. */
function nodeOf(pod: SlimPod, view: ClusterView): Labels | undefined {
  if (pod.nodeName === undefined || pod.phase === 'Succeeded' || pod.phase === 'Failed') {
    return undefined;
  }
  return view.node(pod.nodeName)?.labels;
}

/** Where a decision on its way will be, as far as its target settles the term's domain. */
function pendingLabels(
  pending: PendingPlacement,
  term: PodAffinityTerm,
  view: ClusterView,
): Labels | undefined {
  const nodes = view.nodesByLabel(pending.topologyKey).get(pending.target) ?? [];
  const [first, ...others] = nodes;
  if (first === undefined) return undefined;
  const value = labelAt(first.labels, term.topologyKey);
  const settled = others.every((node) => labelAt(node.labels, term.topologyKey) === value);
  return settled ? first.labels : undefined;
}

function forbid(
  forbidden: Map<string, Set<string>>,
  term: PodAffinityTerm,
  labels: Labels | undefined,
): void {
  const value = labels === undefined ? undefined : labelAt(labels, term.topologyKey);
  if (value === undefined) return;
  const values = forbidden.get(term.topologyKey) ?? new Set<string>();
  forbidden.set(term.topologyKey, values.add(value));
}
