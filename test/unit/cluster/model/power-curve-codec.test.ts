// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeModel, encodeObservation } from '#cluster/model/codec.ts';
import type { Observation } from '#cluster/model/observation.ts';
import { decodePowerCurves, encodePowerCurves } from '#cluster/model/power-curve-codec.ts';

const point = fc.record({
  utilisation: fc.double({ min: 0, max: 1, noNaN: true }),
  watts: fc.double({ min: 1e-6, max: 1e5, noNaN: true }),
  weight: fc.double({ min: 1e-6, max: 50, noNaN: true }),
});

function observation(powerCurves: Observation['powerCurves']): Observation {
  const common = { namespace: 'shop', policy: 'default', observedAt: 1000 };
  return { ...common, targets: {}, workloads: {}, powerCurves };
}

test('curves come back to four digits, through the schema of the API', () => {
  fc.assert(
    fc.property(fc.array(point, { minLength: 1, maxLength: 21 }), (points) => {
      const stored = decodeModel('shop', encodeObservation(observation({ 'worker-1': points })));
      assert.ok(stored.kind === 'observation');
      const back = stored.observation.powerCurves?.['worker-1'] ?? [];
      assert.equal(back.length, points.length);
      back.forEach((one, i) => {
        for (const name of ['utilisation', 'watts', 'weight'] as const) {
          const value = points[i]![name];
          assert.ok(Math.abs(one[name] - value) <= 1e-3 * value, `${one[name]} ${value}`);
        }
      });
    }),
  );
});

test('an observation without curves has none', () => {
  const stored = decodeModel('shop', encodeObservation(observation(undefined)));
  assert.ok(stored.kind === 'observation');
  assert.equal('powerCurves' in stored.observation, false);
});

test('where there is no room for all, the best known are kept', () => {
  const curve = (weight: number) =>
    Array.from({ length: 21 }, (_, i) => ({ utilisation: i / 20, watts: 123.4, weight }));
  const nodes = Array.from({ length: 5000 }, (_, i) => [`node-${i}`, curve(1 + (i % 50))] as const);
  const specs = encodePowerCurves(Object.fromEntries(nodes));
  assert.ok(specs.length > 500 && specs.length <= 1024, String(specs.length));
  assert.ok(Buffer.byteLength(JSON.stringify(specs)) <= 260_000);
  const weights = Object.values(decodePowerCurves(specs)).map((points) => points[0]!.weight);
  assert.ok(Math.min(...weights) >= 40, String(Math.min(...weights)));
});

test('what is no point is refused', () => {
  for (const points of ['', '1 2', 'a b c', '1 2 e9999']) {
    assert.throws(() => decodePowerCurves([{ node: 'a', points }]), {
      code: 'PERI_MODEL_MALFORMED',
    });
  }
});
