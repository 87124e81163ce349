// SPDX-License-Identifier: Apache-2.0
import { OPT_IN_VALUE } from '#admission/pod/eligibility.ts';
import { PLACEMENT_LABEL } from '#cluster/decision/decision.ts';
import { asObject, asObjects, asText, asTexts, type JsonObject } from '#cluster/wire/json.ts';
import { projectSelector } from '#cluster/objects/project-selector.ts';
import { selectorMatches } from '#cluster/objects/selector-match.ts';
import { WEBHOOK_NAME } from '#cli/roles/admission-role.ts';
import { type Finding, findingsOf } from './finding.ts';
import type { Survey } from './survey.ts';

const { ok, warning, problem } = findingsOf('webhook');

/** What `kubectl apply` of the manifests mends. */
export const INSTALL = 'kubectl apply -k manifests/base';
/** Where the API server waits as long as it does by default. */
const DEFAULT_TIMEOUT_SECONDS = 10;
const LONGEST_SANE_SECONDS = 5;
const NAME_LABEL = 'kubernetes.io/metadata.name';

/** Our webhook in a MutatingWebhookConfiguration and its place there. */
export interface OurWebhook {
  readonly raw: JsonObject;
  readonly index: number;
}

/** Finds our webhook; undefined = it is not there. */
export function ourWebhook(configuration: JsonObject | undefined): OurWebhook | undefined {
  const webhooks = asObjects(configuration?.['webhooks']);
  const index = webhooks.findIndex((webhook) => webhook['name'] === WEBHOOK_NAME);
  const raw = webhooks[index];
  return raw === undefined ? undefined : { raw, index };
}

/** Is the webhook configured, and so that it can do no harm? */
export function checkWebhook({ configuration, settings }: Survey): Finding[] {
  const { webhook: names, namespace } = settings;
  if (configuration.kind === 'unknown') {
    return [warning(`the webhook configuration could not be read: ${configuration.reason}`)];
  }
  if (configuration.value === undefined) {
    return [problem(`MutatingWebhookConfiguration ${names.configuration} is missing`, INSTALL)];
  }
  const found = ourWebhook(configuration.value);
  if (found === undefined) {
    const text = `${names.configuration} has no webhook named ${WEBHOOK_NAME}`;
    return [problem(text, INSTALL)];
  }
  const findings = [
    ...failureFindings(found, names.configuration),
    ...ruleFindings(found),
    ...selectorFindings(found, namespace),
  ];
  return findings.length > 0
    ? findings
    : [ok(`configured: failurePolicy Ignore, timeout ${timeoutOf(found.raw)} s, opt-in only`)];
}

function failureFindings({ raw, index }: OurWebhook, name: string): Finding[] {
  const patch = (field: string, value: unknown): string => {
    const operations = [{ op: 'add', path: `/webhooks/${index}/${field}`, value }];
    return `kubectl patch mutatingwebhookconfiguration ${name} --type json -p '${JSON.stringify(operations)}'`;
  };
  const findings: Finding[] = [];
  if (raw['failurePolicy'] !== 'Ignore') {
    const text = 'failurePolicy is not Ignore: without Perihelion no Pod can be created';
    findings.push(problem(text, patch('failurePolicy', 'Ignore')));
  }
  const seconds = timeoutOf(raw);
  if (seconds > LONGEST_SANE_SECONDS) {
    const text = `timeout is ${seconds} s: a slow replica would hold up every Pod for so long`;
    findings.push(warning(text, patch('timeoutSeconds', 2)));
  }
  return findings;
}

function timeoutOf(raw: JsonObject): number {
  const { timeoutSeconds } = raw;
  return typeof timeoutSeconds === 'number' ? timeoutSeconds : DEFAULT_TIMEOUT_SECONDS;
}

function ruleFindings({ raw }: OurWebhook): Finding[] {
  const meets = asObjects(raw['rules']).some((rule) => {
    const has = (field: string, value: string): boolean =>
      asTexts(rule[field]).some((one) => one === value || one === '*');
    return has('operations', 'CREATE') && has('resources', 'pods') && has('apiGroups', '');
  });
  return meets ? [] : [problem('no rule of the webhook covers CREATE of pods', INSTALL)];
}

function selectorFindings({ raw }: OurWebhook, own: string): Finding[] {
  const matches = (name: string, labels: Readonly<Record<string, string>>): boolean =>
    // Unlike that of a Pod's affinity, an absent selector matches everything.
    selectorMatches(projectSelector(raw['namespaceSelector']) ?? {}, {
      [NAME_LABEL]: name,
      ...labels,
    });
  const optedIn = { [PLACEMENT_LABEL]: OPT_IN_VALUE };
  const findings: Finding[] = [];
  for (const name of [own, 'kube-system']) {
    if (matches(name, optedIn)) {
      const text = `namespace ${name} is not exempt: its own Pods would wait for the webhook`;
      findings.push(problem(text, INSTALL));
    }
  }
  if (matches('any-other', {})) {
    const text = `the namespaceSelector does not ask for ${PLACEMENT_LABEL}=${OPT_IN_VALUE}: every namespace pays for the call`;
    findings.push(warning(text, INSTALL));
  }
  if (!matches('any-other', optedIn)) {
    findings.push(problem('the namespaceSelector leaves out namespaces that opted in', INSTALL));
  }
  return findings;
}

/** Where the API server calls: a URL, or a Service. */
export type CallTarget =
  | { readonly kind: 'url'; readonly url: string }
  | {
      readonly kind: 'service';
      readonly namespace: string;
      readonly name: string;
      readonly port: number;
    };

/** Where the API server calls our webhook. */
export function callTarget(webhook: JsonObject): CallTarget {
  const client = asObject(webhook['clientConfig']);
  const url = asText(client['url']);
  if (url !== '') return { kind: 'url', url };
  const { port, ...service } = asObject(client['service']);
  return {
    kind: 'service',
    namespace: asText(service['namespace']),
    name: asText(service['name']),
    port: typeof port === 'number' ? port : 443,
  };
}
