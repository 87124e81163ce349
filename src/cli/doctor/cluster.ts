// SPDX-License-Identifier: Apache-2.0
import { OPT_IN_VALUE } from '#admission/pod/eligibility.ts';
import { PLACEMENT_LABEL } from '#cluster/decision/decision.ts';
import { parseExposition } from '#telemetry/series/exposition.ts';
import { WEBHOOK_NAME } from '#cli/roles/admission-role.ts';
import { type Finding, findingsOf } from './finding.ts';
import type { Survey } from './survey.ts';

const namespaces = findingsOf('namespaces');
const failOpen = findingsOf('fail-open');

const OPT_IN = `kubectl label namespace NAME ${PLACEMENT_LABEL}=${OPT_IN_VALUE}`;
const NAMED_LIMIT = 10;
const COUNTER = 'apiserver_admission_webhook_fail_open_count';

/** Which namespaces have opted in, and are their labels as they are meant? */
export function checkNamespaces({ namespaces: answer, settings }: Survey): Finding[] {
  if (answer.kind === 'unknown') {
    return [namespaces.warning(`namespaces could not be listed: ${answer.reason}`)];
  }
  const labelled = answer.value.filter(({ labels }) => Object.hasOwn(labels, PLACEMENT_LABEL));
  const findings: Finding[] = [];
  const exempt = new Set([settings.namespace, 'kube-system']);
  const optedIn: string[] = [];
  for (const { name, labels } of labelled) {
    const value = labels[PLACEMENT_LABEL] ?? '';
    if (value === OPT_IN_VALUE && exempt.has(name)) {
      const text = `namespace ${name} has opted in, but is never touched`;
      findings.push(
        namespaces.warning(text, `kubectl label namespace ${name} ${PLACEMENT_LABEL}-`),
      );
    } else if (value === OPT_IN_VALUE) optedIn.push(name);
    else if (value !== 'disabled') {
      const text = `namespace ${name} has ${PLACEMENT_LABEL}=${value}, which means nothing`;
      const remedy = `kubectl label --overwrite namespace ${name} ${PLACEMENT_LABEL}=${OPT_IN_VALUE}`;
      findings.push(namespaces.warning(text, remedy));
    }
  }
  if (optedIn.length === 0) {
    findings.push(namespaces.warning('no namespace has opted in: no Pod is ever met', OPT_IN));
  } else {
    const named = optedIn.slice(0, NAMED_LIMIT).join(', ');
    const more = optedIn.length > NAMED_LIMIT ? ', ...' : '';
    findings.push(namespaces.ok(`${optedIn.length} opted in: ${named}${more}`));
  }
  return findings;
}

/** How often did the API server go on without us? */
export function checkFailOpen({ apiMetrics, settings }: Survey): Finding[] {
  if (apiMetrics.kind === 'unknown') {
    const text = `the API server's count of calls that failed open could not be read: ${apiMetrics.reason}`;
    return [failOpen.warning(text, 'kubectl get --raw /metrics')];
  }
  const { series } = parseExposition(apiMetrics.value, { keep: (name) => name === COUNTER });
  const ours = series.filter(({ labels }) => labels['name'] === WEBHOOK_NAME);
  const count = ours.reduce((sum, { value }) => sum + value, 0);
  if (count === 0) return [failOpen.ok('the API server never went on without the webhook')];
  const text = `the API server went on without the webhook ${count} times since it started`;
  const remedy = `kubectl get pods -n ${settings.namespace} -l app.kubernetes.io/component=admission`;
  return [failOpen.warning(text, remedy)];
}
