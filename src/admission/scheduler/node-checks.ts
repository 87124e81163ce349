// SPDX-License-Identifier: Apache-2.0
import type { NodeSelectorTerm, SlimNode } from '#cluster/objects/slim.ts';
import type { ClusterView } from '#cluster/mirror/view.ts';
import type { IncomingPod } from '#admission/pod/incoming-pod.ts';
import type { InfeasibleReason } from '#admission/review/reasons.ts';
import { domainProblem, type Domains } from './domains.ts';
import { nodeSelectorMatches, nodeTermsMatch } from './selectors.ts';
import { toleratesAll } from './tolerations.ts';

/** One filter of a node: why it does not take the Pod, or undefined if it does. */
export type NodeCheck = (node: SlimNode) => InfeasibleReason | undefined;

/** Reasons in the order of the checks: the later, the closer a node came. */
export const CHECK_ORDER: readonly InfeasibleReason[] = [
  'not-ready',
  'unschedulable',
  'not-tolerated',
  'node-selector',
  'node-affinity',
  'volume',
  'anti-affinity',
  'affinity',
  'no-room',
];

/**
 * The filters that this Pod needs, as the stock scheduler would apply them; a Pod without rules of
 * its own gets three cheap ones.
 */
export function nodeChecksFor(
  pod: IncomingPod,
  view: Pick<ClusterView, 'claim' | 'volume'>,
  domains: Domains,
): NodeCheck[] {
  const checks: NodeCheck[] = [
    (node) => (node.ready ? undefined : 'not-ready'),
    (node) => (node.unschedulable ? 'unschedulable' : undefined),
    (node) =>
      node.taints.length === 0 || toleratesAll(pod.tolerations, node.taints)
        ? undefined
        : 'not-tolerated',
  ];
  if (Object.keys(pod.nodeSelector).length > 0) {
    checks.push((node) =>
      nodeSelectorMatches(pod.nodeSelector, node) ? undefined : 'node-selector',
    );
  }
  const terms = pod.requiredNodeTerms;
  if (terms !== undefined) {
    checks.push((node) => (nodeTermsMatch(terms, node) ? undefined : 'node-affinity'));
  }
  for (const volumeTerms of volumeTermsOf(pod, view)) {
    checks.push((node) => (nodeTermsMatch(volumeTerms, node) ? undefined : 'volume'));
  }
  if (domains.forbidden.size > 0 || domains.required.length > 0) {
    checks.push((node) => domainProblem(domains, node));
  }
  return checks;
}

/**
 * Node affinities of the volumes that the Pod's claims are bound to. A claim that is not bound yet
 * (or not known yet) binds where the Pod goes, so it rules nothing out.
 */
function volumeTermsOf(
  pod: IncomingPod,
  view: Pick<ClusterView, 'claim' | 'volume'>,
): (readonly NodeSelectorTerm[])[] {
  const all: (readonly NodeSelectorTerm[])[] = [];
  for (const name of pod.claims) {
    const volumeName = view.claim(pod.namespace, name)?.volumeName ?? '';
    const terms = volumeName === '' ? undefined : view.volume(volumeName)?.nodeAffinity;
    if (terms !== undefined) all.push(terms);
  }
  return all;
}
