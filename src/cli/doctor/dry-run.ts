// SPDX-License-Identifier: Apache-2.0
import { OPT_IN_VALUE } from '#admission/pod/eligibility.ts';
import { resourcePath, RESOURCES } from '#cluster/api/resources.ts';
import { DECISION_ANNOTATIONS } from '#cluster/decision/annotations.ts';
import { PLACEMENT_LABEL } from '#cluster/decision/decision.ts';
import { asObject } from '#cluster/wire/json.ts';
import { IMPATIENT, type ClusterAccess } from '#cli/access/kube-access.ts';
import { policyViewOf } from '#cli/access/policies.ts';
import { answerOf, type Finding, findingsOf } from './finding.ts';
import type { Survey } from './survey.ts';

const { ok, warning, problem } = findingsOf('dry-run');

/**
 * The proof of the whole way: the API server is asked to create a Pod, for a dry run, in a
 * namespace that opted in. If the webhook answers, the Pod comes back with a decision.
 */
export async function checkDryRun(
  survey: Survey,
  client: ClusterAccess['client'],
): Promise<Finding[]> {
  const namespace = candidateOf(survey);
  if (namespace === undefined) return [];
  const answer = await answerOf(() =>
    client.create(resourcePath(RESOURCES.pods, { namespace }), POD, {
      ...IMPATIENT,
      query: { dryRun: 'All' },
    }),
  );
  if (answer.kind === 'unknown') {
    return [warning(`a Pod could not be tried in ${namespace}: ${answer.reason}`)];
  }
  const annotations = asObject(asObject(answer.value['metadata'])['annotations']);
  if (Object.hasOwn(annotations, DECISION_ANNOTATIONS.id)) {
    return [ok(`a Pod tried in ${namespace} (dry run) came back with a decision`)];
  }
  const text = `a Pod tried in ${namespace} (dry run) came back without a decision: the API server does not reach the webhook`;
  const logs = `kubectl logs -n ${survey.settings.namespace} -l app.kubernetes.io/component=admission`;
  return [problem(text, logs)];
}

/** A namespace that opted in and whose policy injects. */
function candidateOf({ namespaces, policies, settings }: Survey): string | undefined {
  if (namespaces.kind === 'unknown' || policies.kind === 'unknown') return undefined;
  const view = policyViewOf(policies.value ?? [], settings.namespace);
  return namespaces.value.find(({ name, labels }) => {
    const { mode } = view.policyFor(name).spec;
    return labels[PLACEMENT_LABEL] === OPT_IN_VALUE && mode !== 'Off' && mode !== 'Shadow';
  })?.name;
}

/** Passes the strictest Pod Security level. */
const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { generateName: 'perihelion-doctor-' },
  spec: {
    automountServiceAccountToken: false,
    restartPolicy: 'Never',
    schedulerName: 'default-scheduler',
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65_532,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: 'pause',
        image: 'registry.k8s.io/pause:3.10',
        resources: {
          requests: { cpu: '1m', memory: '1Mi' },
          limits: { cpu: '10m', memory: '16Mi' },
        },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
  },
};
