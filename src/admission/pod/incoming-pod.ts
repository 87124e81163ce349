// SPDX-License-Identifier: Apache-2.0
import { effectiveRequests } from '#cluster/objects/pod-requests.ts';
import { projectController } from '#cluster/objects/project-metadata.ts';
import { projectNodeSelectorTerms, projectSelector } from '#cluster/objects/project-selector.ts';
import { labelAt, type Labels } from '#cluster/objects/selector-match.ts';
import type {
  LabelSelector,
  NodeSelectorTerm,
  OwnerReference,
  PodAffinityTerm,
  Resources,
  SelectorRequirement,
} from '#cluster/objects/slim.ts';
import { PerihelionError } from '#errors';
import {
  fieldOf,
  isObject,
  objectAt,
  objectsAt,
  stringAt,
  stringMapAt,
  stringsAt,
  type JsonObject,
} from '#admission/review/json.ts';
import type { AdmissionRequest } from '#admission/review/review.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';

/** Longest name of any Kubernetes object, in characters: a DNS subdomain. */
const NAME_LIMIT = 253;

/** A toleration of the Pod under review; a missing field is an empty string. */
export interface Toleration {
  readonly key: string;
  /** `Exists`, or `Equal`, which is also what empty means. */
  readonly operator: string;
  readonly value: string;
  /** Empty matches every effect. */
  readonly effect: string;
}

/** The Pod under review, projected to what a decision needs. */
export interface IncomingPod {
  /** From the request: the object's own may be empty. */
  readonly namespace: string;
  /** Empty where the API server will generate it. */
  readonly name: string;
  readonly generateName: string | undefined;
  readonly labels: Labels;
  readonly annotations: Readonly<Record<string, string>>;
  readonly owner: OwnerReference | undefined;
  readonly nodeName: string | undefined;
  readonly schedulerName: string;
  readonly nodeSelector: Labels;
  readonly tolerations: readonly Toleration[];
  /** Terms of required node affinity; undefined = no such rule. */
  readonly requiredNodeTerms: readonly NodeSelectorTerm[] | undefined;
  readonly requiredAffinity: readonly PodAffinityTerm[];
  readonly requiredAntiAffinity: readonly PodAffinityTerm[];
  /** Names of the claims that the Pod mounts, each once. */
  readonly claims: readonly string[];
  readonly requests: Resources;
  /** The object as it was sent. */
  readonly raw: JsonObject;
}

/**
 * Projects the object of a request.
 * @throws PerihelionError `PERI_REVIEW_MALFORMED` if it is no Pod with metadata and a spec, or has
 *   or is controlled by a name that no object can have,
 *   `PERI_KUBERNETES_OBJECT` if a resource quantity cannot be read.
 */
export function incomingPod(request: AdmissionRequest): IncomingPod {
  const raw = request.object;
  const metadata = objectAt(raw, 'metadata');
  const spec = objectAt(raw, 'spec');
  if (raw === undefined || metadata === undefined || spec === undefined) {
    throw new PerihelionError('PERI_REVIEW_MALFORMED', 'request.object has no metadata or spec');
  }
  const name = stringAt(metadata, 'name') ?? request.name;
  const generateName = stringAt(metadata, 'generateName');
  const owner = projectController(metadata);
  checkNames(name, generateName, owner?.kind, owner?.name, owner?.uid);
  const labels = stringMapAt(metadata, 'labels');
  const affinity = objectAt(spec, 'affinity');
  return {
    namespace: request.namespace,
    name,
    generateName,
    labels,
    annotations: stringMapAt(metadata, 'annotations'),
    owner,
    nodeName: stringAt(spec, 'nodeName'),
    schedulerName: stringAt(spec, 'schedulerName') ?? '',
    nodeSelector: stringMapAt(spec, 'nodeSelector'),
    tolerations: objectsAt(spec, 'tolerations').map(tolerationOf),
    requiredNodeTerms: requiredNodeTermsOf(affinity),
    requiredAffinity: podTermsOf(affinity, 'podAffinity', labels),
    requiredAntiAffinity: podTermsOf(affinity, 'podAntiAffinity', labels),
    claims: claimsOf(spec),
    requests: effectiveRequests(raw),
    raw,
  };
}

/**
 * Names go into annotations, audit lines and keys. The API server bounds all but those of an owner,
 * and those that it does bound only after admission.
 */
function checkNames(...names: readonly (string | undefined)[]): void {
  if (names.every((name) => name === undefined || name.length <= NAME_LIMIT)) return;
  throw new PerihelionError(
    'PERI_REVIEW_MALFORMED',
    `request.object has a name of more than ${NAME_LIMIT} characters`,
  );
}

function tolerationOf(toleration: JsonObject): Toleration {
  return {
    key: stringAt(toleration, 'key') ?? '',
    operator: stringAt(toleration, 'operator') ?? '',
    value: stringAt(toleration, 'value') ?? '',
    effect: stringAt(toleration, 'effect') ?? '',
  };
}

function requiredNodeTermsOf(
  affinity: JsonObject | undefined,
): readonly NodeSelectorTerm[] | undefined {
  const required = fieldOf(objectAt(affinity, 'nodeAffinity'), REQUIRED);
  if (!isObject(required)) return undefined;
  return projectNodeSelectorTerms(required['nodeSelectorTerms']);
}

function podTermsOf(
  affinity: JsonObject | undefined,
  kind: 'podAffinity' | 'podAntiAffinity',
  labels: Labels,
): readonly PodAffinityTerm[] {
  return objectsAt(objectAt(affinity, kind), REQUIRED).map((term) => ({
    topologyKey: stringAt(term, 'topologyKey') ?? '',
    labelSelector: podSelectorOf(term, labels),
    namespaces: stringsAt(term, 'namespaces'),
    namespaceSelector: projectSelector(objectAt(term, 'namespaceSelector')),
  }));
}

/**
 * The selector of a term with `matchLabelKeys` and `mismatchLabelKeys` written out for this Pod.
 * The API server does the same, but only after admission. A key that the Pod lacks is ignored.
 */
function podSelectorOf(term: JsonObject, labels: Labels): LabelSelector | undefined {
  const selector = projectSelector(objectAt(term, 'labelSelector'));
  if (selector === undefined) return undefined;
  const written = (key: 'matchLabelKeys' | 'mismatchLabelKeys', operator: string) =>
    stringsAt(term, key).flatMap((label): SelectorRequirement[] => {
      const value = labelAt(labels, label);
      return value === undefined ? [] : [{ key: label, operator, values: [value] }];
    });
  return {
    matchLabels: selector.matchLabels,
    matchExpressions: [
      ...(selector.matchExpressions ?? []),
      ...written('matchLabelKeys', 'In'),
      ...written('mismatchLabelKeys', 'NotIn'),
    ],
  };
}

function claimsOf(spec: JsonObject): readonly string[] {
  const names = new Set<string>();
  for (const volume of objectsAt(spec, 'volumes')) {
    const name = stringAt(objectAt(volume, 'persistentVolumeClaim'), 'claimName');
    if (name !== undefined) names.add(name);
  }
  return [...names];
}
