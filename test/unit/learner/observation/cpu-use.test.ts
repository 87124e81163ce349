// SPDX-License-Identifier: Apache-2.0
import { cpuUseOf, useStep } from '#learner/observation/cpu-use.ts';
import type { PendingDecision } from '#learner/episodes/decisions.ts';
import type { SlimNode } from '#cluster/objects/slim.ts';
import type { Reading } from '#telemetry/reading/reading.ts';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

function measured(value: number, windowSeconds = 10): Reading {
  return { kind: 'measured', value, windowSeconds, samples: 2, ageSeconds: 0, quality: 'measured' };
}

const MISSING: Reading = { kind: 'missing', reason: 'stale', detail: 'old' };

function node(name: string, cpuMillicores: number): [string, SlimNode] {
  const allocatable = { cpuMillicores, memoryBytes: 0, pods: 110 };
  return [name, { name, labels: {}, taints: [], unschedulable: false, ready: true, allocatable }];
}

function decision(podUid: string, workload: string, nodeName: string): PendingDecision {
  return { podUid, nodeName, decision: { workload } } as PendingDecision;
}

const NO_LOAD = new Map();

describe('cpuUseOf', () => {
  const nodes = new Map([node('a', 8000), node('b', 4000)]);

  it('turns the share of the power back into cores', () => {
    // P(u) = 140 W on 8 cores; 1.5 cores give 140 * 1.5 / 8 = 26.25 W, 262.5 J in 10 s.
    const power = {
      podJoules: new Map([['x', measured(262.5)]]),
      nodeWatts: new Map([['a', measured(140)]]),
      attributedJoules: new Map(),
    };
    const uses = cpuUseOf([decision('x', 'Deployment/web', 'a')], { power, load: NO_LOAD }, nodes);
    assert.ok(Math.abs((uses.get('Deployment/web') ?? 0) - 1.5) < 1e-12);
  });

  it('by a meter that shares out what a node draws, from the share and the load of the node', () => {
    // 8 cores, a tenth of them busy: 0.6 cores of the Pod, 0.2 of another. Scaphandre gives a Pod
    // 75 % of 140 W and not 0.6 of 8 cores; old Kepler 75 % of the part that is not idle.
    for (const [meter, watts] of [
      ['Scaphandre', 140],
      ['KeplerOld', 40],
      ['Wattson', 11],
    ] as const) {
      const power = {
        podJoules: new Map([['x', measured(0.75 * watts * 10)]]),
        nodeWatts: new Map([['a', measured(140)]]),
        attributedJoules: new Map([['a', measured(watts * 10)]]),
        meter,
      };
      const load = new Map([['a', { cpuRatio: measured(0.1), memoryRatio: MISSING }]]);
      const of = (readings: Parameters<typeof cpuUseOf>[1]) =>
        cpuUseOf([decision('x', 'Deployment/web', 'a')], readings, nodes).get('Deployment/web');
      assert.ok(
        Math.abs((of({ power, load }) ?? 0) - 0.6) < 1e-12,
        `${meter} ${of({ power, load })}`,
      );
      assert.equal(of({ power, load: new Map() }), undefined);
    }
  });

  it('takes the mean over Pods and leaves out what is not known', () => {
    const power = {
      podJoules: new Map([
        ['x', measured(100)],
        ['y', measured(300)],
        ['z', MISSING],
        ['idle', measured(0)],
      ]),
      nodeWatts: new Map([
        ['a', measured(80)],
        ['b', MISSING],
      ]),
      attributedJoules: new Map(),
    };
    const uses = cpuUseOf(
      [
        decision('x', 'Deployment/web', 'a'),
        decision('y', 'Deployment/web', 'a'),
        decision('z', 'Deployment/web', 'a'),
        decision('y', 'Deployment/dark', 'b'),
        decision('idle', 'Deployment/idle', 'a'),
        decision('x', 'Deployment/lost', 'nowhere'),
      ],
      { power, load: NO_LOAD },
      nodes,
    );
    assert.deepEqual(Object.fromEntries(uses), { 'Deployment/web': 2, 'Deployment/idle': 0 });
  });
});

describe('useStep', () => {
  it('tells a change of a fifth, and unknown from idle', () => {
    assert.equal(useStep(undefined), undefined);
    assert.notEqual(useStep(0), undefined);
    assert.equal(useStep(1), useStep(1.02));
    assert.notEqual(useStep(1), useStep(1.3));
  });
});
