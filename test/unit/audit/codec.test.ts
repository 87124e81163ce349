// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeEntry } from '#audit/decode.ts';
import { encodeEntry, oneLine } from '#audit/encode.ts';
import type { AdmissionEntry } from '#audit/entry.ts';
import { PerihelionError } from '#errors';
import { admission, anyEntry, settlement } from './entries.ts';

/** Everything that some reader of text files takes for a line end. */
const LINE_ENDS = /[\n\v\f\r\u001c-\u001e\u0085\u2028\u2029]/;

test('any entry survives the round trip on exactly one line', () => {
  fc.assert(
    fc.property(anyEntry, (entry) => {
      const line = encodeEntry(entry);
      assert.doesNotMatch(line, LINE_ENDS);
      assert.equal(Buffer.from(line).toString('utf8'), line, 'well-formed UTF-8');
      assert.deepEqual(decodeEntry(line), entry);
    }),
  );
});

test('control characters, separators and lone surrogates are escaped and come back', () => {
  const name = 'a\nb\r\u2028c\u2029d\u0085e\ud800f\u202eg\u0000h\u007f\ufeff';
  const line = encodeEntry(admission({ name }));
  assert.match(line, /a\\nb\\r\\u2028c\\u2029d\\u0085e\\ud800f\\u202eg\\u0000h\\u007f\\ufeff/);
  const back = decodeEntry(line);
  assert.ok(back.kind === 'admission');
  assert.equal(back.name, name);
});

test('the one ASCII character that is invisible is escaped in a line of ASCII alone, too', () => {
  assert.match(encodeEntry(admission({ name: 'a\u007fb' })), /"a\\u007fb"/);
  assert.equal(oneLine({ name: 'plain' }), '{"name":"plain"}');
});

test('a field that the entry type does not know never reaches the line', () => {
  const entry = {
    ...admission(),
    object: { spec: { containers: [{ env: [{ name: 'TOKEN', value: 'hunter2' }] }] } },
    decision: { ...admission().decision, pod: 'hunter2' },
  } as AdmissionEntry;
  assert.doesNotMatch(encodeEntry(entry), /hunter2/);
});

test('a patch outside annotations, labels and affinity is refused', () => {
  for (const path of ['/spec/containers/0/env', '/spec', '', '/spec/affinityx', '/metadata/name']) {
    const entry = admission({ patch: [{ op: 'add', path, value: 'hunter2' }] });
    assert.throws(() => encodeEntry(entry), { code: 'PERI_AUDIT_MALFORMED', message: /path/ });
  }
  const own = ['/spec/affinity', '/spec/affinity/nodeAffinity', '/metadata/annotations'];
  for (const path of own) {
    const entry = admission({ patch: [{ op: 'add', path, value: {} }] });
    assert.deepEqual(decodeEntry(encodeEntry(entry)), entry);
  }
});

test('a number that JSON cannot say is refused instead of becoming null', () => {
  for (const value of [Number.NaN, Infinity, -Infinity]) {
    assert.throws(() => encodeEntry(admission({ durationSeconds: value })), PerihelionError);
    assert.throws(() => encodeEntry(settlement({ reward: value })), PerihelionError);
    assert.throws(() => encodeEntry(settlement({ costs: { performance: value } })), /performance/);
  }
});

test('an unknown reward is left out and does not read back as 0', () => {
  const entry = settlement({ reward: undefined, advantage: undefined, status: 'censored' });
  const line = encodeEntry(entry);
  assert.doesNotMatch(line, /reward/);
  const back = decodeEntry(line);
  assert.ok(back.kind === 'settlement');
  assert.equal(back.reward, undefined);
});

test('the parser names the field at fault', () => {
  const whole = JSON.parse(encodeEntry(admission())) as Record<string, unknown>;
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ ...whole, kind: 'other' }, /kind/],
    [{ ...whole, outcome: 'denied' }, /outcome/],
    [{ ...whole, durationSeconds: '1' }, /durationSeconds/],
    [{ ...whole, decision: { ...(whole['decision'] as object), epsilon: null } }, /epsilon/],
    [{ ...whole, patch: [{ op: 'move', path: '/x' }] }, /patch\.0\.op/],
  ];
  for (const [value, message] of cases) {
    assert.throws(() => decodeEntry(JSON.stringify(value)), {
      code: 'PERI_AUDIT_MALFORMED',
      message,
    });
  }
  const deep = encodeEntry(
    admission({ patch: [{ op: 'add', path: '/metadata/annotations', value: 'HERE' }] }),
  ).replace('"HERE"', '['.repeat(20_000) + ']'.repeat(20_000));
  for (const line of ['', '{', 'null', '[]', '7', deep]) {
    assert.throws(() => decodeEntry(line), { code: 'PERI_AUDIT_MALFORMED' });
  }
});
