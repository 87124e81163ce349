// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { HostileCase } from './attack.ts';
import { SLOW_UID } from './raw-requests.ts';
import { REVIEW_CASES } from './review-cases.ts';
import { startSubject, type Subject } from './subject.ts';
import { TRANSPORT_CASES } from './transport-cases.ts';
import type { Verdict } from './verdict.ts';
import { until } from '../../support/until.ts';

/*
 * A webhook's clients are whoever reaches its port, and through the API server whoever may create
 * a Pod. Each row does one hostile thing over a real TLS socket; afterwards an ordinary request is
 * answered as ever and the audit file holds a line for every review and for nothing else.
 */

const CASES: readonly HostileCase[] = [...TRANSPORT_CASES, ...REVIEW_CASES];

describe('hostile clients', () => {
  let subject: Subject;
  /** Attacks that last as long as the server's time limits run beside the others. */
  const slow = new Map<HostileCase, Promise<Verdict>>();

  before(async () => {
    subject = await startSubject();
    for (const one of CASES) {
      if (one.slow === true) slow.set(one, one.attack(subject));
    }
  });
  after(() => subject.stop());

  it('are a table of at least 120 rows, each once', () => {
    const names = CASES.map(({ group, name }) => `${group}: ${name}`);
    assert.equal(new Set(names).size, names.length);
    assert.ok(names.length >= 120, `${String(names.length)} rows`);
  });

  for (const [group, cases] of Map.groupBy(CASES, (one) => one.group)) {
    describe(group, () => {
      for (const one of cases.filter(({ slow }) => slow !== true)) {
        it(one.name, async () => {
          await subject.newLines();
          const verdict = await one.attack(subject);
          await subject.ordinary();
          judge(one, verdict);
          const lines = await subject.newLines();
          const own = lines.filter((line) => !['ordinary', SLOW_UID].includes(line.requestUid));
          if (one.unread !== true) assert.equal(own.length, verdict.reviews.length);
          const last = own.at(-1);
          if (one.line !== undefined)
            assert.equal(`${last?.outcome ?? ''}/${last?.reason ?? ''}`, one.line);
        });
      }
    });
  }

  describe('slow ones', () => {
    for (const one of CASES.filter(({ slow }) => slow === true)) {
      it(`${one.group}: ${one.name}`, async () => {
        const verdict = await slow.get(one);
        assert.ok(verdict !== undefined);
        judge(one, verdict);
        await subject.ordinary();
      });
    }
  });

  it('leave no connection and no request behind', async () => {
    // That the last client has gone is heard a moment later; a request left behind would stay.
    const inFlight = (): Promise<number> => subject.world.metric('perihelion_admission_in_flight');
    await until(async () => (await inFlight()) === 0);
    assert.equal({}.constructor, Object);
    assert.equal((Object.prototype as { polluted?: unknown }).polluted, undefined);
  });
});

function judge(one: HostileCase, verdict: Verdict): void {
  const expected = typeof one.expected === 'string' ? [one.expected] : one.expected;
  const [first] = verdict.answers;
  assert.ok(
    expected.includes(verdict.summary),
    `got ${verdict.summary} (${(first?.body ?? '').slice(0, 300)}), expected ${expected.join(' or ')}`,
  );
  for (const review of verdict.reviews) assert.equal(review.response.allowed, true);
  one.also?.(verdict);
}
