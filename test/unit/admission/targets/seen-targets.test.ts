// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SeenTargets } from '#admission/targets/seen-targets.ts';
import { observationOf } from '../world.ts';

describe('targets seen', () => {
  it('are those of the observation and nothing that every object inherits', () => {
    const observation = observationOf({ w1: 'healthy', w2: 'stale' });
    const seen = new SeenTargets().of(observation);
    // Asked twice: the second answer comes from what the first one found.
    for (const name of ['w1', 'w2', 'w1']) assert.equal(seen?.get(name), observation.targets[name]);
    for (const name of ['w3', 'constructor', '__proto__', 'w3', 'constructor', '__proto__']) {
      assert.equal(seen?.get(name), undefined);
    }
  });

  it('are none without an observation', () => {
    assert.equal(new SeenTargets().of(undefined), undefined);
  });

  it('stay as they are while only the time of the observation is new', () => {
    const targets = new SeenTargets();
    const observation = observationOf({ w1: 'healthy' });
    const seen = targets.of(observation);
    assert.equal(targets.of({ ...observation, observedAt: 1 }), seen);
    const next = targets.of(observationOf({ w1: 'stale' }));
    assert.equal(next?.get('w1')?.health, 'stale');
    assert.equal(seen?.get('w1')?.health, 'healthy');
  });
});
