// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeModel, encodeObservation } from '#cluster/model/codec.ts';
import type { Observation } from '#cluster/model/observation.ts';

const OBSERVATION: Observation = {
  namespace: 'shop',
  policy: 'default',
  observedAt: Date.UTC(2026, 10, 22, 6, 30),
  targets: {
    w1: {
      health: 'healthy',
      cpuRatio: 0.25,
      memoryRatio: undefined,
      watts: 100.5,
      speed: { ratio: 0.947916666, weight: 3.5 },
    },
    w2: { health: 'healthy', cpuRatio: 0.25, memoryRatio: undefined, watts: 100.5 },
  },
  workloads: {
    'Deployment/web': {
      loadBucket: 'normal',
      peers: [],
      cpuCores: 2,
      referenceCores: 1.9,
      cpuCost: { target: 'w1', secondsPerRequest: 0.0042, weight: 7 },
    },
    'Deployment/new': { loadBucket: undefined, peers: [] },
  },
};

describe('speeds in an observation', () => {
  it('come back as they were, and what is not known stays unknown', () => {
    const decoded = decodeModel('shop', encodeObservation(OBSERVATION));
    assert.deepEqual(decoded, { kind: 'observation', observation: OBSERVATION });
  });

  it('are refused where they make no sense', () => {
    const spoilt = (from: string, to: string): unknown =>
      JSON.parse(JSON.stringify(encodeObservation(OBSERVATION)).replace(from, to));
    for (const [from, to] of [
      ['"ratio":"0.947916666"', '"ratio":"0"'],
      ['"secondsPerRequest":"0.0042"', '"secondsPerRequest":"-1"'],
      ['"weight":"7"', '"weight":"0"'],
    ] as const) {
      assert.throws(() => decodeModel('shop', spoilt(from, to)), {
        code: 'PERI_MODEL_MALFORMED',
        message: /expected above 0/,
      });
    }
  });
});
