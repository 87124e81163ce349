// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parsePolicySpec, policyProblems } from '#cluster/policy/parse.ts';
import { parseSettings } from '#settings/parse.ts';
import { settingsSchema } from '#settings/settings.ts';
import { MESH_DEFINITIONS } from '#telemetry/presets/mesh.ts';
import { METER_DEFINITIONS } from '#telemetry/presets/meter.ts';
import { WATTSON, WEAVE } from '../../telemetry/invented.ts';

const nameless = <D extends { readonly name: string }>({ name, ...rest }: D): Omit<D, 'name'> => {
  assert.ok(name);
  return rest;
};
const meter = nameless(WATTSON);
const mesh = nameless(WEAVE);

void describe('presets in a policy', () => {
  void it('a policy that says nothing reads as the settings say', () => {
    assert.deepEqual(parsePolicySpec({}).telemetry, {});
  });

  void it('a preset of its own comes through as it is', () => {
    const telemetry = { meter: 'Custom', mesh: 'Custom', customMeter: meter, customMesh: mesh };
    assert.deepEqual(parsePolicySpec({ telemetry }).telemetry, telemetry);
  });

  for (const shipped of METER_DEFINITIONS) {
    void it(`the shipped ${shipped.name} could be brought by a policy, too`, () => {
      const telemetry = { meter: 'Custom', customMeter: nameless(shipped) };
      assert.deepEqual(policyProblems({ telemetry }), []);
      assert.deepEqual(parsePolicySpec({ telemetry }).telemetry, telemetry);
    });
  }
  for (const shipped of MESH_DEFINITIONS) {
    void it(`the shipped ${shipped.name} could be brought by a policy, too`, () => {
      const telemetry = { mesh: 'Custom', customMesh: nameless(shipped) };
      assert.deepEqual(policyProblems({ telemetry }), []);
      assert.deepEqual(parsePolicySpec({ telemetry }).telemetry, telemetry);
    });
  }

  const custom = (over: object): unknown => ({
    telemetry: { meter: 'Custom', customMeter: { ...meter, ...over } },
  });
  const customMesh = (over: object): unknown => ({
    telemetry: { mesh: 'Custom', customMesh: { ...mesh, ...over } },
  });
  const mistakes: [name: string, spec: unknown, field: string, word: string][] = [
    ['a name in small letters', { telemetry: { mesh: 'istio' } }, 'spec.telemetry.mesh', 'form'],
    ['Custom without one', { telemetry: { meter: 'Custom' } }, 'spec.telemetry.meter', 'Custom'],
    [
      'one that is not chosen',
      { telemetry: { customMesh: mesh } },
      'spec.telemetry.mesh',
      'Custom',
    ],
    [
      'PromQL in the place of a name',
      custom({ node: { ...meter.node, metric: 'a} or vector(1' } }),
      'spec.telemetry.customMeter.node.metric',
      'form',
    ],
    [
      'a label that is none',
      custom({ node: { ...meter.node, labels: { node: ['a,b'] } } }),
      'spec.telemetry.customMeter.node.labels.node[0]',
      'form',
    ],
    [
      'energy as a gauge',
      custom({ node: { ...meter.node, unit: 'Joules' } }),
      'spec.telemetry.customMeter.node.unit',
      'unit of power for a Gauge',
    ],
    [
      'a unit that nobody knows',
      custom({ pods: { ...meter.pods, unit: 'Calories' } }),
      'spec.telemetry.customMeter.pods.unit',
      'one of Watts',
    ],
    [
      'Pods that cannot be joined',
      custom({ pods: { ...meter.pods, labels: { name: ['podname'] } } }),
      'spec.telemetry.customMeter.pods.labels',
      '`namespace` and `name`',
    ],
    [
      'a zone that is nowhere',
      custom({ zones: 'Label' }),
      'spec.telemetry.customMeter',
      'zone of both metrics',
    ],
    [
      'requests that never fail',
      customMesh({ requests: { ...mesh.requests, labels: {} } }),
      'spec.telemetry.customMesh.requests.labels',
      'one of `responseCode`',
    ],
    [
      'a proxy in front of nobody',
      customMesh({ scope: 'Workload' }),
      'spec.telemetry.customMesh',
      '`served`',
    ],
    [
      'a mesh has no zone',
      customMesh({ durations: { ...mesh.durations, metric: 'a_{zone}' } }),
      'spec.telemetry.customMesh.durations.metric',
      'form',
    ],
  ];
  for (const [name, spec, field, word] of mistakes) {
    void it(`${name}: one line, which field and what was expected`, () => {
      const problems = policyProblems(spec);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.ok(problems[0]?.startsWith(`${field}: found `), problems[0]);
      assert.ok(problems[0]?.includes(word), problems[0]);
    });
  }
});

void describe('presets in the settings', () => {
  const parse = (telemetry: unknown): unknown => parseSettings({ telemetry });

  void it('are declared by name, and chosen by it', () => {
    const telemetry = {
      meter: 'Wattson',
      mesh: 'Weave',
      presets: { meters: [WATTSON], meshes: [WEAVE] },
    };
    const { presets } = settingsSchema.parse({ telemetry }).telemetry;
    assert.deepEqual(presets, { meters: [WATTSON], meshes: [WEAVE] });
  });

  const mistakes: [name: string, telemetry: object, line: RegExp][] = [
    [
      'an unknown name',
      { meter: 'Wattson' },
      /^telemetry\.meter: found "Wattson", expected Auto, one of KeplerNew/,
    ],
    [
      'a misspelled field',
      { presets: { meters: [{ ...WATTSON, zone: 'None' }] } },
      /^telemetry\.presets\.meters\.0\.zone: .*expected a known setting/,
    ],
    [
      'a misspelled field further down',
      { presets: { meshes: [{ ...WEAVE, requests: { ...WEAVE.requests, success: [] } }] } },
      /^telemetry\.presets\.meshes\.0\.requests\.success: .*expected a known setting/,
    ],
    [
      'a name twice',
      { presets: { meters: [WATTSON, WATTSON] } },
      /^telemetry\.presets\.meters: .*expected every name once/,
    ],
    [
      'a reserved name',
      { presets: { meshes: [{ ...WEAVE, name: 'Auto' }] } },
      /^telemetry\.presets\.meshes\.0\.name: found "Auto", expected another name/,
    ],
    [
      'a wrong unit',
      { presets: { meters: [{ ...WATTSON, node: { ...WATTSON.node, unit: 'Joules' } }] } },
      /^telemetry\.presets\.meters\.0\.node\.unit: found "Joules", expected a value that has a unit of power/,
    ],
  ];
  for (const [name, telemetry, line] of mistakes) {
    void it(`${name}: one line`, () => {
      assert.throws(
        () => parse(telemetry),
        (error: Error) => line.test(error.message) || assert.fail(error.message),
      );
    });
  }
});
