// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freshObservation, verdictsOf } from '#admission/targets/feasibility.ts';
import type { IncomingPod } from '#admission/pod/incoming-pod.ts';
import { nodeChecksFor } from '#admission/scheduler/node-checks.ts';
import type { InfeasibleReason } from '#admission/review/reasons.ts';
import { SeenTargets } from '#admission/targets/seen-targets.ts';
import { TARGET_LIMIT } from '#admission/targets/targets.ts';
import type { SlimNode } from '#cluster/objects/slim.ts';
import { HOSTNAME, only, pending, reasons, REQUIRED, verdicts } from './feasibility-rig.ts';
import { incoming, node, observationOf, slimPod, START, World } from '../world.ts';

describe('verdictsOf: the node itself', () => {
  const cases: [string, Partial<SlimNode>, object, InfeasibleReason | 'ok'][] = [
    ['ready and empty', {}, {}, 'ok'],
    ['not ready', { ready: false }, {}, 'not-ready'],
    ['cordoned', { unschedulable: true }, {}, 'unschedulable'],
    [
      'cordoned, and the Pod tolerates everything',
      { unschedulable: true },
      { tolerations: [{ operator: 'Exists' }] },
      'unschedulable',
    ],
    ['tainted', { taints: [{ key: 'a', value: '', effect: 'NoSchedule' }] }, {}, 'not-tolerated'],
    [
      'tainted and tolerated',
      { taints: [{ key: 'a', value: '', effect: 'NoSchedule' }] },
      { tolerations: [{ key: 'a', operator: 'Exists' }] },
      'ok',
    ],
    ['softly tainted', { taints: [{ key: 'a', value: '', effect: 'PreferNoSchedule' }] }, {}, 'ok'],
    ['without the selected label', {}, { nodeSelector: { disk: 'ssd' } }, 'node-selector'],
    [
      'with the selected label',
      { labels: { disk: 'ssd' } },
      { nodeSelector: { disk: 'ssd' } },
      'ok',
    ],
    [
      'outside the required affinity',
      {},
      {
        affinity: {
          nodeAffinity: {
            [REQUIRED]: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] },
              ],
            },
          },
        },
      },
      'node-affinity',
    ],
    [
      'named by the required affinity',
      {},
      {
        affinity: {
          nodeAffinity: {
            [REQUIRED]: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: 'disk', operator: 'Exists' }] },
                { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['w1'] }] },
              ],
            },
          },
        },
      },
      'ok',
    ],
    [
      'a required affinity of an empty term',
      {},
      { affinity: { nodeAffinity: { [REQUIRED]: { nodeSelectorTerms: [{}] } } } },
      'node-affinity',
    ],
    [
      'a contradiction',
      { labels: { disk: 'ssd' } },
      {
        nodeSelector: { disk: 'ssd' },
        affinity: {
          nodeAffinity: {
            [REQUIRED]: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: 'disk', operator: 'NotIn', values: ['ssd'] }] },
              ],
            },
          },
        },
      },
      'node-affinity',
    ],
  ];
  for (const [name, overrides, spec, reason] of cases) {
    it(`${name}: ${reason}`, () => {
      assert.deepEqual(reasons(only(overrides), incoming({ ...spec })), { w1: reason });
    });
  }
});

describe('verdictsOf: volumes', () => {
  const pod = incoming({
    volumes: [
      { name: 'data', persistentVolumeClaim: { claimName: 'data-0' } },
      { name: 'tmp', emptyDir: {} },
    ],
  });
  const terms = [{ matchExpressions: [{ key: HOSTNAME, operator: 'In', values: ['w2'] }] }];

  it('keeps a Pod where its volume is', () => {
    const world = new World();
    world.addVolume('data-0', { name: 'pv-1', nodeAffinity: terms });
    assert.deepEqual(reasons(world, pod), { w1: 'volume', w2: 'ok' });
  });

  it('is free where the volume is reachable from everywhere, unbound or unknown', () => {
    const reachable = new World();
    reachable.addVolume('data-0', { name: 'pv-1', nodeAffinity: undefined });
    const unbound = new World();
    unbound.addVolume('data-0', undefined);
    for (const world of [reachable, unbound, new World()]) {
      assert.deepEqual(reasons(world, pod), { w1: 'ok', w2: 'ok' });
    }
  });
});

