// SPDX-License-Identifier: Apache-2.0
import { podSkipReason } from '#admission/pod/eligibility.ts';
import { incomingPod } from '#admission/pod/incoming-pod.ts';
import type { SkipReason } from '#admission/review/reasons.ts';
import { PLACEMENT_LABEL } from '#cluster/decision/decision.ts';
import { asList, asObject, asText, type JsonObject } from '#cluster/wire/json.ts';
import type { Evidence } from './evidence.ts';
import type { Gathered } from './gather.ts';

/** Why a Pod carries no decision. */
export interface LeftAlone {
  /** The product's word: a skip reason, a failure reason, or `not-met`. */
  readonly reason: string;
  /** One sentence for people. */
  readonly detail: string;
  /** `audit`: its line says so. `rules`: the rules say so, for the Pod as it is now. */
  readonly source: 'audit' | 'rules';
}

/**
 * Why a Pod carries no decision: the audit line where there is one, else the product's own rules,
 * put to the Pod as it must have been at its creation.
 */
export function leftAlone(gathered: Gathered, evidence: Evidence | undefined): LeftAlone {
  const line = evidence?.admission;
  if (line !== undefined) {
    const detail = detailOf(line.reason, gathered);
    return { reason: line.reason, detail: `${line.outcome}: ${detail}`, source: 'audit' };
  }
  const reason = reasonNow(gathered);
  if (reason !== undefined) {
    return { reason, detail: detailOf(reason, gathered), source: 'rules' };
  }
  const ambiguous = evidence?.ambiguous ?? 0;
  const hint =
    ambiguous > 0 ? `; ${ambiguous} lines of the audit log could be its own and do not agree` : '';
  return {
    reason: 'not-met',
    detail:
      'nothing speaks against a decision today, so the webhook did not meet the Pod: it was ' +
      `created before the opt-in, or while no replica answered (perihelion doctor)${hint}`,
    source: 'rules',
  };
}

/** The rules, put to the Pod as it was sent: the scheduler had not bound it yet. */
function reasonNow({
  raw,
  pod,
  namespace,
  policy,
  ownNamespace,
}: Gathered): SkipReason | undefined {
  const spec = asObject(raw['spec']);
  const object = sentBound(raw) ? raw : { ...raw, spec: { ...spec, nodeName: undefined } };
  const incoming = incomingPod({
    uid: pod.uid,
    kind: { group: '', version: 'v1', name: 'Pod' },
    resource: { group: '', version: 'v1', name: 'pods' },
    subResource: '',
    operation: 'CREATE',
    namespace: pod.namespace,
    name: pod.name,
    dryRun: false,
    object,
  });
  return podSkipReason(incoming, {
    ownNamespace,
    schedulerName: 'default-scheduler',
    synced: true,
    namespace,
    policy,
  });
}

/**
 * Whether the Pod was created with its node: then whoever created it owns the field, whereas the
 * scheduler's binding leaves no owner.
 */
function sentBound(raw: JsonObject): boolean {
  const managers = asList(asObject(raw['metadata'])['managedFields']).map(asObject);
  return managers.some(
    (manager) =>
      asText(manager['subresource']) === '' &&
      Object.hasOwn(asObject(asObject(manager['fieldsV1'])['f:spec']), 'f:nodeName'),
  );
}

function detailOf(reason: string, gathered: Gathered): string {
  const { namespace } = gathered.pod;
  if (reason === 'namespace-not-opted-in') {
    return `the namespace has not opted in: kubectl label namespace ${namespace} ${PLACEMENT_LABEL}=enabled`;
  }
  if (reason === 'policy-off') {
    const { name } = gathered.policy;
    return `PlacementPolicy ${name} has mode Off: kubectl edit placementpolicy -n ${namespace} ${name}`;
  }
  return Object.hasOwn(DETAILS, reason) ? (DETAILS[reason] ?? reason) : reason;
}

/** Sentences for the words that need no name in them. */
const DETAILS: Readonly<Record<string, string>> = {
  'own-namespace': 'Perihelion never touches the Pods of its own namespace',
  'kube-system': 'Pods of kube-system are never touched',
  'mirror-pod': 'it is the mirror of a static Pod, which its node runs whatever happens',
  'static-pod': 'it is a static Pod, which its node runs whatever happens',
  'daemon-set': 'Pods of a DaemonSet belong to their node',
  'node-name-set': 'it was created with spec.nodeName, which the scheduler never sees',
  'other-scheduler': 'it asks for another scheduler than default-scheduler',
  'opted-out': `the Pod carries ${PLACEMENT_LABEL}=disabled`,
  'not-synced': 'the replica had just started and did not know the cluster yet',
  'already-decided': 'a decision was there already, from an earlier pass',
  shadow: 'the policy has mode Shadow: decided and logged, nothing injected',
  deadline: 'no time was left to choose a target',
  'patch-unsafe': 'the patch did not pass its check and was not sent',
  'unreadable-pod': 'the Pod could not be read',
  internal: 'an internal error, see the log of the replica',
};
