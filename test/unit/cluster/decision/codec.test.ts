// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  DECISION_ANNOTATIONS,
  RESTED_ANNOTATION,
  SHADOW_ANNOTATION,
  SIGNATURE_ANNOTATION,
} from '#cluster/decision/annotations.ts';
import { annotationsOf, readDecision } from '#cluster/decision/codec.ts';
import type { DecisionRecord } from '#cluster/decision/decision.ts';
import { subjectOf } from '#cluster/decision/signature.ts';

const KEY = 'a key of this installation';
const SUBJECT = { namespace: 'shop', ownerUid: 'uid-1', podName: undefined };
const RECORD: DecisionRecord = {
  id: 'd-1',
  decidedAt: 1_700_000_000_123,
  workload: 'Deployment/frontend',
  tier: 'business',
  state: 'load=normal,least=worker-2,peers=worker-1',
  action: 'worker-2',
  propensity: 0.1 + 0.2,
  holdout: false,
  policy: 'default@3',
  modelVersion: 7,
};

const records: fc.Arbitrary<DecisionRecord> = fc.record({
  id: fc.string({ minLength: 1, unit: 'grapheme' }),
  decidedAt: fc.double({ min: 0, max: 8.64e15, noNaN: true }).map((value) => value + 0),
  workload: fc.string({ unit: 'grapheme' }),
  tier: fc.string(),
  state: fc.string({ unit: 'grapheme' }),
  action: fc.string(),
  propensity: fc.double({ min: Number.MIN_VALUE, max: 1, noNaN: true }),
  holdout: fc.boolean(),
  policy: fc.string(),
  modelVersion: fc.nat(),
});

describe('decision annotations', () => {
  it('carry every field and every number exactly', () => {
    fc.assert(
      fc.property(records, (record) => {
        const reading = readDecision(annotationsOf(record, SUBJECT, KEY), SUBJECT, KEY);
        assert.deepEqual(reading, { kind: 'valid', record: { ...record } });
      }),
    );
  });

  it('are one annotation per field, under the prefix, with a signature', () => {
    assert.deepEqual(Object.keys(annotationsOf(RECORD, SUBJECT, KEY)).sort(), [
      'perihelion.dev/action',
      'perihelion.dev/decided-at',
      'perihelion.dev/decision-id',
      'perihelion.dev/holdout',
      'perihelion.dev/model-version',
      'perihelion.dev/policy',
      'perihelion.dev/propensity',
      'perihelion.dev/signature',
      'perihelion.dev/state',
      'perihelion.dev/tier',
      'perihelion.dev/workload',
    ]);
  });

  it('are absent on a Pod with other annotations only', () => {
    const annotations = { 'perihelion.dev/tier': 'data', ['__proto__']: 'x', a: 'b' };
    assert.deepEqual(readDecision(annotations, SUBJECT, KEY), { kind: 'absent' });
  });

  for (const name of [...Object.values(DECISION_ANNOTATIONS), SIGNATURE_ANNOTATION]) {
    it(`are forged when ${name} is altered or missing`, () => {
      const good = annotationsOf(RECORD, SUBJECT, KEY);
      const altered = { ...good, [name]: `${good[name] ?? ''}0` };
      assert.equal(readDecision(altered, SUBJECT, KEY).kind, 'forged');
      const rest = Object.entries(good).filter(([key]) => key !== name);
      assert.equal(readDecision(Object.fromEntries(rest), SUBJECT, KEY).kind, 'forged');
    });
  }

  it('are forged when copied to another owner, namespace or bare Pod', () => {
    const good = annotationsOf(RECORD, SUBJECT, KEY);
    for (const other of [
      { ...SUBJECT, ownerUid: 'uid-2' },
      { ...SUBJECT, namespace: 'other' },
      { namespace: 'shop', ownerUid: undefined, podName: 'uid-1' },
      { namespace: 'shop', ownerUid: undefined, podName: undefined },
    ]) {
      assert.equal(readDecision(good, other, KEY).kind, 'forged');
    }
  });

  it('are forged when a field moves its border into the next one', () => {
    const good = annotationsOf({ ...RECORD, workload: 'ab', tier: 'c' }, SUBJECT, KEY);
    const moved = {
      ...good,
      [DECISION_ANNOTATIONS.workload]: 'a',
      [DECISION_ANNOTATIONS.tier]: 'bc',
    };
    assert.equal(readDecision(moved, SUBJECT, KEY).kind, 'forged');
  });

  it('are valid under a former key that is still listed, and forged under an unknown one', () => {
    const good = annotationsOf(RECORD, SUBJECT, 'former');
    assert.equal(readDecision(good, SUBJECT, [KEY, 'former']).kind, 'valid');
    assert.equal(readDecision(good, SUBJECT, [KEY]).kind, 'forged');
    assert.equal(readDecision(good, SUBJECT, []).kind, 'forged');
    assert.equal(readDecision(good, SUBJECT, ['']).kind, 'forged');
  });

  it('take bytes for a key like the text of those bytes', () => {
    const good = annotationsOf(RECORD, SUBJECT, KEY);
    assert.equal(readDecision(good, SUBJECT, Buffer.from(KEY)).kind, 'valid');
  });

  it('refuse to carry a record that could not be read back', () => {
    for (const change of [
      { propensity: 0 },
      { propensity: 1.01 },
      { propensity: Number.NaN },
      { decidedAt: Number.NaN },
      { decidedAt: -1 },
      { modelVersion: 1.5 },
      { id: '' },
    ]) {
      assert.throws(() => annotationsOf({ ...RECORD, ...change }, SUBJECT, KEY), {
        code: 'PERI_DECISION_MALFORMED',
      });
    }
    assert.throws(() => annotationsOf(RECORD, SUBJECT, ''), { code: 'PERI_DECISION_MALFORMED' });
  });
});

