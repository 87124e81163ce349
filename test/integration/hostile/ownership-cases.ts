// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { controller, INJECTED, patchText, pod, podWith, type Row } from './review-bodies.ts';

/** Pods that are not who they seem. */
export const OWNERSHIP_ROWS: Readonly<Record<string, readonly Row[]>> = {
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
};
