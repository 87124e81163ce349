// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { peersOf, requestRate } from '#learner/readings/workload-load.ts';
import { latencyOf } from '../latency.ts';

const WORKLOADS = ['Deployment/frontend', 'Deployment/search', 'Deployment/geo', 'Deployment/rate'];

void describe('peersOf', () => {
  void test('an edge makes both ends peers; the busiest comes first', () => {
    const peers = peersOf('shop', WORKLOADS, latencyOf({}).edges);
    assert.deepEqual(Object.fromEntries(peers), {
      'Deployment/frontend': ['Deployment/search'],
      'Deployment/search': ['Deployment/frontend', 'Deployment/geo'],
      'Deployment/geo': ['Deployment/search'],
    });
  });

  void test('a name stands for every kind that has it', () => {
    const edges = [{ namespace: 'shop', source: 'a', destination: 'b', requests: 1 }];
    const peers = peersOf('shop', ['Deployment/a', 'Job/b', 'StatefulSet/b'], edges);
    assert.deepEqual(peers.get('Deployment/a'), ['Job/b', 'StatefulSet/b']);
  });
});

void describe('requestRate', () => {
  const { pods, edges } = latencyOf({ 'shop/a': 60, 'shop/b': 120, 'shop/c': undefined });
  const latency = { pods, edges };
  const table: [readonly string[], number | undefined][] = [
    [['shop/a', 'shop/b'], 3],
    [['shop/a', 'shop/c', 'shop/nobody'], 1],
    [['shop/c'], undefined],
    [[], undefined],
  ];
  for (const [names, rate] of table) {
    void test(`${names.join(' ')}: ${rate}`, () => assert.equal(requestRate(names, latency), rate));
  }
});
