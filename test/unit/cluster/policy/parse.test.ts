// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  BUILT_IN_POLICY,
  DEFAULT_POLICY_SPEC,
  parsePolicySpec,
  policyProblems,
} from '#cluster/policy/parse.ts';
import { InputError } from '#errors';

describe('a policy spec', () => {
  it('has the documented defaults', () => {
    assert.deepEqual(DEFAULT_POLICY_SPEC, {
      mode: 'Prefer',
      topologyKey: 'kubernetes.io/hostname',
      targets: [],
      holdoutPercent: 2,
      restingHoldoutThousandths: 2,
      canaryPercent: 100,
      tiers: [],
      learning: {
        algorithm: 'EpsilonGreedy',
        seed: 1,
        gammaThousandths: 300,
        lambdaThousandths: 800,
        initialValueThousandths: 150,
        initialWeightThousandths: 1000,
        epsilonThousandths: 30,
        epsilonHalvingEpisodes: 20,
        epsilonFloorThousandths: 10,
        explorationTemperatureThousandths: 100,
        stepFloorThousandths: 50,
        burnInDecisions: 3,
        applicationShareThousandths: 300,
        landingCreditThousandths: 500,
      },
      reward: {
        sustainabilityPercent: 50,
        performancePercent: 40,
        resourcesPercent: 10,
        accounting: 'Attributed',
        unit: 'Joules',
      },
      measurement: {
        warmUpSeconds: 30,
        windowSeconds: 120,
        minimumRequests: 100,
        staleAfterSeconds: 60,
        episodeGapSeconds: 30,
      },
      exploration: { budgetPerHour: 60, maximumCpuPercent: 80 },
      circuitBreaker: {
        mode: 'Enabled',
        sloBreaches: 3,
        regretThousandths: 200,
        lostMeasurements: 10,
        coolingOffSeconds: 600,
        coolingOffLimitSeconds: 86_400,
        trialDecisions: 3,
      },
      telemetry: {},
      release: { afterSeconds: 60, coolingOffSeconds: 600, evictionsPerHour: 20 },
      escalation: {
        mode: 'Disabled',
        adherencePercent: 60,
        minimumPods: 20,
        holdSeconds: 86_400,
      },
      scaling: {
        mode: 'Off',
        minReplicas: 2,
        maxReplicas: 10,
        intervalSeconds: 300,
        cooldownSeconds: 600,
        changesPerHour: 6,
        changeCostThousandths: 20,
        gammaThousandths: 800,
      },
      rebalancing: {
        mode: 'Off',
        horizonSeconds: 14_400,
        factorThousandths: 2000,
        minimumSavingThousandths: 50,
        movesPerHour: 4,
        cooldownSeconds: 1800,
      },
    });
    assert.equal(BUILT_IN_POLICY.name, 'default');
    assert.equal(BUILT_IN_POLICY.builtIn, true);
    assert.ok(Object.isFrozen(DEFAULT_POLICY_SPEC.learning));
  });

  it('fills in what is not said, also inside what is said', () => {
    const spec = parsePolicySpec({ learning: { seed: 9 }, reward: { sloP99Milliseconds: 250 } });
    assert.equal(spec.learning.seed, 9);
    assert.equal(spec.learning.gammaThousandths, 300);
    assert.equal(spec.reward.sloP99Milliseconds, 250);
    assert.equal(spec.reward.sloErrorThousandths, undefined);
    assert.deepEqual(parsePolicySpec(undefined), DEFAULT_POLICY_SPEC);
  });

  it('leaves out fields of a newer version', () => {
    assert.deepEqual(parsePolicySpec({ future: 1, learning: { alien: 2 } }), DEFAULT_POLICY_SPEC);
  });

  const refused: [input: unknown, message: string][] = [
    [{ mode: 'prefer' }, 'spec.mode: found "prefer", expected one of Off, Shadow, Prefer, Require'],
    [{ holdoutPercent: 101 }, 'spec.holdoutPercent: found 101, expected a number of at most 100'],
    [
      { learning: { gammaThousandths: 0.9 } },
      'spec.learning.gammaThousandths: found 0.9, expected a value of type integer',
    ],
    [
      { learning: { stepFloorThousandths: 0 } },
      'spec.learning.stepFloorThousandths: found 0, expected a number of at least 1',
    ],
    [
      { measurement: { windowSeconds: '120' } },
      'spec.measurement.windowSeconds: found "120", expected a value of type number',
    ],
    [
      { tiers: [{ name: 'data' }] },
      'spec.tiers[0].matchLabels: found nothing, expected a value of type object',
    ],
    ['text', 'spec: found "text", expected a value of type object'],
  ];
  for (const [input, message] of refused) {
    it(`refuses ${JSON.stringify(input)}`, () => {
      assert.throws(
        () => parsePolicySpec(input),
        (error) =>
          error instanceof InputError &&
          error.code === 'PERI_POLICY_INVALID' &&
          error.message === message,
      );
      assert.deepEqual(policyProblems(input), [message]);
    });
  }

  const fields: [input: unknown, field: string][] = [
    [{ topologyKey: 'not a label' }, 'spec.topologyKey'],
    [{ topologyKey: '' }, 'spec.topologyKey'],
    [{ targets: ['a', 'a'] }, 'spec.targets'],
    [{ targets: ['-'] }, 'spec.targets[0]'],
    [{ targets: ['x'.repeat(64)] }, 'spec.targets[0]'],
    [{ tiers: [{ name: 'Data', matchLabels: {} }] }, 'spec.tiers[0].name'],
    [{ tiers: Array.from({ length: 2 }, () => ({ name: 'data', matchLabels: {} })) }, 'spec.tiers'],
    [{ reward: { sustainabilityPercent: 60 } }, 'spec.reward'],
    [{ learning: { epsilonThousandths: 5 } }, 'spec.learning.epsilonFloorThousandths'],
    [{ learning: { seed: 2 ** 31 } }, 'spec.learning.seed'],
    [{ reward: { sloP99Milliseconds: 0 } }, 'spec.reward.sloP99Milliseconds'],
    [{ exploration: { budgetPerHour: -1 } }, 'spec.exploration.budgetPerHour'],
  ];
  for (const [input, field] of fields) {
    it(`names ${field}`, () => {
      assert.throws(
        () => parsePolicySpec(input),
        (error) => error instanceof InputError && error.field === field,
      );
    });
  }

  it('wants weights that add up to 100', () => {
    const reward = { sustainabilityPercent: 0, performancePercent: 100, resourcesPercent: 0 };
    assert.deepEqual(policyProblems({ reward }), []);
    assert.match(
      policyProblems({ reward: { ...reward, resourcesPercent: 1 } })[0]!,
      /add up to 100/,
    );
  });

  it('reports every problem at once', () => {
    assert.equal(policyProblems({ mode: 'X', holdoutPercent: -1 }).length, 2);
  });
});
