// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  DEFAULTS,
  epsilonAt,
  hyperparametersOf,
  stepSizeAt,
} from '#agent/terms/hyperparameters.ts';
import type { LearningSpec } from '#cluster/policy/policy.ts';

describe('hyperparametersOf', () => {
  it('turns the integers of a policy into fractions', () => {
    const spec: LearningSpec = {
      algorithm: 'Thompson',
      seed: 7,
      gammaThousandths: 900,
      lambdaThousandths: 800,
      initialValueThousandths: -150,
      initialWeightThousandths: 500,
      epsilonThousandths: 100,
      epsilonHalvingEpisodes: 30,
      epsilonFloorThousandths: 5,
      explorationTemperatureThousandths: 250,
      stepFloorThousandths: 50,
      burnInDecisions: 4,
      applicationShareThousandths: 250,
      landingCreditThousandths: 500,
    };
    assert.deepEqual(hyperparametersOf(spec), {
      ...DEFAULTS,
      algorithm: 'Thompson',
      seed: 7,
      discount: 0.9,
      traceDecay: 0.8,
      initialValue: -0.15,
      initialWeight: 0.5,
      epsilon: 0.1,
      epsilonHalvingEpisodes: 30,
      epsilonFloor: 0.005,
      explorationTemperature: 0.25,
      stepFloor: 0.05,
      burnInDecisions: 4,
      applicationShare: 0.25,
      landingCredit: 0.5,
    });
  });
});

describe('epsilonAt', () => {
  it('halves after the halving episodes and stops at the floor', () => {
    assert.equal(epsilonAt(DEFAULTS, 0), 0.03);
    assert.equal(epsilonAt(DEFAULTS, 20), 0.015);
    assert.equal(epsilonAt(DEFAULTS, 10), 0.02);
    assert.equal(epsilonAt(DEFAULTS, 1_000_000), 0.01);
  });

  it('never rises, and stays 0 where it starts at 0, whatever the floor', () => {
    const episodes = fc.nat(10_000);
    fc.assert(
      fc.property(episodes, episodes, (one, other) => {
        const [early, late] = one < other ? [one, other] : [other, one];
        assert.ok(epsilonAt(DEFAULTS, early) >= epsilonAt(DEFAULTS, late));
        assert.equal(epsilonAt({ ...DEFAULTS, epsilon: 0 }, one), 0);
      }),
    );
  });
});

describe('stepSizeAt', () => {
  it('is 1/N down to the floor, in proportion to the credit', () => {
    assert.equal(stepSizeAt(DEFAULTS, 1, 1), 1);
    assert.equal(stepSizeAt(DEFAULTS, 4, 1), 0.25);
    assert.equal(stepSizeAt(DEFAULTS, 1000, 1), 0.05);
    assert.equal(stepSizeAt(DEFAULTS, 4, 0.5), 0.125);
    assert.equal(stepSizeAt(DEFAULTS, 1000, 0.5), 0.025);
    assert.equal(stepSizeAt({ ...DEFAULTS, stepRule: 'constant', stepSize: 0.3 }, 9, 0.5), 0.15);
  });
});