describe('verdictsOf: room', () => {
  const room = { cpuMillicores: 1000, memoryBytes: 1000, pods: 2 };
  const asking = (cpu: string, memory = '0'): IncomingPod =>
    incoming({
      containers: [{ name: 'a', resources: { requests: { cpu, memory } } }],
    });

  const cases: [string, IncomingPod, number, InfeasibleReason | 'ok'][] = [
    ['fits exactly', asking('600m'), 400, 'ok'],
    ['one thousandth too many', asking('601m'), 400, 'no-room'],
    ['too much memory', asking('1m', '1001'), 0, 'no-room'],
    ['asks for nothing on a full node', asking('0'), 1000, 'ok'],
    [
      'an init container that needs more',
      incoming({
        containers: [{ name: 'a', resources: { requests: { cpu: '100m' } } }],
        initContainers: [{ name: 'i', resources: { requests: { cpu: '601m' } } }],
      }),
      400,
      'no-room',
    ],
    [
      'a sidecar beside its container',
      incoming({
        containers: [{ name: 'a', resources: { requests: { cpu: '300m' } } }],
        initContainers: [
          { name: 's', restartPolicy: 'Always', resources: { requests: { cpu: '301m' } } },
        ],
      }),
      400,
      'no-room',
    ],
    [
      'overhead on top',
      incoming({
        containers: [{ name: 'a', resources: { requests: { cpu: '600m' } } }],
        overhead: { cpu: '1m' },
      }),
      400,
      'no-room',
    ],
  ];
  for (const [name, pod, used, reason] of cases) {
    it(`${name}: ${reason}`, () => {
      const world = only({ allocatable: room });
      const requests = { cpuMillicores: used, memoryBytes: 0 };
      world.addPod(slimPod('other', { nodeName: 'w1', requests }));
      assert.deepEqual(reasons(world, pod), { w1: reason });
    });
  }

  it('counts Pods', () => {
    const world = only({ allocatable: room });
    world.addPod(slimPod('one', { nodeName: 'w1' }));
    assert.deepEqual(reasons(world, asking('0')), { w1: 'ok' });
    world.addPod(slimPod('two', { nodeName: 'w1' }));
    assert.deepEqual(reasons(world, asking('0')), { w1: 'no-room' });
  });

  it('counts what is on its way, to this target only', () => {
    const world = new World([node('w1', { allocatable: room }), node('w2', { allocatable: room })]);
    const requests = { cpuMillicores: 500, memoryBytes: 0 };
    const options = { pending: [pending('w1', { requests })] };
    assert.deepEqual(reasons(world, asking('501m'), options), { w1: 'no-room', w2: 'ok' });
    assert.deepEqual(reasons(world, asking('500m'), options), { w1: 'ok', w2: 'ok' });
  });

  it('lets several nodes of a target share what is on its way', () => {
    const zoned = (name: string): SlimNode =>
      node(name, { labels: { zone: 'a' }, allocatable: room });
    const world = new World([zoned('w1'), zoned('w2')]);
    world.observation = observationOf({ a: 'healthy' });
    const requests = { cpuMillicores: 500, memoryBytes: 0 };
    const one = pending('a', { topologyKey: 'zone', requests });
    const fits = { key: 'zone', pending: [one, { ...one, id: '2' }] };
    assert.deepEqual(reasons(world, asking('600m'), fits), { a: 'ok' });
    const full = { key: 'zone', pending: [...fits.pending, { ...one, id: '3' }] };
    assert.deepEqual(reasons(world, asking('600m'), full), { a: 'no-room' });
    // Together there is room for 1200m, but no single node has it.
    assert.deepEqual(reasons(world, asking('1200m'), { key: 'zone' }), { a: 'no-room' });
  });

  it('tells how close the best node of a target came', () => {
    const zoned = (name: string, overrides: Partial<SlimNode>): SlimNode =>
      node(name, { ...overrides, labels: { zone: 'a' } });
    const world = new World([
      zoned('w1', { ready: false }),
      zoned('w2', { taints: [{ key: 'x', value: '', effect: 'NoExecute' }] }),
      zoned('w3', { unschedulable: true }),
    ]);
    world.observation = observationOf({ a: 'healthy' });
    assert.deepEqual(reasons(world, asking('1m'), { key: 'zone' }), { a: 'not-tolerated' });
  });
});

