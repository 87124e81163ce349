// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIFETIMES } from '#certs/lifetimes.ts';
import type { AuthorityEntry } from '#certs/slot.ts';
import {
  dueSlot,
  expiryBeside,
  firstExpiry,
  maySign,
  needsActivation,
  signerOf,
  type Authorities,
} from '#certs/succession.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 0, 2);

function entry(name: string, days: number, activeAt: number | undefined = 0): AuthorityEntry {
  const pair = { certificatePem: name, privateKeyPem: name };
  return { pair, fingerprint: name, notBefore: NOW, notAfter: NOW + days * DAY, activeAt };
}

function signer(
  authorities: Authorities,
  published: string[],
  current?: string,
  now = NOW,
): string {
  const found = signerOf(authorities, {
    now,
    published: ({ fingerprint }) => published.includes(fingerprint),
    current,
  });
  return found?.fingerprint ?? 'none';
}

test('the longer-lived of the published CAs signs', () => {
  const both: Authorities = [entry('a', 100), entry('b', 300)];
  assert.equal(signer(both, ['a', 'b']), 'b');
  assert.equal(signer(both, ['a', 'b'], 'a'), 'b');
  assert.equal(signer(both, ['a']), 'a');
  assert.equal(signer([both[1], both[0]], ['a', 'b']), 'b');
});

test('where nothing is published the present signer stays', () => {
  const both: Authorities = [entry('a', 100), entry('b', 300)];
  assert.equal(signer(both, [], 'a'), 'a');
  assert.equal(signer(both, []), 'b');
});

test('a CA that is pending, not valid yet or expired signs nothing', () => {
  assert.equal(signer([entry('a', 100), entry('b', 300, NOW + 1)], ['a', 'b']), 'a');
  assert.equal(signer([entry('a', 100), entry('b', 300, NOW)], ['a', 'b']), 'b');
  const pending = { ...entry('b', 300), activeAt: undefined };
  assert.equal(signer([entry('a', 100), pending], ['a', 'b']), 'a');
  const both: Authorities = [entry('a', 100), entry('b', 300)];
  assert.equal(signer(both, ['a', 'b'], 'a', NOW - 1), 'none');
  assert.equal(signer(both, ['a', 'b'], 'a', NOW + 300 * DAY), 'none');
});

test('what is due: the first to expire, below its mark, beside one that everybody trusts', () => {
  const due = (a: AuthorityEntry, b: AuthorityEntry): number | undefined =>
    dueSlot([a, b], NOW, LIFETIMES);
  assert.equal(due(entry('a', 90), entry('b', 270)), undefined);
  assert.equal(due(entry('a', 89), entry('b', 270)), 0);
  assert.equal(due(entry('a', 270), entry('b', 89)), 1);
  assert.equal(due(entry('a', 89), { ...entry('b', 270), activeAt: undefined }), undefined);
  assert.equal(due(entry('a', 89), entry('b', 270, NOW + 1)), undefined);
  assert.equal(due(entry('a', 89), entry('b', 270, NOW - 30 * DAY)), 0);
  const young = entry('b', 270, NOW - 29 * DAY);
  assert.equal(due(entry('a', 89), young), undefined, 'leaves of a may still be about');
  assert.equal(due(entry('a', 0), young), 0, 'an expired one helps nobody');
});

test('an activation is needed once', () => {
  assert.equal(needsActivation({ ...entry('a', 1), activeAt: undefined }, NOW), true);
  assert.equal(needsActivation(entry('a', 1, NOW + 60_000), NOW), false);
  assert.equal(needsActivation(entry('a', 1, NOW - DAY), NOW), false);
  assert.equal(needsActivation(entry('a', 1, NOW + DAY), NOW), true);
});

test('however rounds fall, one active CA outlives every leaf, and expiries stay staggered', () => {
  const pauses = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 200, maxLength: 200 });
  fc.assert(
    fc.property(pauses, (days) => {
      let now = NOW;
      const make = (name: string, notAfter: number, activeAt: number): AuthorityEntry => ({
        ...entry(name, 0, activeAt),
        notBefore: now,
        notAfter,
      });
      const expiry = firstExpiry(now, LIFETIMES);
      let both: [AuthorityEntry, AuthorityEntry] = [
        make('0', expiry, now),
        make('1', expiry - LIFETIMES.authorityTurn / 2, now),
      ];
      for (const pause of days) {
        now += pause * DAY;
        const index = dueSlot(both, now, LIFETIMES);
        if (index !== undefined) {
          const other = both[index === 0 ? 1 : 0];
          const made = make(`${now}`, expiryBeside(other, now, LIFETIMES), now + 60_000);
          assert.ok(made.notAfter - now <= LIFETIMES.authorityTurn + LIFETIMES.authorityMark);
          both = index === 0 ? [made, other] : [other, made];
        }
        assert.ok(both.some((one) => maySign(one, now) && one.notAfter - now > LIFETIMES.server));
        const apart = Math.abs(both[0].notAfter - both[1].notAfter);
        assert.ok(apart > (LIFETIMES.authorityTurn * 7) / 16, `${apart / DAY} days apart`);
      }
    }),
    { numRuns: 50 },
  );
});
