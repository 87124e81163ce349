// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TargetTotals } from '#admission/targets/target-totals.ts';
import { node, slimPod, START, World } from '../world.ts';

function zoned(name: string, overrides = {}) {
  return node(name, { ...overrides, labels: { zone: 'a' } });
}

describe('TargetTotals', () => {
  it('sums over usable nodes', () => {
    const world = new World([
      zoned('w1'),
      zoned('w2'),
      zoned('w3', { ready: false }),
      zoned('w4', { unschedulable: true }),
    ]);
    for (const name of ['w1', 'w2', 'w3', 'w4']) {
      world.addPod(
        slimPod(name, { nodeName: name, requests: { cpuMillicores: 500, memoryBytes: 0 } }),
      );
    }
    const byZone = world.view.nodesByLabel('zone');
    assert.deepEqual(new TargetTotals().of('a', byZone, world.view, START), {
      allocatableMillicores: 16_000,
      requestedMillicores: 1000,
    });
    assert.equal(new TargetTotals().of('b', byZone, world.view, START), undefined);
  });

  it('is undefined where no node is usable', () => {
    const world = new World([zoned('w1', { ready: false })]);
    const byZone = world.view.nodesByLabel('zone');
    assert.equal(new TargetTotals().of('a', byZone, world.view, START), undefined);
  });

  it('keeps the sum over many nodes for a second', () => {
    const world = new World(Array.from({ length: 65 }, (_, index) => zoned(`w${String(index)}`)));
    const byZone = world.view.nodesByLabel('zone');
    const totals = new TargetTotals();
    const requested = (now: number) => totals.of('a', byZone, world.view, now)?.requestedMillicores;
    assert.equal(requested(START), 0);
    world.addPod(slimPod('p', { nodeName: 'w1' }));
    assert.equal(requested(START + 999), 0);
    assert.equal(requested(START + 1000), 100);
  });

  it('sums few nodes anew every time', () => {
    const world = new World([zoned('w1')]);
    const byZone = world.view.nodesByLabel('zone');
    const totals = new TargetTotals();
    assert.equal(totals.of('a', byZone, world.view, START)?.requestedMillicores, 0);
    world.addPod(slimPod('p', { nodeName: 'w1' }));
    assert.equal(totals.of('a', byZone, world.view, START)?.requestedMillicores, 100);
  });
});
