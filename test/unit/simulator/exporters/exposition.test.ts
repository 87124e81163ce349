// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Exposition } from '#simulator/exporters/exposition.ts';

const written = (style: 'go' | 'envoy', value: number): string =>
  new Exposition(style).sample('a', {}, value).toString().slice(2, -1);

test("numbers of exporters in Go are those of strconv's shortest %g", () => {
  for (const [value, text] of [
    [0, '0'],
    [1, '1'],
    [-2.5, '-2.5'],
    [148.26, '148.26'],
    [999_999, '999999'],
    [1e6, '1e+06'],
    [1_234_567.5, '1.2345675e+06'],
    [34_359_738_368, '3.4359738368e+10'],
    [0.0001, '0.0001'],
    [0.00007722945455364428, '7.722945455364428e-05'],
    [1e-7, '1e-07'],
    [1e100, '1e+100'],
    [Infinity, '+Inf'],
    [Number.NaN, 'NaN'],
  ] as const) {
    assert.equal(written('go', value), text);
  }
});

test('Envoy writes whole numbers as they are', () => {
  assert.equal(written('envoy', 12_345_678), '12345678');
  assert.equal(written('envoy', -Infinity), '-Inf');
});
