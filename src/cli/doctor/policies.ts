// SPDX-License-Identifier: Apache-2.0
import { asObject, asObjects, asText, type JsonObject } from '#cluster/wire/json.ts';
import { policyViewOf } from '#cli/access/policies.ts';
import { plural } from '#cli/terminal/style.ts';
import { type Finding, findingsOf } from './finding.ts';
import type { Survey } from './survey.ts';
import { INSTALL } from './webhook.ts';

const definitions = findingsOf('definitions');
const { ok, warning, problem } = findingsOf('policies');

const INSTALL_DEFINITIONS = `${INSTALL} # or: kubectl apply -f manifests/base/crds`;

/** Are the custom resources served? */
export function checkDefinitions({ policies, models }: Survey): Finding[] {
  const findings: Finding[] = [];
  for (const [name, answer] of Object.entries({
    PlacementPolicy: policies,
    PlacementModel: models,
  })) {
    if (answer.kind === 'unknown') {
      findings.push(definitions.warning(`${name}s could not be read: ${answer.reason}`));
    } else if (answer.value === undefined) {
      const text = `CustomResourceDefinition of ${name} is not installed`;
      findings.push(definitions.problem(text, INSTALL_DEFINITIONS));
    }
  }
  return findings.length > 0
    ? findings
    : [definitions.ok('PlacementPolicy and PlacementModel are served')];
}

/** Can every policy be used, and is each of them the one that counts? */
export function checkPolicies({ policies, settings }: Survey): Finding[] {
  if (policies.kind === 'unknown' || policies.value === undefined) return [];
  const view = policyViewOf(policies.value, settings.namespace);
  const findings: Finding[] = [];
  for (const { namespace, name, problems } of view.problems()) {
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
    const text = `PlacementPolicy ${namespace}/${name} cannot be used: ${problems[0] ?? ''}${more}`;
    findings.push(problem(text, edit(namespace, name)));
  }
  for (const { namespace, name } of view.policies()) {
    const counts = view.policyFor(namespace);
    if (counts.namespace === namespace && counts.name !== name) {
      const text = `PlacementPolicy ${namespace}/${name} has no effect: ${counts.name} comes first by name`;
      findings.push(warning(text, `kubectl delete placementpolicy -n ${namespace} ${name}`));
    }
  }
  for (const raw of policies.value) findings.push(...conditionFindings(raw));
  if (findings.length > 0) return findings;
  const count = policies.value.length;
  return [
    ok(
      count === 0 ? 'none, the built-in policy holds' : `${plural(count, 'policy object')} usable`,
    ),
  ];
}

/** Workloads that the circuit breaker leaves to the default scheduler. */
function conditionFindings(raw: JsonObject): Finding[] {
  const metadata = asObject(raw['metadata']);
  const namespace = asText(metadata['namespace']);
  const name = asText(metadata['name']);
  return asObjects(asObject(raw['status'])['conditions']).flatMap((condition) => {
    const { type, status, message } = condition;
    // The others say what this command finds out by itself.
    if (type !== 'CircuitOpen' || status !== 'True') return [];
    const text = `PlacementPolicy ${namespace}/${name} holds workloads back: ${asText(message)}`;
    return [warning(text, `kubectl describe placementpolicy -n ${namespace} ${name}`)];
  });
}

function edit(namespace: string, name: string): string {
  return `kubectl edit placementpolicy -n ${namespace} ${name}`;
}
