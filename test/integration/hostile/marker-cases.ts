// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { PREFERRED } from '#admission/patch/merge.ts';
import { DECISION_ANNOTATIONS, SIGNATURE_ANNOTATION } from '#cluster/decision/annotations.ts';
import { START } from '../../unit/admission/world.ts';
import {
  decided,
  INJECTED,
  OWN_TERM,
  patchText,
  pod,
  replaces,
  type Row,
  WITH_TERM,
} from './review-bodies.ts';

/** Pods that say that they were decided upon. */
export const MARKER_ROWS: Readonly<Record<string, readonly Row[]>> = {
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
};
