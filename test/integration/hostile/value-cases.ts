// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { PREFERRED } from '#admission/patch/merge.ts';
import {
  addsNoTerm,
  DEEP_LIST,
  DEEP_OBJECT,
  HOST,
  INJECTED,
  patchText,
  pod,
  podWith,
  REVIEW,
  type Row,
  weighs,
} from './review-bodies.ts';

/** Numbers, keys and depths that break readers. */
export const VALUE_ROWS: Readonly<Record<string, readonly Row[]>> = {
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
