// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runTrial, type PlacedPod } from '#simulator/trial/trial.ts';
import { Likenesses } from '../../../bench/learning/likeness.ts';
import { groundOf } from '../../../bench/learning/plan.ts';

const { world } = groundOf({ application: 'bookinfo', cluster: 'pools' });
const likenesses = new Likenesses(world.stage.machines);

function placedOn(nodes: readonly string[]): PlacedPod[] {
  return world.application.services.map(({ name }, i) => ({
    name: `${name}-0`,
    service: name,
    node: nodes[i % nodes.length] ?? '',
    limitCores: Infinity,
  }));
}

describe('Likenesses', () => {
  it('takes placements for one that differ by which equal machine is which', () => {
    const one = likenesses.of(placedOn(['fast-7', 'fast-3', 'old-2'])).placed;
    assert.deepEqual(one, likenesses.of(placedOn(['fast-1', 'fast-9', 'old-8'])).placed);
    const others = [
      ['fast-7', 'fast-7', 'old-2'],
      ['fast-7', 'old-2', 'fast-3'],
      ['fast-7', 'wide-3', 'old-2'],
    ];
    for (const nodes of others) assert.notDeepEqual(likenesses.of(placedOn(nodes)).placed, one);
  });

  it('gives what a trial of the placement itself gives', () => {
    const placed = placedOn(['fast-7', 'fast-3', 'old-2', 'fast-7']);
    const stage = { ...world.stage, windowSeconds: 0.5 };
    const { placed: alike, restore } = likenesses.of(placed);
    assert.notDeepEqual(alike, placed);
    const found = restore(runTrial(stage, alike, 5));
    const expected = runTrial(stage, placed, 5);
    assert.deepEqual(found.pods, expected.pods);
    assert.deepEqual(found.edges, expected.edges);
    assert.deepEqual(found.interval.nodes, expected.interval.nodes);
    assert.equal(found.interval.completed, expected.interval.completed);
    assert.equal(found.interval.p99Milliseconds, expected.interval.p99Milliseconds);
    // All machines together: the same summands in another order.
    assert.ok(Math.abs(found.interval.joules / expected.interval.joules - 1) < 1e-12);
  });

  it('tells machines apart by who keeps them busy', () => {
    const { machines } = world.stage;
    const others = new Likenesses(machines, { 'fast-1': 2 });
    const first = others.of(placedOn(['fast-1', 'fast-3'])).placed.map(({ node }) => node);
    const second = others.of(placedOn(['fast-2', 'fast-3'])).placed.map(({ node }) => node);
    assert.deepEqual([...new Set(first)], ['fast-1', 'fast-2']);
    assert.deepEqual([...new Set(second)], ['fast-2', 'fast-3']);
  });

  it('refuses a machine that there is not', () => {
    assert.throws(() => likenesses.of(placedOn(['fast-999'])), /no machine fast-999/);
  });
});
