// SPDX-License-Identifier: Apache-2.0
import { OPT_IN_VALUE } from '#admission/pod/eligibility.ts';
import { PLACEMENT_LABEL } from '#cluster/decision/decision.ts';
import type { Observation } from '#cluster/model/observation.ts';
import { policyViewOf } from '#cli/access/policies.ts';
import { plural } from '#cli/terminal/style.ts';
import { type Finding, findingsOf } from './finding.ts';
import type { Survey } from './survey.ts';

const lease = findingsOf('lease');
const models = findingsOf('models');

/** Workloads named one by one. */
const NAMED_LIMIT = 5;

/** Does a learner lead, and is it alive? */
export function checkLease({ lease: answer, settings, now, pods }: Survey): Finding[] {
  const { namespace, learner } = settings;
  const logs = `kubectl logs -n ${namespace} -l app.kubernetes.io/component=learner`;
  if (answer.kind === 'unknown') {
    return [lease.warning(`the lease of the learner could not be read: ${answer.reason}`)];
  }
  const record = answer.value;
  if (record === undefined || record.holder === '') {
    const text = `no learner leads (Lease ${namespace}/${learner.leaseName}): nothing is learned`;
    return [lease.problem(text, logs)];
  }
  const ageSeconds = Math.round((now - record.renewedAt) / 1000);
  if (ageSeconds > record.durationSeconds) {
    const holder = record.holder.replace(/_[0-9a-f]+$/, '');
    const alive =
      pods.kind === 'known' &&
      pods.value.some((pod) => pod.namespace === namespace && pod.name === holder);
    const text = `${record.holder} has not renewed its lease for ${ageSeconds} s`;
    const gone = alive ? ' although its Pod is there' : '';
    return [lease.problem(`${text}${gone}: nothing is learned`, logs)];
  }
  return [lease.ok(`${record.holder} leads, renewed ${Math.max(0, ageSeconds)} s ago`)];
}

/** Is what the learner publishes fresh, and are the targets measured? */
export function checkModels(survey: Survey): Finding[] {
  const { models: answer, settings } = survey;
  if (answer.kind === 'unknown' || answer.value === undefined) return [];
  const { shards, observations, unreadable } = answer.value;
  const logs = `kubectl logs -n ${settings.namespace} -l app.kubernetes.io/component=learner`;
  const findings = unreadable
    .slice(0, NAMED_LIMIT)
    .map((why) => models.problem(`a PlacementModel cannot be read: ${why}`, logs));
  for (const observation of observations) findings.push(...observed(observation, survey, logs));
  for (const namespace of optedInWithout(observations, survey)) {
    const text = `namespace ${namespace} has opted in, but nothing was observed for it yet`;
    findings.push(models.warning(text, logs));
  }
  if (findings.every(({ level }) => level === 'ok')) {
    findings.push(models.ok(`${plural(shards.length, 'shard')} of learned values`));
  }
  return findings;
}

function observed(observation: Observation, survey: Survey, logs: string): Finding[] {
  const { settings, now, policies } = survey;
  const { namespace, policy, observedAt, targets } = observation;
  const raw = policies.kind === 'known' ? (policies.value ?? []) : [];
  const { spec } = policyViewOf(raw, settings.namespace).policyFor(namespace);
  const where = `${namespace}, policy ${policy}`;
  const ageSeconds = Math.round((now - observedAt) / 1000);
  // A cycle may be missed once; before the policy calls it stale, nothing has changed for Pods.
  const limit = Math.max(spec.measurement.staleAfterSeconds, 2 * settings.learner.intervalSeconds);
  if (ageSeconds > limit) {
    const text = `the observation of ${where} is ${ageSeconds} s old: no target counts as measured`;
    return [models.problem(text, logs)];
  }
  const sick = Object.entries(targets).filter(([, { health }]) => health !== 'healthy');
  const total = Object.keys(targets).length;
  if (sick.length === 0) {
    return [models.ok(`${where}: observed, ${plural(total, 'target')} measured`)];
  }
  const named = sick.slice(0, NAMED_LIMIT).map(([target, { health }]) => `${target} ${health}`);
  const more = sick.length > NAMED_LIMIT ? ', ...' : '';
  const text = `${where}: ${sick.length} of ${plural(total, 'target')} not measured (${named.join(', ')}${more})`;
  const remedy = 'kubectl get pods -A -l app.kubernetes.io/name=kepler -o wide';
  return [sick.length === total ? models.problem(text, remedy) : models.warning(text, remedy)];
}

function optedInWithout(
  observations: readonly Observation[],
  { namespaces }: Survey,
): readonly string[] {
  if (namespaces.kind === 'unknown') return [];
  const observedIn = new Set(observations.map(({ namespace }) => namespace));
  return namespaces.value
    .filter(({ name, labels }) => labels[PLACEMENT_LABEL] === OPT_IN_VALUE && !observedIn.has(name))
    .map(({ name }) => name);
}
