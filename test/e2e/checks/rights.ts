// SPDX-License-Identifier: Apache-2.0
import { expect } from '../checks.ts';
import type { Role } from '../manifests.ts';
import { SHOP } from '../stage.ts';
import type { Stage } from '../stage.ts';
import { barePod } from '../workloads.ts';

/** One thing a ServiceAccount may or may not do. */
interface Right {
  readonly verb: string;
  readonly group?: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** What neither role may do, whatever else it may. */
const NEVER: readonly Right[] = [
  { verb: '*', group: '*', resource: '*' },
  { verb: 'create', resource: 'pods', namespace: SHOP },
  { verb: 'patch', resource: 'pods', namespace: SHOP },
  { verb: 'delete', resource: 'pods', namespace: SHOP },
  { verb: 'get', resource: 'secrets', namespace: SHOP },
  { verb: 'list', resource: 'secrets' },
  { verb: 'get', resource: 'secrets', namespace: 'kube-system' },
  { verb: 'update', group: 'apps', resource: 'deployments', namespace: SHOP },
  { verb: 'patch', resource: 'nodes' },
  { verb: 'patch', resource: 'namespaces', name: SHOP },
  { verb: 'impersonate', resource: 'users' },
  { verb: 'bind', group: 'rbac.authorization.k8s.io', resource: 'clusterroles' },
  { verb: 'create', group: 'rbac.authorization.k8s.io', resource: 'clusterrolebindings' },
  {
    verb: 'patch',
    group: 'admissionregistration.k8s.io',
    resource: 'mutatingwebhookconfigurations',
    name: 'somebody-elses',
  },
  {
    verb: 'delete',
    group: 'admissionregistration.k8s.io',
    resource: 'mutatingwebhookconfigurations',
  },
  { verb: 'update', group: 'perihelion.dev', resource: 'placementpolicies', namespace: SHOP },
  { verb: 'delete', group: 'perihelion.dev', resource: 'placementpolicies', namespace: SHOP },
  { verb: 'deletecollection', group: 'perihelion.dev', resource: 'placementmodels' },
];

/** What each role lives on. */
const NEEDED: Readonly<Record<Role, readonly Right[]>> = {
  admission: [
    { verb: 'watch', resource: 'nodes' },
    { verb: 'watch', resource: 'namespaces' },
    { verb: 'list', group: 'perihelion.dev', resource: 'placementpolicies' },
    { verb: 'watch', group: 'perihelion.dev', resource: 'placementmodels' },
  ],
  learner: [
    { verb: 'watch', resource: 'nodes' },
    { verb: 'list', group: 'perihelion.dev', resource: 'placementpolicies' },
    { verb: 'create', group: 'perihelion.dev', resource: 'placementmodels', namespace: SHOP },
    { verb: 'update', group: 'perihelion.dev', resource: 'placementmodels', namespace: SHOP },
    { verb: 'delete', group: 'perihelion.dev', resource: 'placementmodels', namespace: SHOP },
  ],
};

/** Each role has what it needs and nothing that could do harm. */
export async function checkRights(stage: Stage): Promise<void> {
  for (const role of ['admission', 'learner'] as const) {
    await stage.checks.check(`rights: ${role} has what it needs`, async () => {
      const denied = await select(stage, role, NEEDED[role], false);
      expect(denied.length === 0, `denied: ${denied.join('; ')}`);
      return `${NEEDED[role].length} of ${NEEDED[role].length} granted`;
    });
    await stage.checks.check(`rights: ${role} cannot do harm`, async () => {
      const granted = await select(stage, role, neverOf(role), true);
      expect(granted.length === 0, `granted: ${granted.join('; ')}`);
      return `${neverOf(role).length} of ${neverOf(role).length} denied`;
    });
    await stage.checks.check(`rights: the token of ${role} is refused`, () =>
      expectRefused(stage, role),
    );
  }
}

function neverOf(role: Role): readonly Right[] {
  if (role === 'learner') return NEVER;
  return [
    ...NEVER,
    { verb: 'create', group: 'perihelion.dev', resource: 'placementmodels', namespace: SHOP },
    { verb: 'update', group: 'perihelion.dev', resource: 'placementmodels', namespace: SHOP },
    { verb: 'delete', group: 'perihelion.dev', resource: 'placementmodels', namespace: SHOP },
  ];
}

/** Those of the rights on which the API server's verdict is `allowed`. */
async function select(
  stage: Stage,
  role: Role,
  rights: readonly Right[],
  allowed: boolean,
): Promise<string[]> {
  const { namespace, accounts } = stage.manifests;
  const found: string[] = [];
  for (const right of rights) {
    const review = await stage.controlPlane.api.create<{ status: { allowed: boolean } }>(
      '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: {
          user: `system:serviceaccount:${namespace}:${accounts[role]}`,
          groups: [
            'system:serviceaccounts',
            `system:serviceaccounts:${namespace}`,
            'system:authenticated',
          ],
          resourceAttributes: right,
        },
      },
    );
    if (review.status.allowed === allowed) {
      found.push(
        `${right.verb} ${right.resource}${right.namespace === undefined ? '' : ` in ${right.namespace}`}`,
      );
    }
  }
  return found;
}

/** The same by deed, with the very token that the running process holds. */
async function expectRefused(stage: Stage, role: Role): Promise<string> {
  const api = stage.controlPlane.api.as(stage.product.tokens.get(role) ?? '');
  try {
    const seen = {
      'listing the Secrets of an opted-in namespace': await api.status(
        'GET',
        `/api/v1/namespaces/${SHOP}/secrets`,
      ),
      'creating a Pod': await api.status(
        'POST',
        `/api/v1/namespaces/${SHOP}/pods`,
        barePod('intruder'),
      ),
      'deleting Pods': await api.status('DELETE', `/api/v1/namespaces/${SHOP}/pods`),
    };
    const wrong = Object.entries(seen).filter(([, status]) => status !== 403);
    expect(wrong.length === 0, wrong.map(([what, status]) => `${what}: ${status}`).join('; '));
    return `${Object.keys(seen).join(', ')}: 403`;
  } finally {
    await api.close();
  }
}
