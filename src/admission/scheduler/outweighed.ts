// SPDX-License-Identifier: Apache-2.0
import { effectiveRequests } from '#cluster/objects/pod-requests.ts';
import { projectNodeSelectorTerms, projectSelector } from '#cluster/objects/project-selector.ts';
import { labelAt, selectorMatches } from '#cluster/objects/selector-match.ts';
import type { LabelSelector, Resources, SlimNode, SlimPod } from '#cluster/objects/slim.ts';
import { incomingPod, type IncomingPod } from '#admission/pod/incoming-pod.ts';
import { objectAt, objectsAt, stringAt, fieldOf, type JsonObject } from '#admission/review/json.ts';
import { preferredTermsOf } from '#admission/patch/merge.ts';
import {
  scoresOf,
  totalOf,
  type ScoredNode,
  type ScorePlugin,
  type Scores,
  type SoftSpread,
  type WeightedTerm,
} from './scores.ts';
import { nodeSelectorMatches, nodeTermsMatch } from './selectors.ts';
import { toleratesAll } from './tolerations.ts';

/** By how much one plugin is for another node; points out of a few hundred in all. */
export interface Pull {
  readonly plugin: ScorePlugin;
  readonly points: number;
}

/** What becomes of a preference as the cluster stands. */
export type PreferenceVerdict =
  /** It would be followed. */
  | { readonly kind: 'followed'; readonly node: string }
  /** No node of the target takes the Pod: nothing is weighed at all. */
  | { readonly kind: 'no-room'; readonly reasons: readonly string[] }
  | {
      readonly kind: 'outweighed';
      /** The best node of the target, and the one that wins. */
      readonly node: string;
      readonly winner: string;
      /** What the winner leads by. */
      readonly margin: number;
      /** What is for the winner, the strongest first; never empty. */
      readonly pulls: readonly Pull[];
      /** What is for the target: the preference, and what else. */
      readonly against: readonly Pull[];
    };

/** What {@link judgePreference} looks at. */
export interface PreferenceInput {
  /** The Pod as it was admitted, with its preference. */
  readonly raw: JsonObject;
  readonly pod: Pick<SlimPod, 'uid' | 'namespace' | 'owner'>;
  readonly topologyKey: string;
  readonly target: string;
  readonly nodes: Iterable<SlimNode>;
  /** Every Pod of the cluster. */
  readonly pods: Iterable<SlimPod>;
}

const DEFAULT_REQUESTS: Resources = { cpuMillicores: 100, memoryBytes: 200 * 2 ** 20 };

/** A node that takes the Pod, and what it gets for it. */
export interface RankedNode {
  readonly node: SlimNode;
  /** It is in the target. */
  readonly there: boolean;
  readonly scores: Scores;
  readonly total: number;
}

/**
 * Places a Pod once more, as the stock scheduler would with the cluster as it is now and without
 * the Pod itself, and says what its preference is worth beside the other scores.
 */
export function judgePreference(input: PreferenceInput): PreferenceVerdict {
  const { ranked, reasons } = rankNodes(input);
  const best = (there: boolean): RankedNode | undefined =>
    ranked
      .filter((one) => one.there === there)
      .reduce<RankedNode | undefined>(
        (most, one) => (most === undefined || one.total > most.total ? one : most),
        undefined,
      );
  const own = best(true);
  const other = best(false);
  if (own === undefined) {
    return { kind: 'no-room', reasons: reasons.length > 0 ? reasons : ['no-such-target'] };
  }
  // A tie is drawn by the scheduler; what does not lose is followed as often as anything can be.
  if (other === undefined || other.total <= own.total) {
    return { kind: 'followed', node: own.node.name };
  }
  return {
    kind: 'outweighed',
    node: own.node.name,
    winner: other.node.name,
    margin: other.total - own.total,
    pulls: pullsOf(other.scores, own.scores),
    against: pullsOf(own.scores, other.scores),
  };
}

/** Scores of every node that takes the Pod, and why nodes of the target do not. */
export function rankNodes(input: PreferenceInput): {
  readonly ranked: readonly RankedNode[];
  readonly reasons: readonly string[];
} {
  const { raw, pod, topologyKey, target } = input;
  const incoming = incomingPod({ ...REQUEST, namespace: pod.namespace, object: raw });
  const nodes = scoredNodes(input);
  const reasons = new Set<string>();
  const feasible = nodes.filter((one) => {
    const reason = refusal(incoming, one);
    const there = labelAt(one.node.labels, topologyKey) === target;
    if (reason !== undefined && there) reasons.add(reason);
    return reason === undefined;
  });
  const scores = scoresOf(
    {
      requests: incoming.requests,
      nonZero: orDefaults(effectiveRequests(raw)),
      preferred: preferredOf(raw),
      tolerations: incoming.tolerations,
      spread: spreadOf(raw),
    },
    feasible,
  );
  const ranked = feasible.flatMap(({ node }, index): RankedNode[] => {
    const own = scores[index];
    if (own === undefined) return [];
    const there = labelAt(node.labels, topologyKey) === target;
    return [{ node, there, scores: own, total: totalOf(own) }];
  });
  return { ranked, reasons: [...reasons] };
}

