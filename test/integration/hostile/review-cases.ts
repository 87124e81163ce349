// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import {
  annotationsOf,
  DECISION_ANNOTATIONS,
  SIGNATURE_ANNOTATION,
} from '#cluster/decision-codec.ts';
import type { DecisionRecord } from '#cluster/decision.ts';
import { PREFERRED, preferredTerm } from '#admission/merge.ts';
import { KEY, NAMESPACE, patchOf, rawPod, reviewOf, START } from '../../unit/admission/world.ts';
import { post, type HostileCase } from './attack.ts';
import type { Verdict } from './verdict.ts';

type Row = readonly [
  name: string,
  body: string | Buffer,
  expected: string,
  line?: string,
  also?: (verdict: Verdict) => void,
];

const INJECTED = 'injected/greedy';
const REVIEW = reviewOf(rawPod());

/** The review with another envelope. */
function envelope(fields: object): string {
  return JSON.stringify({ ...REVIEW, ...fields });
}

/** The review with other fields of the request. */
function asked(request: Record<string, unknown>): string {
  return JSON.stringify(reviewOf(rawPod(), request));
}

/** A review of a Pod. */
function pod(spec: Record<string, unknown> = {}, metadata: Record<string, unknown> = {}): string {
  return JSON.stringify(reviewOf(rawPod(spec, metadata)));
}

/** A review of a Pod in which the text `"HERE"` is replaced by JSON that JSON.stringify has not. */
function podWith(json: string, spec: Record<string, unknown>, metadata = {}): string {
  const text = pod(spec, metadata);
  assert.ok(text.includes('"HERE"'));
  return text.replaceAll('"HERE"', () => json);
}

function affinity(nodeAffinity: unknown, others: Record<string, unknown> = {}): string {
  return pod({ affinity: { nodeAffinity, ...others } });
}

function required(nodeSelectorTerms: unknown): string {
  return affinity({ requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } });
}

function preferred(terms: unknown): string {
  return affinity({ [PREFERRED]: terms });
}

function expression(key: string, operator: string, ...values: string[]): object {
  return { key, operator, ...(values.length === 0 ? {} : { values }) };
}

function controller(fields: Record<string, unknown>): string {
  const reference = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    name: 'web-1',
    uid: 'o',
    controller: true,
  };
  return pod({}, { ownerReferences: [{ ...reference, ...fields }] });
}

const HOST = 'kubernetes.io/hostname';
const DEPTH = 100_000;
const DEEP_LIST = '['.repeat(DEPTH) + ']'.repeat(DEPTH);
const DEEP_OBJECT = '{"a":'.repeat(DEPTH) + '0' + '}'.repeat(DEPTH);

/** What stands in the operations of an answer, as text. */
function patchText(verdict: Verdict): string {
  const [review] = verdict.reviews;
  return JSON.stringify(review === undefined ? undefined : patchOf(review));
}

/** The one term that the answer adds prefers one of these. */
function prefers(...targets: string[]): (verdict: Verdict) => void {
  return (verdict) => {
    const found = /"values":\["([^"]*)"\]/.exec(patchText(verdict))?.[1];
    assert.ok(found !== undefined && targets.includes(found), `prefers ${String(found)}`);
  };
}

function addsNoTerm(verdict: Verdict): void {
  assert.doesNotMatch(patchText(verdict), /"weight"/);
}

function weighs(weight: number): (verdict: Verdict) => void {
  return (verdict) => assert.match(patchText(verdict), new RegExp(`"weight":${String(weight)},`));
}

