// SPDX-License-Identifier: Apache-2.0
import type { Settings } from '#settings/settings.ts';
import { asObject } from '#cluster/wire/json.ts';
import type { PlacementPolicy, PolicySpec } from '#cluster/policy/policy.ts';
import { IMPATIENT, type ClusterAccess } from '#cli/access/kube-access.ts';
import { policyViewOf } from '#cli/access/policies.ts';
import { type Answer, answerOf, type Finding, findingsOf } from './finding.ts';
import type { Survey } from './survey.ts';
import { INSTALL } from './webhook.ts';

const { ok, warning, problem } = findingsOf('rights');

const REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews';

/** One thing that a role must be allowed to do. */
export interface Right {
  readonly verb: string;
  /** Empty for the core group. */
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  /** Undefined = in every namespace, or not namespaced. */
  readonly namespace?: string;
  readonly name?: string;
}

/** The two halves of the product, each with a service account of its own. */
export type RoleName = 'admission' | 'learner';

const READ_BY_BOTH: readonly (readonly [group: string, resource: string])[] = [
  ['', 'nodes'],
  ['', 'pods'],
  ['', 'namespaces'],
  ['apps', 'replicasets'],
  ['batch', 'jobs'],
  ['perihelion.dev', 'placementpolicies'],
  ['perihelion.dev', 'placementmodels'],
];

/** What the role cannot work without. */
export function rightsOf(role: RoleName, settings: Settings): readonly Right[] {
  const { namespace, webhook, learner } = settings;
  const watched = role === 'admission' ? [...READ_BY_BOTH, ...READ_BY_ADMISSION] : READ_BY_BOTH;
  const reads = watched.flatMap(([group, resource]) =>
    ['list', 'watch'].map((verb): Right => ({ verb, group, resource })),
  );
  const secret = { group: '', resource: 'secrets', namespace, name: webhook.secret };
  if (role === 'admission') {
    const configuration = {
      group: 'admissionregistration.k8s.io',
      resource: 'mutatingwebhookconfigurations',
      name: webhook.configuration,
    };
    return [
      ...reads,
      { verb: 'get', ...configuration },
      { verb: 'patch', ...configuration },
      { verb: 'get', ...secret },
      { verb: 'update', ...secret },
    ];
  }
  const models = { group: 'perihelion.dev', resource: 'placementmodels' };
  const lease = { group: 'coordination.k8s.io', resource: 'leases', namespace };
  return [
    ...reads,
    { verb: 'create', ...models },
    { verb: 'update', ...models },
    { verb: 'delete', ...models },
    { verb: 'create', group: 'events.k8s.io', resource: 'events' },
    { verb: 'create', ...lease },
    { verb: 'get', ...lease, name: learner.leaseName },
    { verb: 'update', ...lease, name: learner.leaseName },
    { verb: 'get', ...secret },
  ];
}

const READ_BY_ADMISSION: readonly (readonly [string, string])[] = [
  ['', 'persistentvolumeclaims'],
  ['', 'persistentvolumes'],
];

/**
 * Asks the API server, as an administrator may, whether the product's service accounts have their
 * rights: the caller's own rights would say nothing about them.
 */
export async function checkRights(
  { settings, policies }: Survey,
  client: ClusterAccess['client'],
): Promise<Finding[]> {
  const findings = await Promise.all(
    settings.roles.map((role) => roleFinding(role, settings, client)),
  );
  const raw = policies.kind === 'known' ? (policies.value ?? []) : [];
  const requiring = [...policyViewOf(raw, settings.namespace).policies()].find(({ spec }) =>
    mayRequire(spec),
  );
  if (requiring === undefined) return findings;
  return [...findings, ...(await evictionFinding(requiring, settings, client))];
}

/** Where a target may become a required one, Pods may have to be released. */
function mayRequire({ mode, escalation }: PolicySpec): boolean {
  return mode === 'Require' || (mode === 'Prefer' && escalation.mode === 'Enabled');
}

async function evictionFinding(
  policy: PlacementPolicy,
  settings: Settings,
  client: ClusterAccess['client'],
): Promise<Finding[]> {
  const user = `system:serviceaccount:${settings.namespace}:perihelion-learner`;
  const rights: readonly Right[] = [
    { verb: 'get', group: '', resource: 'pods' },
    { verb: 'create', group: '', resource: 'pods', subresource: 'eviction' },
  ];
  const answers = await Promise.all(
    rights.map((right) => answerOf(() => allowed(client, user, right))),
  );
  if (answers.every((answer) => answer.kind === 'unknown' || answer.value)) return [];
  const text = `PlacementPolicy ${policy.namespace}/${policy.name} may require targets, and perihelion-learner may not evict Pods that stay Pending for it`;
  const remedy =
    'kubectl apply -k manifests/overlays/require # or the Helm value evictions.enabled';
  return [problem(text, remedy)];
}

async function roleFinding(
  role: RoleName,
  settings: Settings,
  client: ClusterAccess['client'],
): Promise<Finding> {
  const account = `perihelion-${role}`;
  const user = `system:serviceaccount:${settings.namespace}:${account}`;
  const rights = rightsOf(role, settings);
  const answers = await Promise.all(
    rights.map((right) => answerOf(() => allowed(client, user, right))),
  );
  const unknown = answers.find((answer) => answer.kind === 'unknown');
  if (unknown !== undefined) {
    const text = `rights of ${account} could not be asked for: ${unknown.reason}`;
    return warning(text, `kubectl auth can-i --list --as ${user}`);
  }
  const missing = rights.filter((_, index) => !isYes(answers[index]));
  const first = missing[0];
  if (first === undefined) return ok(`${account} has the ${rights.length} rights it needs`);
  const more = missing.length > 1 ? ` and ${missing.length - 1} more` : '';
  return problem(`${account} may not ${written(first)}${more}`, INSTALL);
}

function isYes(answer: Answer<boolean> | undefined): boolean {
  return answer?.kind === 'known' && answer.value;
}

function written({ verb, group, resource, namespace }: Right): string {
  const what = group === '' ? resource : `${resource}.${group}`;
  return `${verb} ${what}${namespace === undefined ? '' : ` in ${namespace}`}`;
}

async function allowed(
  client: ClusterAccess['client'],
  user: string,
  right: Right,
): Promise<boolean> {
  const groups = ['system:serviceaccounts', 'system:authenticated'];
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, groups, resourceAttributes: right },
  };
  const answer = await client.create(REVIEWS, body, IMPATIENT);
  return asObject(answer['status'])['allowed'] === true;
}
