// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { annotationsOf } from '#cluster/decision/codec.ts';
import type { DecisionRecord } from '#cluster/decision/decision.ts';
import { PREFERRED, preferredTerm } from '#admission/patch/merge.ts';
import { KEY, NAMESPACE, patchOf, rawPod, reviewOf, START } from '../../unit/admission/world.ts';
import { type HostileCase, post } from './attack.ts';
import type { Verdict } from './verdict.ts';

/** One row: a body, what it gets, `outcome/reason` of its audit line, and what else must hold. */
export type Row = readonly [
  name: string,
  body: string | Buffer,
  expected: string,
  line?: string,
  also?: (verdict: Verdict) => void,
];

/** The audit line of a Pod that got a preference. */
export const INJECTED = 'injected/greedy';
/** An ordinary review. */
export const REVIEW = reviewOf(rawPod());

/** The review with another envelope. */
export function envelope(fields: object): string {
  return JSON.stringify({ ...REVIEW, ...fields });
}

/** The review with other fields of the request. */
export function asked(request: Record<string, unknown>): string {
  return JSON.stringify(reviewOf(rawPod(), request));
}

/** A review of a Pod. */
export function pod(
  spec: Record<string, unknown> = {},
  metadata: Record<string, unknown> = {},
): string {
  return JSON.stringify(reviewOf(rawPod(spec, metadata)));
}

/** A review of a Pod in which the text `"HERE"` is replaced by JSON that JSON.stringify has not. */
export function podWith(json: string, spec: Record<string, unknown>, metadata = {}): string {
  const text = pod(spec, metadata);
  assert.ok(text.includes('"HERE"'));
  return text.replaceAll('"HERE"', () => json);
}

/** A review of a Pod with a node affinity (and others). */
export function affinity(nodeAffinity: unknown, others: Record<string, unknown> = {}): string {
  return pod({ affinity: { nodeAffinity, ...others } });
}

/** A review of a Pod with required node selector terms. */
export function required(nodeSelectorTerms: unknown): string {
  return affinity({ requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } });
}

/** A review of a Pod with preferred terms. */
export function preferred(terms: unknown): string {
  return affinity({ [PREFERRED]: terms });
}

/** One expression of a node selector term. */
export function expression(key: string, operator: string, ...values: string[]): object {
  return { key, operator, ...(values.length === 0 ? {} : { values }) };
}

/** A review of a Pod with a controller; the fields replace those of an ordinary one. */
export function controller(fields: Record<string, unknown>): string {
  const reference = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    name: 'web-1',
    uid: 'o',
    controller: true,
  };
  return pod({}, { ownerReferences: [{ ...reference, ...fields }] });
}

/** The topology key. */
export const HOST = 'kubernetes.io/hostname';
const DEPTH = 100_000;
/** Lists in lists, deeper than any stack. */
export const DEEP_LIST = '['.repeat(DEPTH) + ']'.repeat(DEPTH);
/** Objects in objects, as deep. */
export const DEEP_OBJECT = '{"a":'.repeat(DEPTH) + '0' + '}'.repeat(DEPTH);

/** What stands in the operations of an answer, as text. */
export function patchText(verdict: Verdict): string {
  const [review] = verdict.reviews;
  return JSON.stringify(review === undefined ? undefined : patchOf(review));
}

/** The one term that the answer adds prefers one of these. */
export function prefers(...targets: string[]): (verdict: Verdict) => void {
  return (verdict) => {
    const found = /"values":\["([^"]*)"\]/.exec(patchText(verdict))?.[1];
    assert.ok(found !== undefined && targets.includes(found), `prefers ${String(found)}`);
  };
}

/** The answer adds no preference. */
export function addsNoTerm(verdict: Verdict): void {
  assert.doesNotMatch(patchText(verdict), /"weight"/);
}

/** The term that the answer adds has this weight. */
export function weighs(weight: number): (verdict: Verdict) => void {
  return (verdict) => assert.match(patchText(verdict), new RegExp(`"weight":${String(weight)},`));
}

/** A decision as this product signs it; `over` alters it after signing. */
export function decided(record: Partial<DecisionRecord>, over: Record<string, string> = {}) {
  const whole: DecisionRecord = {
    ...{
      id: 'd-1',
      decidedAt: START,
      workload: 'Pod/web',
      tier: 'business',
      state: 'load=unknown',
    },
    ...{ action: 'w2', propensity: 1, holdout: false, policy: 'default@3', modelVersion: 0 },
    ...record,
  };
  const subject = { namespace: NAMESPACE, ownerUid: undefined, podName: 'web' };
  return { annotations: { ...annotationsOf(whole, subject, KEY), ...over } };
}

/** The term that such a decision put into its Pod. */
export const OWN_TERM = preferredTerm({ topologyKey: HOST, value: 'w2' }, 100);
/** The spec of a Pod that has it. */
export const WITH_TERM = { affinity: { nodeAffinity: { [PREFERRED]: [OWN_TERM] } } };

/** The answer removes the old term and puts a decision of its own in its place. */
export function replaces(verdict: Verdict): void {
  assert.match(patchText(verdict), /"op":"remove","path":"[^"]*Execution\/0"/);
  assert.doesNotMatch(patchText(verdict), /"value":"d-1"/);
}

/** The rows as cases: each body is posted as an API server would. */
export function casesOf(groups: Readonly<Record<string, readonly Row[]>>): HostileCase[] {
  return Object.entries(groups).flatMap(([group, rows]) =>
    rows.map(([name, body, expected, line, also]) => ({
      group,
      name,
      attack: post(body),
      expected,
      ...(line === undefined ? {} : { line }),
      also,
    })),
  );
}
