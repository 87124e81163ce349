// SPDX-License-Identifier: Apache-2.0
import {
  addsNoTerm,
  affinity,
  expression,
  HOST,
  INJECTED,
  pod,
  preferred,
  prefers,
  required,
  type Row,
  weighs,
} from './review-bodies.ts';

/** Affinity and selectors of every shape. */
export const AFFINITY_ROWS: Readonly<Record<string, readonly Row[]>> = {
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
};