describe('a decision in mode Shadow', () => {
  const shadow = annotationsOf({ ...RECORD, shadow: true }, SUBJECT, KEY);
  const plain = annotationsOf(RECORD, SUBJECT, KEY);

  it('says so, and comes back as it was', () => {
    assert.equal(shadow[SHADOW_ANNOTATION], 'true');
    const reading = readDecision(shadow, SUBJECT, KEY);
    assert.deepEqual(reading, { kind: 'valid', record: { ...RECORD, shadow: true } });
  });

  it('is signed: the mark can be neither taken off nor put on', () => {
    for (const value of [undefined, 'false', 'yes']) {
      const rest = Object.entries(shadow).filter(([key]) => key !== SHADOW_ANNOTATION);
      const marked = value === undefined ? {} : { [SHADOW_ANNOTATION]: value };
      const reading = readDecision({ ...Object.fromEntries(rest), ...marked }, SUBJECT, KEY);
      assert.equal(reading.kind, 'forged', value);
    }
    const put = readDecision({ ...plain, [SHADOW_ANNOTATION]: 'true' }, SUBJECT, KEY);
    assert.equal(put.kind, 'forged');
  });

  it('an old mark that is overwritten with false leaves another decision valid', () => {
    const reading = readDecision({ ...plain, [SHADOW_ANNOTATION]: 'false' }, SUBJECT, KEY);
    assert.deepEqual(reading, { kind: 'valid', record: RECORD });
  });
});

describe('a decision with marks', () => {
  const marks = { required: true, rested: true } as const;
  const marked = annotationsOf({ ...RECORD, ...marks }, SUBJECT, KEY);

  it('comes back with all of them', () => {
    assert.equal(marked[RESTED_ANNOTATION], 'true');
    const reading = readDecision(marked, SUBJECT, KEY);
    assert.deepEqual(reading, { kind: 'valid', record: { ...RECORD, ...marks } });
  });

  it('is forged when one mark is taken for another', () => {
    const { [RESTED_ANNOTATION]: rested, ...rest } = marked;
    const reading = readDecision({ ...rest, [SHADOW_ANNOTATION]: rested ?? '' }, SUBJECT, KEY);
    assert.equal(reading.kind, 'forged');
  });
});

describe('the subject of a Pod', () => {
  it('is its owner, whatever its name', () => {
    const owner = { uid: 'u' };
    assert.deepEqual(
      subjectOf({ namespace: 'n', owner, generateName: 'a-' }),
      subjectOf({ namespace: 'n', owner, generateName: 'a-', name: 'a-x1' }),
    );
  });

  it('is generateName for a bare Pod, which is the same before and after it has a name', () => {
    assert.deepEqual(
      subjectOf({ namespace: 'n', generateName: 'a-' }),
      subjectOf({ namespace: 'n', generateName: 'a-', name: 'a-x1' }),
    );
    assert.equal(subjectOf({ namespace: 'n', generateName: '', name: 'b' }).podName, 'b');
  });
});