describe('verdictsOf: telemetry and bounds', () => {
  it('takes no target without healthy telemetry', () => {
    const world = new World(
      ['w1', 'w2', 'w3', 'w4', 'w5', 'w6', 'w7', 'w8'].map((one) => node(one)),
    );
    world.observation = observationOf({
      w1: 'healthy',
      w2: 'absent',
      w3: 'stale',
      w4: 'not-a-number',
      w5: 'zero',
      w6: 'fake',
      w7: 'absurd',
    });
    const { w1, ...others } = reasons(world, incoming());
    assert.equal(w1, 'ok');
    assert.deepEqual([...new Set(Object.values(others))], ['not-measured']);
    assert.equal(Object.keys(others).length, 7);
  });

  it('takes none at all without an observation', () => {
    const world = new World();
    world.observation = undefined;
    assert.deepEqual(reasons(world, incoming()), { w1: 'not-measured', w2: 'not-measured' });
  });

  it('names targets of the policy that do not exist', () => {
    assert.deepEqual(
      reasons(new World(), incoming(), { candidates: ['w1', 'gone', 'constructor'] }),
      {
        w1: 'ok',
        gone: 'no-such-target',
        constructor: 'no-such-target',
      },
    );
  });

  it('stops at enough feasible targets', () => {
    const world = new World(
      Array.from({ length: TARGET_LIMIT + 20 }, (_, index) =>
        node(`w${String(index)}`, { ready: index >= 10 }),
      ),
    );
    const found = verdicts(world, incoming());
    assert.equal(found.filter((one) => one.feasible).length, TARGET_LIMIT);
    assert.equal(found.length, TARGET_LIMIT + 10);
  });

  it('looks at the clock on the way', () => {
    const world = new World(
      Array.from({ length: 100 }, (_, index) => node(`w${String(index)}`, { ready: false })),
    );
    const nodesByTarget = world.view.nodesByLabel(HOSTNAME);
    let looks = 0;
    assert.throws(
      () =>
        verdictsOf({
          candidates: nodesByTarget.keys(),
          nodesByTarget,
          view: world.view,
          checks: nodeChecksFor(incoming(), world.view, { forbidden: new Map(), required: [] }),
          requests: { cpuMillicores: 0, memoryBytes: 0 },
          pendingLoad: () => ({ cpuMillicores: 0, memoryBytes: 0, pods: 0 }),
          seen: new SeenTargets().of(world.observation),
          checkpoint: () => {
            looks += 1;
            if (looks === 3) throw new Error('time is up');
          },
        }),
      /time is up/,
    );
  });
});

describe('freshObservation', () => {
  it('drops what is older than the policy allows', () => {
    const seen = observationOf({ w1: 'healthy' });
    assert.equal(freshObservation(seen, 60, START + 60_000), seen);
    assert.equal(freshObservation(seen, 60, START + 60_001), undefined);
    assert.equal(freshObservation(seen, 60, START - 60_000), seen);
    assert.equal(freshObservation(seen, 60, START - 60_001), undefined, 'from the future');
    assert.equal(freshObservation(undefined, 60, START), undefined);
  });
});
