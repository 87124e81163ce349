// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  allowedOf,
  exhaustedBy,
  projectDisruptionBudget,
} from '#cluster/actions/disruption-budgets.ts';

function budget(spec: object) {
  return projectDisruptionBudget({ metadata: { name: 'web' }, spec });
}

describe('disruption budgets', () => {
  it('allow what the disruption controller would', () => {
    const cases: [object, number, number][] = [
      [{ minAvailable: 2 }, 3, 1],
      [{ minAvailable: 3 }, 3, 0],
      [{ minAvailable: 5 }, 3, 0],
      [{ minAvailable: '50%' }, 3, 1],
      [{ minAvailable: '100%' }, 9, 0],
      [{ maxUnavailable: 1 }, 3, 1],
      [{ maxUnavailable: 0 }, 3, 0],
      [{ maxUnavailable: '30%' }, 4, 2],
      [{ maxUnavailable: 9 }, 4, 4],
      [{ minAvailable: 'half' }, 4, 0],
      [{}, 1, 0],
    ];
    for (const [spec, replicas, allowed] of cases) {
      assert.equal(allowedOf(budget(spec), replicas), allowed, JSON.stringify([spec, replicas]));
    }
  });

  it('protect only the Pods they select', () => {
    const one = budget({ minAvailable: 2, selector: { matchLabels: { app: 'web' } } });
    assert.equal(exhaustedBy([one], { app: 'web' }, 2)?.name, 'web');
    assert.equal(exhaustedBy([one], { app: 'web' }, 3), undefined);
    assert.equal(exhaustedBy([one], { app: 'db' }, 1), undefined);
    assert.equal(exhaustedBy([budget({ minAvailable: 1 })], { app: 'web' }, 1), undefined);
  });
});
