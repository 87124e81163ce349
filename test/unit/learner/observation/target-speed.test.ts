// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createGenerator, gaussian } from '#agent/terms/random.ts';
import {
  learnSpeeds,
  speedOf,
  speedsIn,
  type CpuCost,
  type Speeds,
} from '#learner/observation/target-speed.ts';

const NOTHING: Speeds = speedsIn(undefined);

/** What workloads of a known cost take on machines of known speed, wandering about. */
function wander(
  speeds: Readonly<Record<string, number>>,
  options: { readonly windows: number; readonly noise: number; readonly workloads?: number },
): Speeds {
  const generator = createGenerator('speeds');
  const targets = Object.keys(speeds);
  let known = NOTHING;
  for (let window = 0; window < options.windows; window++) {
    const costs = Array.from({ length: options.workloads ?? 6 }, (_, i): CpuCost => {
      const target = targets[Math.floor(generator.next() * targets.length)] ?? '';
      const off = Math.exp(options.noise * gaussian(generator));
      return {
        workload: `Deployment/${i}`,
        target,
        secondsPerRequest: (((1 + i) * 0.001) / (speeds[target] ?? 1)) * off,
      };
    });
    known = learnSpeeds(known, costs);
  }
  return known;
}

function ratioOf(known: Speeds, one: string, other: string): number {
  return speedOf(known, one) / speedOf(known, other);
}

describe('learnSpeeds', () => {
  const machines = { old: 0.95, small: 1.49, fast: 1.78 };

  it('comes to the true ratios where workloads move', () => {
    const known = wander(machines, { windows: 60, noise: 0.05 });
    assert.ok(Math.abs(ratioOf(known, 'fast', 'old') / (1.78 / 0.95) - 1) < 0.03);
    assert.ok(Math.abs(ratioOf(known, 'small', 'old') / (1.49 / 0.95) - 1) < 0.03);
  });

  it('knows them roughly after a handful of windows', () => {
    const known = wander(machines, { windows: 6, noise: 0.05 });
    assert.ok(Math.abs(ratioOf(known, 'fast', 'old') / (1.78 / 0.95) - 1) < 0.15);
  });

  it('learns nothing of machines from workloads that stay', () => {
    const stay = (seconds: number): CpuCost[] => [
      { workload: 'Deployment/a', target: 'w1', secondsPerRequest: seconds },
      { workload: 'Deployment/b', target: 'w2', secondsPerRequest: 3 * seconds },
    ];
    let known = NOTHING;
    for (let i = 0; i < 50; i++) known = learnSpeeds(known, stay(0.001 * (1 + i / 50)));
    assert.equal(speedOf(known, 'w1'), 1);
    assert.equal(speedOf(known, 'w2'), 1);
    assert.equal(known.targets.size, 0);
    assert.equal(known.workloads.get('Deployment/a')?.weight, 20);
  });

  it('is not misled by a workload that became another program', () => {
    const at = (target: string, seconds: number): Speeds =>
      learnSpeeds(before, [{ workload: 'Deployment/a', target, secondsPerRequest: seconds }]);
    const before = learnSpeeds(NOTHING, [
      { workload: 'Deployment/a', target: 'w1', secondsPerRequest: 0.001 },
    ]);
    assert.equal(at('w2', 0.1).targets.size, 0);
    assert.equal(at('w2', 0.1).workloads.get('Deployment/a')?.target, 'w2');
    assert.ok(ratioOf(at('w2', 0.002), 'w1', 'w2') > 1.5);
  });

  it('passes over costs that are none', () => {
    for (const seconds of [0, -1, NaN, Infinity]) {
      const costs = [{ workload: 'Deployment/a', target: 'w1', secondsPerRequest: seconds }];
      assert.equal(learnSpeeds(NOTHING, costs).workloads.size, 0);
    }
  });

  it('changes nothing that it was given', () => {
    const first = wander(machines, { windows: 3, noise: 0 });
    const copy = structuredClone(first);
    learnSpeeds(first, [{ workload: 'Deployment/0', target: 'new', secondsPerRequest: 0.001 }]);
    assert.deepEqual(first, copy);
  });
});
