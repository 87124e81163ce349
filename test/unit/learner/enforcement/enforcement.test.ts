// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { StoredEnforcement } from '#cluster/model/enforcement.ts';
import { DEFAULT_POLICY_SPEC } from '#cluster/policy/parse.ts';
import type { PolicySpec } from '#cluster/policy/policy.ts';
import {
  evictionsThisHour,
  isEnforced,
  isReleased,
  nextEnforcement,
  withEvictions,
  type EnforcementInput,
} from '#learner/enforcement/enforcement.ts';
import { T0 } from '../fixtures.ts';

const { release } = DEFAULT_POLICY_SPEC;
const ESCALATING = { ...DEFAULT_POLICY_SPEC.escalation, mode: 'Enabled' as const };

function input(over: Partial<EnforcementInput> = {}, spec: Partial<PolicySpec> = {}) {
  const base = { ...DEFAULT_POLICY_SPEC, mode: 'Require' as const, ...spec };
  return { spec: base, recent: { asked: 0, followed: 0 }, stuck: 0, now: T0, ...over };
}

const LOW = { asked: 40, followed: 10 };

describe('a release', () => {
  it('comes once a Pod is stuck, and lasts for the cooling-off time', () => {
    const none = nextEnforcement(undefined, input());
    assert.deepEqual(none, { enforcement: undefined, change: undefined });
    const { enforcement, change } = nextEnforcement(undefined, input({ stuck: 2 }));
    assert.equal(change, 'released');
    assert.equal(enforcement?.releasedAt, T0);
    assert.equal(enforcement.releasedUntil, T0 + release.coolingOffSeconds * 1000);
    assert.ok(isReleased(enforcement, T0));
    assert.ok(!isEnforced(input().spec, enforcement, T0));
    assert.ok(isEnforced(input().spec, enforcement, enforcement.releasedUntil));
    const again = nextEnforcement(enforcement, input({ stuck: 2, now: T0 + 1000 }));
    assert.equal(again.change, undefined, 'what is released is not released again');
  });

  it('is twice as long each time, up to 16 times, and begins anew after a quiet time', () => {
    let known: StoredEnforcement | undefined;
    let now = T0;
    const lengths: number[] = [];
    for (let round = 0; round < 7; round += 1) {
      known = nextEnforcement(known, input({ stuck: 1, now })).enforcement;
      lengths.push(known?.coolingSeconds ?? 0);
      now = known?.releasedUntil ?? now;
    }
    const first = release.coolingOffSeconds;
    assert.deepEqual(
      lengths,
      [1, 2, 4, 8, 16, 16, 16].map((times) => times * first),
    );
    now += 16 * first * 1000 + 1;
    assert.equal(
      nextEnforcement(known, input({ stuck: 1, now })).enforcement?.coolingSeconds,
      first,
    );
  });

  it('of Pods of a policy that requires nothing any more changes nothing', () => {
    const { change } = nextEnforcement(undefined, input({ stuck: 3 }, { mode: 'Prefer' }));
    assert.equal(change, undefined);
  });
});

describe('an escalation', () => {
  const prefer = { mode: 'Prefer' as const, escalation: ESCALATING };

  it('needs enough Pods, low adherence, mode Prefer and somebody who wants it', () => {
    const escalates = (over: Partial<EnforcementInput>, spec: Partial<PolicySpec> = prefer) =>
      nextEnforcement(undefined, input({ recent: LOW, ...over }, spec)).change === 'escalated';
    assert.ok(escalates({}));
    assert.ok(!escalates({ recent: { asked: 19, followed: 0 } }));
    assert.ok(!escalates({ recent: { asked: 40, followed: 24 } }));
    assert.ok(escalates({ recent: { asked: 40, followed: 23 } }));
    assert.ok(!escalates({}, { mode: 'Prefer' }));
    assert.ok(!escalates({}, { ...prefer, mode: 'Require' }));
    assert.ok(!escalates({}, { ...prefer, mode: 'Shadow' }));
  });

  it('ends after its time, when nobody wants it any more, and with a release', () => {
    const escalated = nextEnforcement(undefined, input({ recent: LOW }, prefer)).enforcement;
    assert.ok(isEnforced(input({}, prefer).spec, escalated, T0));
    const step = (over: Partial<EnforcementInput>, spec: Partial<PolicySpec> = prefer) =>
      nextEnforcement(escalated, input({ recent: LOW, ...over }, spec));
    const end = T0 + ESCALATING.holdSeconds * 1000;
    assert.equal(step({ now: end }).change, undefined);
    assert.equal(step({ now: end + 1 }).change, 'de-escalated');
    assert.equal(step({}, { mode: 'Prefer' }).change, 'de-escalated');
    const released = step({ stuck: 1 });
    assert.equal(released.change, 'released');
    assert.equal(released.enforcement?.escalatedAt, 0);
    const during = nextEnforcement(
      released.enforcement,
      input({ recent: LOW, now: T0 + 1 }, prefer),
    );
    assert.equal(during.change, undefined, 'not while it cools off');
  });
});

describe('the count of evictions', () => {
  it('is that of the clock hour', () => {
    const one = withEvictions(undefined, 3, T0);
    assert.equal(evictionsThisHour(one, T0), 3);
    assert.equal(evictionsThisHour(withEvictions(one, 2, T0), T0), 5);
    assert.equal(evictionsThisHour(one, T0 + 3_600_000), 0);
    assert.equal(evictionsThisHour(withEvictions(one, 2, T0 + 3_600_000), T0 + 3_600_000), 2);
    assert.equal(evictionsThisHour(undefined, T0), 0);
  });
});

describe('required rules through any history', () => {
  it('never hold while released, and never without a policy that asks for them', () => {
    const event = fc.record({
      seconds: fc.integer({ min: 0, max: 20_000 }),
      stuck: fc.integer({ min: 0, max: 2 }),
      followed: fc.integer({ min: 0, max: 40 }),
      mode: fc.constantFrom(
        'Off' as const,
        'Shadow' as const,
        'Prefer' as const,
        'Require' as const,
      ),
      escalation: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        let known: StoredEnforcement | undefined;
        let now = T0;
        for (const { seconds, stuck, followed, mode, escalation } of events) {
          now += seconds * 1000;
          const spec = { mode, ...(escalation ? { escalation: ESCALATING } : {}) };
          const step = input({ stuck, now, recent: { asked: 40, followed } }, spec);
          const { enforcement, change } = nextEnforcement(known, step);
          known = enforcement;
          if (change === 'released') assert.ok(isReleased(known, now));
          if (isReleased(known, now)) assert.ok(!isEnforced(step.spec, known, now));
          if (isEnforced(step.spec, known, now)) {
            assert.ok(mode === 'Require' || (mode === 'Prefer' && escalation));
          }
          const most = 16 * release.coolingOffSeconds * 1000;
          assert.ok((known?.releasedUntil ?? 0) - now <= most);
        }
      }),
    );
  });
});
