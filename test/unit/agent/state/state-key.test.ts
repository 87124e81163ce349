// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { boundFeatures, decodeState, encodeState, MAXIMUM_CELLS } from '#agent/state/state-key.ts';
import { loadBucketOf, mostPeers, type StateFeatures } from '#agent/state/state-key.ts';
import { range } from '../support/statistics.ts';

const LOADS = ['low', 'normal', 'high', 'unknown'] as const;
const name = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('(none)', '%0028', 'a=b,c'));
const target = fc.option(name);
const anyFeatures = fc.record(
  { load: fc.constantFrom(...LOADS), least: target, peers: target },
  { requiredKeys: [] },
);

describe('state key', () => {
  it('reads as the features do', () => {
    const features: StateFeatures = { load: 'normal', least: 'worker-2', peers: 'worker-1' };
    assert.equal(encodeState(features), 'load=normal,least=worker-2,peers=worker-1');
    assert.equal(
      encodeState({ load: 'low', least: null, peers: 'eu_1/b' }),
      'load=low,least=(none),peers=eu_1/b',
    );
    assert.equal(encodeState({}), 'all');
  });

  it('round-trips any features, and different features have different keys', () => {
    fc.assert(
      fc.property(anyFeatures, anyFeatures, (features, others) => {
        const key = encodeState(features);
        assert.deepEqual({ ...decodeState(key) }, { ...features });
        if (encodeState(others) === key) assert.deepEqual({ ...others }, { ...features });
      }),
      { numRuns: 2000 },
    );
  });

  it('writes only harmless characters', () => {
    fc.assert(
      fc.property(anyFeatures, (features) => {
        assert.match(encodeState(features), /^[A-Za-z0-9._/%=,()-]+$/);
      }),
    );
  });

  it('does not read what it would not write', () => {
    for (const key of [
      '',
      'load=huge',
      'least=a,load=low',
      'load=low,load=low',
      'least=%zz',
      'least=%0041',
      'colour=red',
      'load',
      'all,load=low',
    ]) {
      assert.equal(decodeState(key), undefined, key);
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        const features = decodeState(text);
        if (features !== undefined) assert.equal(encodeState(features), text);
      }),
    );
  });
});

describe('boundFeatures', () => {
  it('keeps states times actions within the bound for any number of targets', () => {
    for (const targetCount of range(150)) {
      const names = [null, ...range(targetCount).map((index) => `node-${index}`)];
      const keys = new Set<string>();
      for (const load of LOADS) {
        for (const each of names) {
          // Each feature on its own takes every value; pairs are counted, not listed.
          keys.add(encodeState(boundFeatures({ load, least: each, peers: null }, targetCount)));
          keys.add(encodeState(boundFeatures({ load, least: null, peers: each }, targetCount)));
        }
      }
      const decoded = [...keys].map((key) => decodeState(key)!);
      const count = (of: (features: StateFeatures) => unknown) => new Set(decoded.map(of)).size;
      const states =
        count(({ load }) => load) * count(({ least }) => least) * count(({ peers }) => peers);
      // Without any feature there is one state, however many actions it has.
      assert.ok(
        states === 1 || states * (targetCount + 1) <= MAXIMUM_CELLS,
        `${targetCount} targets: ${states}`,
      );
    }
  });

  it('takes in least first, then load, then peers', () => {
    const features: StateFeatures = { load: 'low', least: 'a', peers: 'b' };
    const { load, least } = { load: 'low', least: 'a' } as const;
    assert.deepEqual(boundFeatures(features, 1), features);
    assert.deepEqual(boundFeatures(features, 2), features);
    assert.deepEqual(boundFeatures(features, 3), { load, least });
    assert.deepEqual(boundFeatures(features, 4), { load, least });
    assert.deepEqual(boundFeatures(features, 5), { least });
    assert.deepEqual(boundFeatures(features, 10), { least });
    assert.deepEqual(boundFeatures(features, 11), { load });
    assert.deepEqual(boundFeatures(features, 31), { load });
    assert.deepEqual(boundFeatures(features, 32), {});
    assert.deepEqual(boundFeatures({ peers: 'b' }, 5), { peers: 'b' });
  });
});

describe('loadBucketOf', () => {
  it('compares with the usual load', () => {
    assert.equal(loadBucketOf(49, 100), 'low');
    assert.equal(loadBucketOf(50, 100), 'normal');
    assert.equal(loadBucketOf(150, 100), 'normal');
    assert.equal(loadBucketOf(151, 100), 'high');
    assert.equal(loadBucketOf(0, 100), 'low');
    assert.equal(loadBucketOf(0, 0), 'normal');
    assert.equal(loadBucketOf(1, 0), 'high');
  });

  it('knows nothing from missing, NaN, infinite and negative numbers', () => {
    for (const bad of [undefined, NaN, Infinity, -1]) {
      assert.equal(loadBucketOf(bad, 100), 'unknown');
      assert.equal(loadBucketOf(100, bad), 'unknown');
    }
  });
});

describe('mostPeers', () => {
  it('finds the target with most peers, the first name among equals, and none without', () => {
    assert.equal(mostPeers({ b: 2, a: 1, c: 2 }), 'b');
    assert.equal(mostPeers({ c: 2, a: 1, b: 2 }), 'b');
    assert.equal(mostPeers({ a: 0, b: 0 }), null);
    assert.equal(mostPeers({}), null);
  });
});
