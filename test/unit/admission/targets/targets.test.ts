// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TARGET_LIMIT, TargetOrder } from '#admission/targets/targets.ts';
import { node } from '../world.ts';

function targets(count: number): Map<string, ReturnType<typeof node>[]> {
  return new Map(
    Array.from({ length: count }, (_, index) => {
      const name = `n${String(count - index).padStart(5, '0')}`;
      return [name, [node(name)]];
    }),
  );
}

describe('TargetOrder', () => {
  it('sorts few targets', () => {
    assert.deepEqual([...new TargetOrder().of(targets(3), 'x')], ['n00001', 'n00002', 'n00003']);
    assert.deepEqual([...new TargetOrder().of(new Map(), 'x')], []);
  });

  it('starts elsewhere for every workload of a large cluster, and gives each target once', () => {
    const order = new TargetOrder();
    const many = targets(500);
    const starts = new Set<string>();
    for (let index = 0; index < 50; index += 1) {
      const names = [...order.of(many, `shop/Deployment/w${String(index)}`)];
      assert.equal(new Set(names).size, 500);
      starts.add(names[0] ?? '');
    }
    assert.ok(starts.size > 30);
    const again = [...new TargetOrder().of(many, 'shop/Deployment/w7')];
    assert.deepEqual([...order.of(many, 'shop/Deployment/w7')], again);
  });

  it('keeps up with a map that is changed in place', () => {
    const order = new TargetOrder();
    const many = targets(TARGET_LIMIT + 10);
    assert.ok([...order.of(many, 'x')].includes('n00001'));
    many.delete('n00001');
    assert.ok(![...order.of(many, 'x')].includes('n00001'));
    many.set('new', [node('new')]);
    assert.ok([...order.of(many, 'x')].includes('new'));
    // One out, one in: the size says nothing, the missing name does.
    many.delete('n00002');
    many.set('newer', [node('newer')]);
    assert.ok(![...order.of(many, 'x')].includes('n00002'));
    assert.ok([...order.of(many, 'x')].includes('newer'));
  });

  it('keeps up with few targets, too, where one goes and another comes', () => {
    const order = new TargetOrder();
    const few = targets(3);
    assert.deepEqual([...order.of(few, 'x')], ['n00001', 'n00002', 'n00003']);
    few.delete('n00002');
    few.set('n00000', [node('n00000')]);
    assert.deepEqual([...order.of(few, 'x')], ['n00000', 'n00001', 'n00003']);
  });
});
