// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePolicySpec } from '#cluster/policy/parse.ts';
import type { PlacementPolicy } from '#cluster/policy/policy.ts';
import { choiceOf, MOST_OWN_PRESETS, ownPresets } from '#learner/readings/preset-choice.ts';
import { ownMeter } from '#telemetry/presets/catalogue.ts';
import { WATTSON, WEAVE } from '../../telemetry/invented.ts';

function policy(namespace: string, telemetry: object): PlacementPolicy {
  const spec = parsePolicySpec({ telemetry });
  return { namespace, name: 'default', generation: 1, builtIn: false, spec };
}

const { name: meterName, ...meter } = WATTSON;
const { name: meshName, ...mesh } = WEAVE;

test('a policy reads by what it names, by its own, or as the settings say', () => {
  const staleAfterSeconds = 60;
  const usual = { meter: undefined, mesh: undefined, staleAfterSeconds };
  assert.deepEqual(choiceOf(policy('a', {}).spec), usual);
  const named = policy('a', { meter: meterName, mesh: meshName });
  assert.deepEqual(choiceOf(named.spec), {
    meter: 'Wattson',
    mesh: 'Weave',
    staleAfterSeconds,
  });
  const own = policy('a', { meter: 'Custom', customMeter: meter });
  assert.deepEqual(choiceOf(own.spec), { ...usual, meter: ownMeter(meter).name });
});

test('what two policies bring alike is one preset, so that it is asked once', () => {
  const telemetry = { meter: 'Custom', customMeter: meter, mesh: 'Custom', customMesh: mesh };
  const { meters, meshes } = ownPresets([policy('a', telemetry), policy('b', telemetry)]);
  assert.equal(meters.length, 1);
  assert.equal(meshes.length, 1);
  assert.equal(choiceOf(policy('b', telemetry).spec).mesh, meshes[0]?.name);
});

test('their number is bounded, and which are left out does not depend on the order', () => {
  const many = Array.from({ length: MOST_OWN_PRESETS + 4 }, (_, index) =>
    policy(`n${index}`, { meter: 'Custom', customMeter: { ...meter, description: `${index}` } }),
  );
  const { meters } = ownPresets(many);
  assert.equal(meters.length, MOST_OWN_PRESETS);
  assert.deepEqual(ownPresets(many.toReversed()).meters, meters);
});