/** A decision as this product signs it; `over` alters it after signing. */
function decided(record: Partial<DecisionRecord>, over: Record<string, string> = {}) {
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

const OWN_TERM = preferredTerm({ topologyKey: HOST, value: 'w2' }, 100);
const WITH_TERM = { affinity: { nodeAffinity: { [PREFERRED]: [OWN_TERM] } } };

/** The answer removes the old term and puts a decision of its own in its place. */
function replaces(verdict: Verdict): void {
  assert.match(patchText(verdict), /"op":"remove","path":"[^"]*Execution\/0"/);
  assert.doesNotMatch(patchText(verdict), /"value":"d-1"/);
}

const ROWS: Readonly<Record<string, readonly Row[]>> = {
  'no JSON': [
    ['nothing', '', '400'],
    ['blanks', ' \r\n\t ', '400'],
    ['text', 'hello', '400'],
    ['HTML', '<html><script>alert(1)</script></html>', '400'],
    ['half a review', JSON.stringify(REVIEW).slice(0, 200), '400'],
    ['two reviews', JSON.stringify(REVIEW).repeat(2), '400'],
    ['a trailing comma', JSON.stringify(REVIEW).slice(0, -1) + ',}', '400'],
    ['a comment', `/* */${JSON.stringify(REVIEW)}`, '400'],
    ['single quotes', JSON.stringify(REVIEW).replaceAll('"', "'"), '400'],
    ['NaN', '{"request":NaN}', '400'],
    ['a byte order mark', `\uFEFF${JSON.stringify(REVIEW)}`, '400'],
    ['UTF-16', Buffer.from(JSON.stringify(REVIEW), 'utf16le'), '400'],
    ['a NUL', JSON.stringify(REVIEW) + '\0', '400'],
    ['protobuf', Buffer.from('6b387300 0a0c0a02 7631'.replaceAll(' ', ''), 'hex'), '400'],
    ['an overlong encoding', Buffer.from('7b22c0af223a317d', 'hex'), '400'],
    ['a surrogate in UTF-8', Buffer.from('7b22eda080223a317d', 'hex'), '400'],
    ['UTF-8 cut in a character', Buffer.from('7b22e282223a317d', 'hex'), '400'],
    ['a raw control character in a name', pod({}, { name: 'X' }).replace('"X"', '"a\nb"'), '400'],
    ['lists nested 100,000 times', DEEP_LIST, '400'],
    ['objects nested 100,000 times', DEEP_OBJECT, '400'],
  ],
  envelope: [
    ['null', 'null', '400'],
    ['true', 'true', '400'],
    ['a number', '42', '400'],
    ['a string', '"AdmissionReview"', '400'],
    ['a list', `[${JSON.stringify(REVIEW)}]`, '400'],
    ['an empty object', '{}', '400'],
    ['v1beta1', envelope({ apiVersion: 'admission.k8s.io/v1beta1' }), '400'],
    ['v2', envelope({ apiVersion: 'admission.k8s.io/v2' }), '400'],
    ['another group', envelope({ apiVersion: 'v1' }), '400'],
    ['a version that is a list', envelope({ apiVersion: ['admission.k8s.io/v1'] }), '400'],
    ['a version of a megabyte', envelope({ apiVersion: '<b>'.repeat(300_000) }), '400'],
    ['no version', envelope({ apiVersion: undefined }), '400'],
    ['another kind', envelope({ kind: 'ConversionReview' }), '400'],
    ['a kind with newlines and tags', envelope({ kind: '\n<script>\u2028\u202e' }), '400'],
    ['no kind', envelope({ kind: undefined }), '400'],
    ['no request', envelope({ request: undefined }), '400'],
    ['request null', envelope({ request: null }), '400'],
    ['request is a list', envelope({ request: [] }), '400'],
    ['request is text', envelope({ request: 'x' }), '400'],
    [
      'only `__proto__` has a request',
      `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","__proto__":${JSON.stringify(REVIEW)}}`,
      '400',
    ],
    ['no uid', asked({ uid: undefined }), '400'],
    ['uid empty', asked({ uid: '' }), '400'],
    ['uid null', asked({ uid: null }), '400'],
    ['uid is a number', asked({ uid: 9_007_199_254_740_993 }), '400'],
    ['uid is a list', asked({ uid: ['u-1'] }), '400'],
    ['uid is an object', asked({ uid: { toString: 'x' } }), '400'],
    [
      'uid with a newline',
      asked({ uid: 'u\n{"kind":"admission"}\r\nu' }),
      'review',
      INJECTED,
      (verdict) => assert.equal(verdict.reviews[0]?.response.uid, 'u\n{"kind":"admission"}\r\nu'),
    ],
    ['uid is half a surrogate', asked({ uid: 'u\ud800' }), 'review', INJECTED],
    ['uid of a megabyte', asked({ uid: 'u'.repeat(2 ** 20) }), 'review', INJECTED],
    [
      'a response beside the request',
      envelope({ response: { uid: 'u-1', allowed: false } }),
      'review',
      INJECTED,
    ],
    [
      'two requests: the last counts',
      JSON.stringify(REVIEW).replace('{', '{"request":null,'),
      'review',
      INJECTED,
    ],
  ],
  request: [
    ['kind missing', asked({ kind: undefined }), 'review', 'skipped/not-a-pod'],
    ['kind null', asked({ kind: null }), 'review', 'skipped/not-a-pod'],
    ['kind is a list', asked({ kind: ['Pod'] }), 'review', 'skipped/not-a-pod'],
    [
      'a kind that nobody knows',
      asked({ kind: { group: 'x.io', version: 'v9', kind: 'Pod' } }),
      'review',
      'skipped/not-a-pod',
    ],
    [
      'a Deployment',
      asked({
        kind: { group: 'apps', version: 'v1', kind: 'Deployment' },
        resource: { group: 'apps', version: 'v1', resource: 'deployments' },
      }),
      'review',
      'skipped/not-a-pod',
    ],
    ['resource missing', asked({ resource: undefined }), 'review', 'skipped/not-a-pod'],
    ['resource is a number', asked({ resource: 7 }), 'review', 'skipped/not-a-pod'],
    ['binding', asked({ subResource: 'binding' }), 'review', 'skipped/subresource'],
    [
      'ephemeralcontainers',
      asked({ subResource: 'ephemeralcontainers', operation: 'UPDATE' }),
      'review',
      'skipped/subresource',
    ],
    [
      'eviction',
      asked({
        subResource: 'eviction',
        kind: { group: 'policy', version: 'v1', kind: 'Eviction' },
      }),
      'review',
      'skipped/not-a-pod',
    ],
    ['UPDATE', asked({ operation: 'UPDATE' }), 'review', 'skipped/not-create'],
    [
      'DELETE without an object',
      asked({ operation: 'DELETE', object: null }),
      'review',
      'skipped/not-create',
    ],
    [
      'CONNECT',
      asked({ operation: 'CONNECT', subResource: 'exec' }),
      'review',
      'skipped/subresource',
    ],
    ['create in lower case', asked({ operation: 'create' }), 'review', 'skipped/not-create'],
    [
      'operation is an object',
      asked({ operation: { toString: 'CREATE' } }),
      'review',
      'skipped/not-create',
    ],
    ['no operation', asked({ operation: undefined }), 'review', 'skipped/not-create'],
    ['no namespace', asked({ namespace: undefined }), 'review', 'skipped/namespace-not-opted-in'],
    ['namespace null', asked({ namespace: null }), 'review', 'skipped/namespace-not-opted-in'],
    [
      'a namespace named `__proto__`',
      asked({ namespace: '__proto__' }),
      'review',
      'skipped/namespace-not-opted-in',
    ],
    [
      'a namespace named `constructor`',
      asked({ namespace: 'constructor' }),
      'review',
      'skipped/namespace-not-opted-in',
    ],
    [
      'a namespace that is not opted in',
      asked({ namespace: 'closed' }),
      'review',
      'skipped/namespace-not-opted-in',
    ],
    [
      'the object claims another namespace',
      JSON.stringify(reviewOf(rawPod({}, { namespace: NAMESPACE }), { namespace: 'closed' })),
      'review',
      'skipped/namespace-not-opted-in',
    ],
    ['kube-system, opted in', asked({ namespace: 'kube-system' }), 'review', 'skipped/kube-system'],
    [
      'our own namespace, opted in',
      asked({ namespace: 'perihelion-system' }),
      'review',
      'skipped/own-namespace',
    ],
    ['dryRun', asked({ dryRun: true }), 'review', 'dry-run/greedy'],
    ['dryRun is text', asked({ dryRun: 'true' }), 'review', INJECTED],
    ['dryRun null', asked({ dryRun: null }), 'review', INJECTED],
    ['object null', asked({ object: null }), 'review', 'failed/unreadable-pod'],
    ['object missing', asked({ object: undefined }), 'review', 'failed/unreadable-pod'],
    ['object is a list', asked({ object: [rawPod()] }), 'review', 'failed/unreadable-pod'],
    [
      'object is text',
      asked({ object: JSON.stringify(rawPod()) }),
      'review',
      'failed/unreadable-pod',
    ],
    ['object empty', asked({ object: {} }), 'review', 'failed/unreadable-pod'],
    [
      'metadata null',
      asked({ object: { ...rawPod(), metadata: null } }),
      'review',
      'failed/unreadable-pod',
    ],
    [
      'spec null',
      asked({ object: { ...rawPod(), spec: null } }),
      'review',
      'failed/unreadable-pod',
    ],
    [
      'spec is a list',
      asked({ object: { ...rawPod(), spec: [] } }),
      'review',
      'failed/unreadable-pod',
    ],
    [
      'spec empty',
      asked({ object: { metadata: {}, spec: {} } }),
      'review',
      'skipped/other-scheduler',
    ],
  ],
  'identity and ownership': [
    ['no name at all', pod({}, { name: undefined }), 'review', INJECTED],
    ['name is a number', pod({}, { name: 7 }), 'review', INJECTED],
    [
      'name null, generateName null',
      pod({}, { name: null, generateName: null }),
      'review',
      INJECTED,
    ],
    [
      'a name of line ends',
      pod({}, { name: 'a\n{"kind":"drop"}\r\u2028\u2029\u0085b' }),
      'review',
      INJECTED,
    ],
    [
      'a name of control characters',
      pod({}, { name: '\u0000\u0007\u001b[2J\u007f\u009b' }),
      'review',
      INJECTED,
    ],
    ['a name that runs backwards', pod({}, { name: '\u202egnp.exe\u2066' }), 'review', INJECTED],
    ['a name of half a surrogate', pod({}, { name: 'a\udc00b' }), 'review', INJECTED],
    [
      'a name of a megabyte',
      pod({}, { name: 'n'.repeat(2 ** 20) }),
      'review',
      'failed/unreadable-pod',
    ],
    [
      'a generateName of a megabyte',
      pod({}, { generateName: 'n'.repeat(2 ** 20) }),
      'review',
      'failed/unreadable-pod',
    ],
    ['labels is a list', pod({}, { labels: ['a'] }), 'review', INJECTED],
    ['labels are numbers', pod({}, { labels: { a: 1, b: null, c: {} } }), 'review', INJECTED],
    [
      'a label `__proto__`',
      podWith('{"__proto__":"x","constructor":"y","toString":"z"}', {}, { labels: 'HERE' }),
      'review',
      INJECTED,
    ],
    [
      'an annotation `__proto__`',
      podWith('{"__proto__":"x","constructor":"y"}', {}, { annotations: 'HERE' }),
      'review',
      INJECTED,
      (verdict) =>
        assert.match(
          patchText(verdict),
          /"path":"\/metadata\/annotations\/perihelion\.dev~1decision-id"/,
        ),
    ],
    [
      'an annotation key of slashes and tildes',
      pod({}, { annotations: { '~1~0/~01//': 'x' } }),
      'review',
      INJECTED,
    ],
    [
      'an annotation that is an object',
      pod({}, { annotations: { a: { b: 1 } } }),
      'review',
      INJECTED,
    ],
    ['annotations is text', pod({}, { annotations: 'x' }), 'review', 'failed/patch-unsafe'],
    [
      'annotations of 256 KiB',
      pod({}, { annotations: { a: 'x'.repeat(256 * 1024) } }),
      'review',
      'failed/patch-unsafe',
    ],
    [
      'opted out by label',
      pod({}, { labels: { 'perihelion.dev/placement': 'disabled' } }),
      'review',
      'skipped/opted-out',
    ],
    [
      'a mirror Pod',
      pod({}, { annotations: { 'kubernetes.io/config.mirror': 'x' } }),
      'review',
      'skipped/mirror-pod',
    ],
    ['owned by its node', controller({ kind: 'Node', name: 'w1' }), 'review', 'skipped/static-pod'],
    ['owned by a DaemonSet', controller({ kind: 'DaemonSet' }), 'review', 'skipped/daemon-set'],
    ['ownerReferences null', pod({}, { ownerReferences: null }), 'review', INJECTED],
    [
      'ownerReferences is an object',
      pod({}, { ownerReferences: { controller: true } }),
      'review',
      INJECTED,
    ],
    [
      'ownerReferences of nothing',
      pod({}, { ownerReferences: [null, 7, 'x', [], {}] }),
      'review',
      INJECTED,
    ],
    [
      'an owner without a name',
      controller({ name: undefined, kind: null, uid: [] }),
      'review',
      INJECTED,
    ],
    [
      'an owner with line ends',
      controller({ kind: 'Replica\nSet', name: 'a\r\nb\u2028' }),
      'review',
      INJECTED,
    ],
    [
      'an owner named `__proto__`',
      controller({ kind: '__proto__', name: 'constructor', uid: '__proto__' }),
      'review',
      INJECTED,
    ],
    [
      'an owner that poses as a tier',
      controller({ kind: 'Tier', name: 'data' }),
      'review',
      INJECTED,
      (verdict) => assert.doesNotMatch(patchText(verdict), /"Tier\//),
    ],
    [
      'an owner with a name of 200 KiB',
      controller({ name: 'n'.repeat(200 * 1024) }),
      'review',
      'failed/unreadable-pod',
    ],
    [
      'ten thousand owners',
      pod(
        {},
        {
          ownerReferences: Array.from({ length: 10_000 }, (_, index) => ({
            kind: 'ReplicaSet',
            name: `r-${String(index)}`,
            controller: true,
          })),
        },
      ),
      'review',
      INJECTED,
    ],
    ['nodeName set', pod({ nodeName: 'w1' }), 'review', 'skipped/node-name-set'],
    ['nodeName null', pod({ nodeName: null }), 'review', INJECTED],
    [
      'schedulerName missing',
      pod({ schedulerName: undefined }),
      'review',
      'skipped/other-scheduler',
    ],
    [
      'schedulerName is a list',
      pod({ schedulerName: ['default-scheduler'] }),
      'review',
      'skipped/other-scheduler',
    ],
  ],
  'affinity shapes': [
    ['affinity null', pod({ affinity: null }), 'review', INJECTED, prefers('w1', 'w2')],
    ['affinity empty', pod({ affinity: {} }), 'review', INJECTED, prefers('w1', 'w2')],
    ['affinity is a list', pod({ affinity: [] }), 'review', 'failed/patch-unsafe'],
    ['affinity is text', pod({ affinity: 'none' }), 'review', 'failed/patch-unsafe'],
    ['nodeAffinity null', affinity(null), 'review', INJECTED, prefers('w1', 'w2')],
    ['nodeAffinity is a number', affinity(3), 'review', 'failed/patch-unsafe'],
    ['preferred null', preferred(null), 'review', INJECTED, prefers('w1', 'w2')],
    ['preferred empty', preferred([]), 'review', INJECTED, prefers('w1', 'w2')],
    ['preferred is an object', preferred({}), 'review', 'failed/patch-unsafe'],
    ['preferred of nothing', preferred([null, 7, {}, []]), 'review', INJECTED, weighs(100)],
    [
      'a preference of weight 1',
      preferred([{ weight: 1, preference: {} }]),
      'review',
      INJECTED,
      weighs(1),
    ],
    [
      'weights out of range',
      preferred([{ weight: 0 }, { weight: -5 }, { weight: 1e9 }, { weight: '7' }, { weight: 1.5 }]),
      'review',
      INJECTED,
      weighs(100),
    ],
    [
      'a thousand preferences',
      preferred(
        Array.from({ length: 1000 }, (_, index) => ({
          weight: (index % 100) + 1,
          preference: { matchExpressions: [expression('a', 'Exists')] },
        })),
      ),
      'review',
      INJECTED,
      weighs(1),
    ],
    [
      'required null',
      affinity({ requiredDuringSchedulingIgnoredDuringExecution: null }),
      'review',
      INJECTED,
    ],
    [
      'required is a list',
      affinity({ requiredDuringSchedulingIgnoredDuringExecution: [] }),
      'review',
      INJECTED,
    ],
    ['terms null', required(null), 'review', 'injected/only-default', addsNoTerm],
    ['no terms', required([]), 'review', 'injected/only-default', addsNoTerm],
    ['an empty term', required([{}]), 'review', 'injected/only-default', addsNoTerm],
    [
      'an empty term beside a true one',
      required([{}, { matchExpressions: [expression(HOST, 'In', 'w2')] }]),
      'review',
      INJECTED,
      prefers('w2'),
    ],
    [
      'a term of null',
      required([null, { matchExpressions: null, matchFields: null }]),
      'review',
      'injected/only-default',
      addsNoTerm,
    ],
    [
      'a contradiction',
      required([
        { matchExpressions: [expression(HOST, 'In', 'w1'), expression(HOST, 'NotIn', 'w1')] },
      ]),
      'review',
      'injected/only-default',
      addsNoTerm,
    ],
    [
      'a contradiction with the nodeSelector',
      pod({
        nodeSelector: { [HOST]: 'w1' },
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{ matchExpressions: [expression(HOST, 'In', 'w2')] }],
            },
          },
        },
      }),
      'review',
      'injected/only-default',
      addsNoTerm,
    ],
    [
      'operators that nobody knows',
      required([{ matchExpressions: [{ key: HOST, operator: 'Near', values: ['w1'] }] }]),
      'review',
      'injected/only-default',
      addsNoTerm,
    ],
    [
      'In without values',
      required([{ matchExpressions: [expression(HOST, 'In')] }]),
      'review',
      'injected/only-default',
      addsNoTerm,
    ],
    [
      'Gt with no number',
      required([{ matchExpressions: [expression(HOST, 'Gt', 'NaN')] }]),
      'review',
      'injected/only-default',
      addsNoTerm,
    ],
    [
      'an expression on `__proto__`',
      required([{ matchExpressions: [expression('__proto__', 'Exists')] }]),
      'review',
      'injected/only-default',
      addsNoTerm,
    ],
    [
      'an expression on `constructor` that must be missing',
      required([{ matchExpressions: [expression('constructor', 'DoesNotExist')] }]),
      'review',
      INJECTED,
      prefers('w1', 'w2'),
    ],
    [
      'matchFields',
      required([{ matchFields: [expression('metadata.name', 'In', 'w1')] }]),
      'review',
      INJECTED,
      prefers('w1'),
    ],
    [
      'matchFields on something else',
      required([{ matchFields: [expression('spec.x', 'In', 'w1')] }]),
      'review',
      'injected/only-default',
      addsNoTerm,
    ],
    [
      'a thousand terms, the last is true',
      required([
        ...Array.from({ length: 999 }, () => ({
          matchExpressions: [expression('never', 'Exists')],
        })),
        { matchExpressions: [expression(HOST, 'In', 'w1')] },
      ]),
      'review',
      INJECTED,
      prefers('w1'),
    ],
    [
      'a thousand expressions',
      required([
        {
          matchExpressions: Array.from({ length: 1000 }, (_, index) =>
            expression(`no-${String(index)}`, 'DoesNotExist'),
          ),
        },
      ]),
      'review',
      INJECTED,
    ],
    [
      'a value of 100,000 characters',
      required([{ matchExpressions: [expression(HOST, 'NotIn', 'x'.repeat(100_000))] }]),
      'review',
      INJECTED,
    ],
    [
      'anti-affinity to nobody',
      affinity(null, {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            null,
            {},
            { topologyKey: null, labelSelector: [] },
          ],
        },
      }),
      'review',
      INJECTED,
    ],
    [
      'anti-affinity to itself',
      affinity(null, {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: HOST, labelSelector: {} },
          ],
        },
      }),
      'review',
      'injected/only-default',
      addsNoTerm,
    ],
    [
      'affinity to what is not there',
      affinity(null, {
        podAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: HOST, labelSelector: { matchLabels: { app: 'nowhere' } } },
          ],
        },
      }),
      'review',
      'injected/only-default',
      addsNoTerm,
    ],
    [
      'a toleration of everything',
      pod({ tolerations: [{ operator: 'Exists' }, null, 7] }),
      'review',
      INJECTED,
      prefers('infra', 'w1', 'w2'),
    ],
  ],
  'second pass and forged markers': [
    ['ours, young and whole', pod(WITH_TERM, decided({})), 'review', 'skipped/already-decided'],
    ['ours, but the term is gone', pod({}, decided({})), 'review', INJECTED],
    [
      'ours, for the default action',
      pod({}, decided({ action: '(default)' })),
      'review',
      'skipped/already-decided',
    ],
    [
      'an hour old',
      pod(WITH_TERM, decided({ decidedAt: START - 3_600_000 })),
      'review',
      INJECTED,
      replaces,
    ],
    [
      'from the future',
      pod(WITH_TERM, decided({ decidedAt: START + 3_600_000 })),
      'review',
      INJECTED,
      replaces,
    ],
    [
      'another action than was signed',
      pod(WITH_TERM, decided({ action: 'w1' }, { [DECISION_ANNOTATIONS.action]: 'w2' })),
      'review',
      INJECTED,
      replaces,
    ],
    [
      'no signature',
      pod(WITH_TERM, {
        annotations: { [DECISION_ANNOTATIONS.id]: 'd-1', [DECISION_ANNOTATIONS.action]: 'w2' },
      }),
      'review',
      INJECTED,
      replaces,
    ],
    [
      'only a signature',
      pod({}, { annotations: { [SIGNATURE_ANNOTATION]: 'x' } }),
      'review',
      INJECTED,
    ],
    [
      'a signature of a megabyte',
      pod({}, { annotations: { [SIGNATURE_ANNOTATION]: 'x'.repeat(2 ** 20) } }),
      'review',
      INJECTED,
    ],
    [
      'signed for another name',
      pod(WITH_TERM, { ...decided({}), name: 'other' }),
      'review',
      INJECTED,
      replaces,
    ],
    [
      'signed for a bare Pod, sent with an owner',
      pod(WITH_TERM, {
        ...decided({}),
        ownerReferences: [{ kind: 'ReplicaSet', name: 'r', uid: 'o', controller: true }],
      }),
      'review',
      INJECTED,
      replaces,
    ],
    [
      'numbers that are none',
      pod(
        {},
        decided(
          {},
          { [DECISION_ANNOTATIONS.propensity]: 'NaN', [DECISION_ANNOTATIONS.decidedAt]: '1e400' },
        ),
      ),
      'review',
      INJECTED,
    ],
    [
      'an action that names a path',
      pod({}, decided({}, { [DECISION_ANNOTATIONS.action]: '../../spec/containers' })),
      'review',
      INJECTED,
    ],
    [
      'our term five times',
      pod(
        { affinity: { nodeAffinity: { [PREFERRED]: Array.from({ length: 5 }, () => OWN_TERM) } } },
        decided({ decidedAt: 0 }),
      ),
      'review',
      INJECTED,
      (verdict) => assert.match(patchText(verdict), /"op":"remove","path":"[^"]*Execution\/4"/),
    ],
    [
      "our term with a field more is the user's",
      pod(
        { affinity: { nodeAffinity: { [PREFERRED]: [{ ...OWN_TERM, note: 1 }] } } },
        decided({ decidedAt: 0 }),
      ),
      'review',
      INJECTED,
      (verdict) => assert.doesNotMatch(patchText(verdict), /"op":"remove"/),
    ],
  ],
  'sizes and numbers': [
    [
      'a Pod of 2.9 MiB',
      pod({
        containers: [
          { name: 'a', env: [{ name: 'x', value: 'y'.repeat(Math.floor(2.9 * 2 ** 20)) }] },
        ],
      }),
      'review',
      INJECTED,
    ],
    [
      'a Pod of 3 MiB is left alone',
      pod({ containers: [{ name: 'a', env: [{ name: 'x', value: 'y'.repeat(3 * 2 ** 20) }] }] }),
      'review',
      'failed/patch-unsafe',
    ],
    [
      '100,000 containers',
      pod({ containers: Array.from({ length: 100_000 }, () => ({ resources: {} })) }),
      'review',
      INJECTED,
    ],
    [
      'integers beyond 2^53',
      podWith('9007199254740993', { terminationGracePeriodSeconds: 'HERE', priority: 'HERE' }),
      'review',
      INJECTED,
      (verdict) => assert.doesNotMatch(patchText(verdict), /900719925474099/),
    ],
    [
      'a weight beyond 2^53',
      podWith('9007199254740993', {
        affinity: { nodeAffinity: { [PREFERRED]: [{ weight: 'HERE', preference: {} }] } },
      }),
      'review',
      INJECTED,
      weighs(100),
    ],
    [
      'a weight beyond all doubles',
      podWith('1e999', {
        affinity: { nodeAffinity: { [PREFERRED]: [{ weight: 'HERE', preference: {} }] } },
      }),
      'review',
      'failed/patch-unsafe',
    ],
    [
      'a negative zero',
      podWith('-0', {
        affinity: { nodeAffinity: { [PREFERRED]: [{ weight: 'HERE', preference: {} }] } },
      }),
      'review',
      'failed/patch-unsafe',
    ],
    [
      'a request of 1e999 cores',
      podWith('1e999', { containers: [{ resources: { requests: { cpu: 'HERE' } } }] }),
      'review',
      'failed/unreadable-pod',
    ],
    [
      'a request beyond 64 bits',
      pod({ containers: [{ resources: { requests: { cpu: '9'.repeat(60), memory: '1e60' } } }] }),
      'review',
      'injected/only-default',
      addsNoTerm,
    ],
    [
      'a request below zero',
      pod({ containers: [{ resources: { requests: { cpu: '-4' } } }] }),
      'review',
      INJECTED,
    ],
    [
      'a request that is no quantity',
      pod({ containers: [{ resources: { requests: { cpu: 'lots' } } }] }),
      'review',
      'failed/unreadable-pod',
    ],
    [
      'a request of an exponent without end',
      pod({ containers: [{ resources: { requests: { cpu: `1e${'9'.repeat(100)}` } } }] }),
      'review',
      'injected/only-default',
      addsNoTerm,
    ],
    [
      'a request that is a list',
      pod({ containers: [{ resources: { requests: { cpu: ['1'] } } }] }),
      'review',
      INJECTED,
    ],
  ],
  'keys and depth': [
    [
      '`__proto__` in the request',
      JSON.stringify(REVIEW).replace(
        '"uid"',
        '"__proto__":{"dryRun":true,"operation":"DELETE"},"uid"',
      ),
      'review',
      INJECTED,
    ],
    [
      '`__proto__` in the object',
      podWith('{"spec":{"nodeName":"w1"}}', {}, { note: 'HERE' }).replace('"note"', '"__proto__"'),
      'review',
      INJECTED,
    ],
    [
      '`__proto__` in the spec',
      podWith('{"nodeName":"w1","schedulerName":"x"}', { note: 'HERE' }).replace(
        '"note"',
        '"__proto__"',
      ),
      'review',
      INJECTED,
    ],
    [
      '`__proto__` in affinity',
      podWith('{"nodeAffinity":{"a":1}}', { affinity: { note: 'HERE' } }).replace(
        '"note"',
        '"__proto__"',
      ),
      'review',
      INJECTED,
    ],
    [
      '`__proto__` in nodeAffinity',
      podWith(`{"${PREFERRED}":[1]}`, { affinity: { nodeAffinity: { note: 'HERE' } } }).replace(
        '"note"',
        '"__proto__"',
      ),
      'review',
      INJECTED,
    ],
    [
      '`constructor` everywhere',
      podWith(
        '{"prototype":{"polluted":true}}',
        { constructor: 'HERE', affinity: { constructor: 'HERE' } },
        { constructor: 'HERE' },
      ),
      'review',
      INJECTED,
    ],
    [
      '`hasOwnProperty` and `toJSON` as keys',
      podWith('{"hasOwnProperty":1,"toJSON":1,"valueOf":null}', { affinity: 'HERE' }),
      'review',
      INJECTED,
    ],
    ['`then` as a key', podWith('{"then":"x"}', {}, { annotations: 'HERE' }), 'review', INJECTED],
    ['an empty key', podWith('{"":"x"}', {}, { annotations: 'HERE' }), 'review', INJECTED],
    [
      'the same key twice',
      pod().replace('"spec":{', '"spec":{"nodeName":"w1","nodeName":"",'),
      'review',
      INJECTED,
    ],
    ['depth in a container', podWith(DEEP_OBJECT, { containers: ['HERE'] }), 'review', INJECTED],
    [
      'depth in affinity',
      podWith(DEEP_OBJECT, { affinity: { podAffinity: 'HERE' } }),
      'review',
      'failed/patch-unsafe',
    ],
    [
      'depth in a preferred term',
      podWith(DEEP_LIST, { affinity: { nodeAffinity: { [PREFERRED]: 'HERE' } } }),
      'review',
      'failed/patch-unsafe',
    ],
    [
      'depth of lists in annotations',
      podWith(DEEP_LIST, {}, { annotations: { a: 'HERE' } }),
      'review',
      'failed/patch-unsafe',
    ],
    [
      'depth in annotations',
      podWith(DEEP_OBJECT, {}, { annotations: { a: 'HERE' } }),
      'review',
      'failed/patch-unsafe',
    ],
    [
      'depth in userInfo',
      JSON.stringify(REVIEW).replace('"uid"', `"userInfo":${DEEP_LIST},"uid"`),
      'review',
      INJECTED,
    ],
    [
      'depth in a label selector',
      podWith(DEEP_OBJECT, {
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { topologyKey: HOST, labelSelector: 'HERE' },
            ],
          },
        },
      }),
      'review',
      'failed/patch-unsafe',
    ],
    ['half surrogates in affinity', pod({ affinity: { note: '\ud800' } }), 'review', INJECTED],
    [
      'control characters in annotations',
      pod({}, { annotations: { '\u0000\n': '\r\n\u2028' } }),
      'review',
      INJECTED,
    ],
  ],
};

/** What is wrong in a body that arrives whole. */
export const REVIEW_CASES: readonly HostileCase[] = Object.entries(ROWS).flatMap(([group, rows]) =>
  rows.map(([name, body, expected, line, also]) => ({
    group,
    name,
    attack: post(body),
    expected,
    ...(line === undefined ? {} : { line }),
    also,
  })),
);
