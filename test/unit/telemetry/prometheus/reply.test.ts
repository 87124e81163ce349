// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readReply } from '#telemetry/prometheus/reply.ts';
import { PerihelionError } from '#errors';
import fc from 'fast-check';

const reply = (result: unknown, more: object = {}): string =>
  JSON.stringify({ status: 'success', data: { resultType: 'vector', result }, ...more });
const sample = (value: unknown): unknown => ({ metric: { a: 'b' }, value: [1, value] });

test('values are read from strings, NaN and infinities as what they are', () => {
  const { vector } = readReply(reply(['1.5', 'NaN', '+Inf', '-Inf', '1e3'].map(sample)));
  assert.deepEqual(
    vector.map(({ value }) => value),
    [1.5, Number.NaN, Infinity, -Infinity, 1000],
  );
  assert.deepEqual(vector[0]?.labels, { a: 'b' });
});

test('an empty vector is an answer, warnings are kept', () => {
  const { vector, warnings, partial } = readReply(
    reply([], { warnings: ['PromQL warning: odd'], infos: ['note'] }),
  );
  assert.deepEqual(vector, []);
  assert.deepEqual(warnings, ['PromQL warning: odd', 'note']);
  assert.equal(partial, undefined);
});

test('a warning that is not about the query, and isPartial, say that the answer is a part', () => {
  assert.equal(readReply(reply([], { warnings: ['a', 'PromQL info: b', 'c'] })).partial, 'a; c');
  assert.ok(readReply(reply([], { isPartial: true })).partial);
  assert.equal(readReply(reply([], { isPartial: false })).partial, undefined);
});

test('anything else is an error with a code, never a number', () => {
  const bodies = [
    '',
    '<html>',
    'null',
    '[]',
    '{"status":"error","error":"bad"}',
    '{"status":"success"}',
    '{"status":"success","data":{"resultType":"matrix","result":[]}}',
    '{"status":"success","data":{"resultType":"vector","result":{}}}',
    reply([{}]),
    reply([{ metric: {}, value: 1 }]),
    reply([{ metric: { a: 1 }, value: [1, '1'] }]),
    reply([sample(1)]),
    reply([sample('')]),
    reply([sample('x')]),
    reply([null]),
  ];
  for (const body of bodies) {
    assert.throws(
      () => readReply(body),
      (error) => error instanceof PerihelionError && error.code === 'PERI_TELEMETRY_UNAVAILABLE',
      body,
    );
  }
});

test('any JSON is read or refused with a code', () => {
  fc.assert(
    fc.property(fc.json(), fc.boolean(), (json, inside) => {
      try {
        readReply(inside ? reply([JSON.parse(json)]) : json);
      } catch (error) {
        assert.ok(error instanceof PerihelionError);
      }
    }),
  );
});
