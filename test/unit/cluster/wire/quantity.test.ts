// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PerihelionError } from '#errors';
import { quantityMilli, quantityUnits } from '#cluster/wire/quantity.ts';

const UNITS: Readonly<Record<string, number>> = {
  '0': 0,
  '12': 12,
  '+3': 3,
  '-3': -3,
  '1.': 1,
  '.5': 1,
  '1n': 1,
  '1000000000n': 1,
  '1000000u': 1,
  '999m': 1,
  '1001m': 2,
  '-1500m': -1,
  '1k': 1e3,
  '1M': 1e6,
  '1G': 1e9,
  '1T': 1e12,
  '1P': 1e15,
  '1E': 1e18,
  '1Ki': 1024,
  '1.5Ki': 1536,
  '1Mi': 2 ** 20,
  '0.5Gi': 2 ** 29,
  '1Ti': 2 ** 40,
  '1Pi': 2 ** 50,
  '1Ei': 2 ** 60,
  '1e3': 1000,
  '1E3': 1000,
  '12e-1': 2,
  '1.25e+2': 125,
  '0e999': 0,
  '1e-999': 1,
};

const MILLI: Readonly<Record<string, number>> = {
  '100m': 100,
  '0.1': 100,
  '1.0001': 1001,
  '1u': 1,
  '2': 2000,
  '1k': 1e6,
  '0.3e1': 3000,
};

describe('quantities', () => {
  for (const [text, value] of Object.entries(UNITS)) {
    it(`reads ${text} as ${value}`, () => assert.equal(quantityUnits(text), value));
  }
  for (const [text, value] of Object.entries(MILLI)) {
    it(`reads ${text} as ${value} thousandths`, () => assert.equal(quantityMilli(text), value));
  }

  it('cuts what is too large to the largest int64', () => {
    for (const text of ['8Ei', '100E', '1e999', '99999999999999999999']) {
      assert.equal(quantityUnits(text), Number(2n ** 63n - 1n), text);
    }
    assert.equal(quantityUnits('-1e999'), -Number(2n ** 63n - 1n));
  });

  for (const text of [
    '',
    ' ',
    '1 ',
    'x',
    '1x',
    '1kI',
    '1ki',
    '.',
    '--1',
    '1e',
    'e3',
    'NaN',
    '1Kie3',
    '9'.repeat(200),
  ]) {
    it(`refuses ${JSON.stringify(text.slice(0, 12))}`, () =>
      assert.throws(() => quantityUnits(text), { code: 'PERI_KUBERNETES_OBJECT' }));
  }

  it('says the same of a common quantity as of any other way to write it', () => {
    const suffix = fc.constantFrom(
      ...['', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'Ti', 'n', 'E', 'e3', '.', '.5', 'constructor'],
    );
    const digits = fc.oneof(fc.stringMatching(/^[0-9]{1,18}$/), fc.nat(5000).map(String));
    fc.assert(
      fc.property(digits, suffix, (number, unit) => {
        for (const read of [quantityUnits, quantityMilli]) {
          const text = `${number}${unit}`;
          // With a sign it is never the quick way.
          assert.deepEqual(outcomeOf(read, text), outcomeOf(read, `+${text}`), text);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('reads whole amounts exactly, however they are written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 40 }), (amount) => {
        assert.equal(quantityUnits(String(amount)), amount);
        assert.equal(quantityUnits(`${amount}000m`), amount);
        assert.equal(quantityMilli(`${amount}m`), amount);
        assert.equal(quantityUnits(`${amount}Ki`), amount * 1024);
        assert.equal(quantityUnits(`${amount}e0`), amount);
        assert.equal(quantityMilli(`${amount}000000n`), amount);
      }),
    );
  });
});

function outcomeOf(read: (text: string) => number, text: string): number | string {
  try {
    return read(text);
  } catch (error) {
    assert.ok(error instanceof PerihelionError);
    return error.code;
  }
}
