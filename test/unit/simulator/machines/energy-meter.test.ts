// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EnergyMeter, type CpuReadings } from '#simulator/machines/energy-meter.ts';
import { checkCurve, concaveCurve, linearCurve, wattsAt } from '#simulator/machines/power-curve.ts';

const CURVE = [52.5, 98.5, 109, 120, 130, 140, 150, 161, 172, 196, 228];

/** Readings of a simulator with one node, from the CPU of each slot. */
function readings(used: Float64Array): CpuReadings & { readonly nodeCpuSeconds: Float64Array } {
  return { nodeCpuSeconds: new Float64Array(1), cpuSeconds: (slot) => used[slot]! };
}

test('power is linear between the points and held at the ends', () => {
  assert.equal(wattsAt(CURVE, 0), 52.5);
  assert.equal(wattsAt(CURVE, 0.05), 75.5);
  assert.equal(wattsAt(CURVE, 1), 228);
  assert.equal(wattsAt(CURVE, 7), 228);
  assert.equal(wattsAt(CURVE, -1), 52.5);
  assert.ok(Math.abs(wattsAt(CURVE, 0.95) - 212) < 1e-9);
});

test('the concave curve spends its first watts fastest', () => {
  const curve = concaveCurve(40, 160);
  checkCurve(curve);
  assert.equal(curve[0], 40);
  assert.ok(Math.abs(curve[10]! - 160) < 1e-9);
  for (let i = 2; i <= 10; i++)
    assert.ok(curve[i]! - curve[i - 1]! < curve[i - 1]! - curve[i - 2]!);
});

test('curves of the wrong length or that fall are refused', () => {
  assert.throws(() => checkCurve([1, 2, 3]), /PERI_SIMULATION_INVALID|curve/);
  assert.throws(() => checkCurve(CURVE.toReversed()), /curve/);
  assert.throws(() => checkCurve(CURVE.map(() => NaN)), /curve/);
});

// Real Kepler on a scripted machine: P = 2 * (20 + 80 u) on 4 CPUs, Pods with 1.5, 0.5 and 0.5
// cores. It printed 139.9 W for the node, 87.4 active, 52.6 / 17.5 / 17.5 per Pod, and 46.4 for
// the first Pod after one of the others had left.
test('attribution is that of real Kepler', () => {
  const meter = new EnergyMeter(
    [{ name: 'n', cores: 4, systemCores: 0, curve: linearCurve(40, 200) }],
    5,
  );
  const pods = [0, 1, 2].map((slot) => meter.add(0, slot));
  const used = new Float64Array(3);
  const cpu = readings(used);
  const use = (cores: number[]): void => {
    cores.forEach((value, slot) => (used[slot]! += value * 5));
    cpu.nodeCpuSeconds[0]! += cores.reduce((sum, value) => sum + value, 0) * 5;
  };
  use([1.5, 0.5, 0.5]);
  meter.measure(5, cpu);
  const node = meter.nodes[0]!;
  assert.ok(Math.abs(node.total.watts - 140) < 1e-9);
  assert.ok(Math.abs(node.active.watts - 87.5) < 1e-9);
  assert.ok(Math.abs(node.idle.watts - 52.5) < 1e-9);
  assert.deepEqual(
    pods.map(({ energy }) => energy.watts.toFixed(3)),
    ['52.500', '17.500', '17.500'],
  );
  meter.remove(pods[2]!);
  use([1.5, 0.6, 0]);
  meter.measure(10, cpu);
  assert.ok(Math.abs(pods[0]!.energy.watts - 46.5) < 1e-9);
});

test('every joule of a node is accounted exactly once', () => {
  const step = fc.record({
    seconds: fc.double({ min: 0.01, max: 3, noNaN: true }),
    shares: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
      const meter = new EnergyMeter([{ name: 'n', cores: 8, systemCores: 0.1, curve: CURVE }], 5);
      const pods = [0, 1, 2].map((slot) => meter.add(0, slot));
      const used = new Float64Array(4);
      const cpu = readings(used);
      let time = 0;
      let expected = 0;
      for (const { seconds, shares } of steps) {
        // Slot 3 is a Pod that is gone but still working.
        shares.forEach((share, slot) => (used[slot]! += share * 1.9 * seconds));
        const cores = shares.reduce((sum, share) => sum + share * 1.9, 0);
        cpu.nodeCpuSeconds[0]! += cores * seconds;
        expected += wattsAt(CURVE, (cores + 0.1) / 8) * seconds;
        time += seconds;
        meter.measure(time, cpu);
      }
      const node = meter.nodes[0]!;
      const attributed = pods.reduce((sum, pod) => sum + pod.energy.joules, 0);
      const close = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(1, b);
      assert.ok(close(node.total.joules, expected));
      assert.ok(close(node.active.joules + node.idle.joules, node.total.joules));
      assert.ok(close(attributed + node.unattributedJoules, node.active.joules));
      assert.ok(node.unattributedJoules > 0);
    }),
  );
});

test('gauges are means over the last seconds only', () => {
  const meter = new EnergyMeter(
    [{ name: 'n', cores: 1, systemCores: 0, curve: linearCurve(10, 110) }],
    5,
  );
  assert.equal(meter.nodes[0]!.total.watts, 0);
  const used = new Float64Array(1);
  const cpu = readings(used);
  for (let second = 1; second <= 20; second++) {
    if (second > 10) cpu.nodeCpuSeconds[0]! += 1;
    meter.measure(second, cpu);
    if (second === 10) assert.equal(meter.nodes[0]!.total.watts, 10);
  }
  assert.equal(meter.nodes[0]!.total.watts, 110);
  assert.equal(meter.nodes[0]!.total.busyCores, 1);
});
