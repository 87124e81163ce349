// SPDX-License-Identifier: Apache-2.0
import { PREFIX } from '#cluster/decision/decision.ts';
import {
  asObject,
  asObjects,
  asOptionalText,
  asText,
  asTextMap,
  asTexts,
  NO_TEXTS,
  type JsonObject,
} from '#cluster/wire/json.ts';
import { effectiveRequests } from './pod-requests.ts';
import { projectController, requiredTime, time, trueSince } from './project-metadata.ts';
import { projectSelector } from './project-selector.ts';
import type { PodAffinityTerm, SlimPod } from './slim.ts';

/** Annotations that are in use: our own, and where a Pod is scraped. */
const KEPT_ANNOTATIONS = [`${PREFIX}/`, 'prometheus.io/'];

/**
 * A raw Pod, slim.
 * @throws PerihelionError `PERI_KUBERNETES_OBJECT` for a time or an amount that cannot be read
 */
export function projectPod(raw: JsonObject): SlimPod {
  const metadata = asObject(raw['metadata']);
  const spec = asObject(raw['spec']);
  const status = asObject(raw['status']);
  const conditions = asObjects(status['conditions']);
  const generateName = asOptionalText(metadata['generateName']);
  const graceSeconds = metadata['deletionGracePeriodSeconds'];
  return {
    uid: asText(metadata['uid']),
    namespace: asText(metadata['namespace']),
    name: asText(metadata['name']),
    ...(generateName === undefined ? {} : { generateName }),
    labels: asTextMap(metadata['labels']),
    annotations: keptAnnotations(metadata['annotations']),
    owner: projectController(metadata),
    nodeName: asOptionalText(spec['nodeName']),
    podIP: asOptionalText(status['podIP']),
    phase: asText(status['phase']) || 'Unknown',
    createdAt: requiredTime(metadata['creationTimestamp'], 'metadata.creationTimestamp'),
    boundAt: trueSince(conditions, 'PodScheduled'),
    readyAt: trueSince(conditions, 'Ready'),
    deletedAt: time(metadata['deletionTimestamp'], 'metadata.deletionTimestamp'),
    ...(typeof graceSeconds === 'number' ? { deletionGraceSeconds: graceSeconds } : {}),
    requests: effectiveRequests(raw),
    requiredAntiAffinity: requiredAntiAffinity(spec),
  };
}

/** Whether a Pod holds the resources it requests: bound, and not at its end. */
export function holdsResources(pod: SlimPod): boolean {
  return pod.nodeName !== undefined && pod.phase !== 'Succeeded' && pod.phase !== 'Failed';
}

/** Required pod anti-affinity of a raw Pod spec. */
export function requiredAntiAffinity(spec: JsonObject): readonly PodAffinityTerm[] {
  const antiAffinity = asObject(asObject(spec['affinity'])['podAntiAffinity']);
  const terms = asObjects(antiAffinity['requiredDuringSchedulingIgnoredDuringExecution']);
  return terms.length === 0 ? NONE : terms.map(projectTerm);
}

const NONE: readonly PodAffinityTerm[] = Object.freeze([]);

function projectTerm(raw: JsonObject): PodAffinityTerm {
  const labelSelector = projectSelector(raw['labelSelector']);
  const namespaceSelector = projectSelector(raw['namespaceSelector']);
  const namespaces = asTexts(raw['namespaces']);
  return {
    topologyKey: asText(raw['topologyKey']),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(namespaces.length === 0 ? {} : { namespaces }),
    ...(namespaceSelector === undefined ? {} : { namespaceSelector }),
  };
}

function keptAnnotations(raw: unknown): Readonly<Record<string, string>> {
  const kept: [string, string][] = [];
  for (const [key, value] of Object.entries(asObject(raw))) {
    if (typeof value !== 'string') continue;
    if (KEPT_ANNOTATIONS.some((prefix) => key.startsWith(prefix))) kept.push([key, value]);
  }
  return kept.length === 0 ? NO_TEXTS : Object.fromEntries(kept);
}
