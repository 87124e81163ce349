// SPDX-License-Identifier: Apache-2.0
import {
  asObject,
  asObjects,
  asText,
  asTextMap,
  isObject,
  type JsonObject,
} from '#cluster/wire/json.ts';
import { quantityUnits } from '#cluster/wire/quantity.ts';
import { amounts, quantityText } from './pod-requests.ts';
import { projectNodeSelectorTerms } from './project-selector.ts';
import type {
  NodeSelectorTerm,
  SelectorRequirement,
  SlimClaim,
  SlimNamespace,
  SlimNode,
  SlimVolume,
} from './slim.ts';

/**
 * A raw Node, slim.
 * @throws PerihelionError `PERI_KUBERNETES_OBJECT` for an amount that is no quantity
 */
export function projectNode(raw: JsonObject): SlimNode {
  const metadata = asObject(raw['metadata']);
  const spec = asObject(raw['spec']);
  const status = asObject(raw['status']);
  const allocatable = asObject(status['allocatable']);
  const ready = asObjects(status['conditions']).find((condition) => condition['type'] === 'Ready');
  return {
    name: asText(metadata['name']),
    labels: asTextMap(metadata['labels']),
    taints: asObjects(spec['taints']).map((taint) => ({
      key: asText(taint['key']),
      value: asText(taint['value']),
      effect: asText(taint['effect']),
    })),
    unschedulable: spec['unschedulable'] === true,
    ready: ready?.['status'] === 'True',
    allocatable: {
      ...amounts(allocatable),
      pods: quantityUnits(quantityText(allocatable['pods']) ?? '0'),
    },
  };
}

/** A raw Namespace, slim. */
export function projectNamespace(raw: JsonObject): SlimNamespace {
  const metadata = asObject(raw['metadata']);
  return { name: asText(metadata['name']), labels: asTextMap(metadata['labels']) };
}

/** A raw PersistentVolumeClaim, slim. */
export function projectClaim(raw: JsonObject): SlimClaim {
  const metadata = asObject(raw['metadata']);
  return {
    namespace: asText(metadata['namespace']),
    name: asText(metadata['name']),
    volumeName: asText(asObject(raw['spec'])['volumeName']),
  };
}

/** Labels that bind a volume to nodes even without a node affinity, by the label of the node. */
const ZONE_LABELS: Readonly<Record<string, string>> = {
  'topology.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region': 'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
};

/** A raw PersistentVolume, slim: its node affinity, with what its zone labels demand ANDed. */
export function projectVolume(raw: JsonObject): SlimVolume {
  const metadata = asObject(raw['metadata']);
  const name = asText(metadata['name']);
  const required = asObject(asObject(raw['spec'])['nodeAffinity'])['required'];
  const zones = zoneRequirements(metadata['labels']);
  const terms = isObject(required)
    ? projectNodeSelectorTerms(required['nodeSelectorTerms'])
    : undefined;
  return { name, nodeAffinity: withZones(terms, zones) };
}

function withZones(
  terms: readonly NodeSelectorTerm[] | undefined,
  zones: readonly SelectorRequirement[],
): readonly NodeSelectorTerm[] | undefined {
  if (zones.length === 0) return terms;
  if (terms === undefined) return [{ matchExpressions: zones }];
  return terms
    .filter((term) => !isEmpty(term))
    .map((term) => ({ ...term, matchExpressions: [...(term.matchExpressions ?? []), ...zones] }));
}

/** An empty term matches no node; with a zone added it would match some. */
function isEmpty(term: NodeSelectorTerm): boolean {
  return (term.matchExpressions ?? []).length === 0 && (term.matchFields ?? []).length === 0;
}

/** As the scheduler's volume zone check reads them: several zones are joined by `__`. */
function zoneRequirements(labels: unknown): SelectorRequirement[] {
  return Object.entries(asTextMap(labels)).flatMap(([label, value]) => {
    const key = Object.hasOwn(ZONE_LABELS, label) ? ZONE_LABELS[label] : undefined;
    return key === undefined ? [] : [{ key, operator: 'In', values: value.split('__') }];
  });
}