/** A request is only the frame of the Pod here. */
const REQUEST = {
  uid: '',
  kind: { group: '', version: 'v1', name: 'Pod' },
  resource: { group: '', version: 'v1', name: 'pods' },
  subResource: '',
  operation: 'CREATE',
  name: '',
  dryRun: true,
} as const;

/** Plugins that give `left` more than `right`, the strongest first. */
function pullsOf(left: Scores, right: Scores): Pull[] {
  return (Object.keys(left) as ScorePlugin[])
    .map((plugin) => ({ plugin, points: left[plugin] - right[plugin] }))
    .filter(({ points }) => points > 0)
    .sort((a, b) => b.points - a.points);
}

function refusal(pod: IncomingPod, { node, requested }: ScoredNode): string | undefined {
  if (!node.ready) return 'not-ready';
  if (node.unschedulable) return 'unschedulable';
  if (!toleratesAll(pod.tolerations, node.taints)) return 'not-tolerated';
  if (!nodeSelectorMatches(pod.nodeSelector, node)) return 'node-selector';
  const { requiredNodeTerms } = pod;
  if (requiredNodeTerms !== undefined && !nodeTermsMatch(requiredNodeTerms, node)) {
    return 'node-affinity';
  }
  const { cpuMillicores, memoryBytes } = node.allocatable;
  const fits =
    requested.cpuMillicores + pod.requests.cpuMillicores <= cpuMillicores &&
    requested.memoryBytes + pod.requests.memoryBytes <= memoryBytes;
  return fits ? undefined : 'no-room';
}

interface NodeSum {
  requested: Resources;
  nonZero: Resources;
  /** Pods of the Pod's namespace. */
  readonly neighbours: SlimPod[];
}

function scoredNodes({ nodes, pods, pod }: PreferenceInput): ScoredNode[] {
  const sums = new Map<string, NodeSum>();
  for (const one of pods) {
    const gone = one.phase === 'Succeeded' || one.phase === 'Failed';
    if (one.nodeName === undefined || gone || one.uid === pod.uid) continue;
    const sum = sums.get(one.nodeName) ?? { requested: NOTHING, nonZero: NOTHING, neighbours: [] };
    sum.requested = plus(sum.requested, one.requests);
    sum.nonZero = plus(sum.nonZero, orDefaults(one.requests));
    if (one.namespace === pod.namespace && one.deletedAt === undefined) sum.neighbours.push(one);
    sums.set(one.nodeName, sum);
  }
  return [...nodes].map((node) => {
    const sum = sums.get(node.name);
    return {
      node,
      requested: sum?.requested ?? NOTHING,
      nonZero: sum?.nonZero ?? NOTHING,
      matching: (selector) =>
        (sum?.neighbours ?? []).filter((one) =>
          selector === undefined
            ? one.owner?.uid === pod.owner?.uid && pod.owner !== undefined
            : selectorMatches(selector, one.labels),
        ).length,
    };
  });
}

const NOTHING: Resources = { cpuMillicores: 0, memoryBytes: 0 };

function plus(left: Resources, right: Resources): Resources {
  return {
    cpuMillicores: left.cpuMillicores + right.cpuMillicores,
    memoryBytes: left.memoryBytes + right.memoryBytes,
  };
}

/** The scheduler counts a container without requests as this; here it is the Pod as a whole. */
function orDefaults(requests: Resources): Resources {
  return {
    cpuMillicores: requests.cpuMillicores || DEFAULT_REQUESTS.cpuMillicores,
    memoryBytes: requests.memoryBytes || DEFAULT_REQUESTS.memoryBytes,
  };
}

function preferredOf(raw: JsonObject): WeightedTerm[] {
  return preferredTermsOf(raw).flatMap((item) => {
    const object = objectAt({ item }, 'item');
    const weight = fieldOf(object, 'weight');
    const [term] = projectNodeSelectorTerms([fieldOf(object, 'preference')]);
    return typeof weight === 'number' && term !== undefined ? [{ weight, term }] : [];
  });
}

/** Soft constraints of the Pod; undefined where it has none, soft or hard: then the defaults hold. */
function spreadOf(raw: JsonObject): SoftSpread[] | undefined {
  const constraints = objectsAt(objectAt(raw, 'spec'), 'topologySpreadConstraints');
  if (constraints.length === 0) return undefined;
  return constraints
    .filter((one) => stringAt(one, 'whenUnsatisfiable') === 'ScheduleAnyway')
    .map((one) => {
      const maxSkew = fieldOf(one, 'maxSkew');
      // Here an absent selector matches nothing, and not what the controller selects.
      const selector: LabelSelector = projectSelector(objectAt(one, 'labelSelector')) ?? NO_POD;
      return {
        topologyKey: stringAt(one, 'topologyKey') ?? '',
        maxSkew: typeof maxSkew === 'number' ? maxSkew : 1,
        selector,
      };
    });
}

const NO_POD: LabelSelector = {
  matchExpressions: [{ key: 'perihelion.dev/none', operator: 'In', values: [] }],
};
