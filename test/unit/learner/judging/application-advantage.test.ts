// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  applicationAdvantage,
  type ApplicationPod,
} from '#learner/judging/application-advantage.ts';
import type { Baselines } from '#reward/baseline.ts';
import type { Outcome } from '#reward/outcome.ts';
import type { Edge } from '#telemetry/reading/source.ts';
import { policyWith } from '../world.ts';

const SPEC = policyWith().spec;

function baselines(costs: Readonly<Record<string, number>> = {}): Baselines {
  const all = { joulesPerRequest: 1, p99Milliseconds: 20, errorRatio: 0, ...costs };
  return Object.fromEntries(
    Object.entries(all).map(([cost, mean]) => [cost, { mean, variance: 0, weight: 10 }]),
  );
}

function pod(
  name: string,
  outcome: Partial<Outcome> = {},
  over: Partial<ApplicationPod> = {},
): ApplicationPod {
  return {
    workload: `Deployment/${name}`,
    namespace: 'shop',
    outcome: {
      joules: 100,
      requests: 100,
      p99Milliseconds: 20,
      errorRatio: 0,
      cpuRatio: 0.5,
      memoryRatio: 0.5,
      ...outcome,
    },
    baselines: baselines(),
    borrows: false,
    ...over,
  };
}

const calls = (source: string, destination: string): Edge => {
  return { namespace: 'shop', source, destination, requests: 100 };
};

const advantage = (pods: readonly ApplicationPod[], edges: readonly Edge[] = [], spec = SPEC) =>
  applicationAdvantage(pods, { edges }, spec);

describe('applicationAdvantage', () => {
  it('is 0 where everything is as the default scheduler has it', () => {
    assert.ok(Math.abs(advantage([pod('front'), pod('back')]) ?? NaN) < 1e-12);
  });

  it('counts a workload by the energy it takes', () => {
    const small = baselines({ joulesPerRequest: 0.01 });
    const halvedSmall = advantage([
      pod('front'),
      pod('cache', { joules: 0.5 }, { baselines: small }),
    ]);
    const halvedBig = advantage([
      pod('front', { joules: 50 }),
      pod('cache', { joules: 1 }, { baselines: small }),
    ]);
    assert.ok((halvedSmall ?? 1) < 0.003 && (halvedSmall ?? 0) > 0, String(halvedSmall));
    assert.ok((halvedBig ?? 0) > 0.17, String(halvedBig));
  });

  it('takes latency from the entries alone', () => {
    const slowBack = [pod('front'), pod('back', { p99Milliseconds: 60 })];
    assert.ok(Math.abs(advantage(slowBack, [calls('front', 'back')]) ?? NaN) < 1e-12);
    const slowFront = [pod('front', { p99Milliseconds: 60 }), pod('back')];
    assert.ok((advantage(slowFront, [calls('front', 'back')]) ?? 0) < -0.2);
    // In a ring nobody is outermost, so that all count.
    const ring = [calls('front', 'back'), calls('back', 'front')];
    assert.ok((advantage(slowBack, ring) ?? 0) < -0.1);
  });

  it('does not take the latency that a database borrows for its own', () => {
    const database = pod('db', { p99Milliseconds: 500 }, { borrows: true });
    assert.ok(Math.abs(advantage([pod('front'), database]) ?? NaN) < 1e-12);
    assert.equal(advantage([database]), undefined);
  });

  it('holds the entries to the objective', () => {
    const spec = { ...SPEC, reward: { ...SPEC.reward, sloP99Milliseconds: 50 } };
    const edges = [calls('front', 'back')];
    const cheap = { joules: 1 };
    const missed = [pod('front', { ...cheap, p99Milliseconds: 51 }), pod('back', cheap)];
    assert.ok((advantage(missed, edges, spec) ?? 0) < -1.1);
    const inside = [pod('front', cheap), pod('back', { ...cheap, p99Milliseconds: 500 })];
    assert.ok((advantage(inside, edges, spec) ?? 0) > 0);
  });

  it('leaves Pods without a baseline out of both sums, and knows nothing without any', () => {
    const unknown = pod('new', { joules: 1e6 }, { baselines: undefined });
    assert.ok(Math.abs(advantage([pod('front'), unknown]) ?? NaN) < 1e-12);
    assert.equal(advantage([unknown]), undefined);
    assert.equal(advantage([]), undefined);
    assert.equal(advantage([pod('front', { joules: undefined })]), undefined);
    assert.equal(advantage([pod('front', { p99Milliseconds: undefined })]), undefined);
  });

  it('falls when any Pod takes more energy, whoever it is', () => {
    const joules = fc.double({ min: 1, max: 1000, noNaN: true });
    fc.assert(
      fc.property(fc.array(joules, { minLength: 1, maxLength: 6 }), fc.nat(5), (all, which) => {
        const index = which % all.length;
        const of = (extra: number) =>
          advantage(all.map((one, i) => pod(`w${i}`, { joules: i === index ? one + extra : one })));
        assert.ok((of(10) ?? NaN) < (of(0) ?? NaN));
      }),
    );
  });
});
