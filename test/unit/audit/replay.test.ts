// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import { choose } from '#agent/choosing/choose.ts';
import { DEFAULTS, type Algorithm, parameterOf } from '#agent/terms/hyperparameters.ts';
import { createGenerator } from '#agent/terms/random.ts';
import { decodeEntry } from '#audit/decode.ts';
import { encodeEntry } from '#audit/encode.ts';
import type { DecisionEntry } from '#audit/entry.ts';
import { replayDecision } from '#audit/replay.ts';
import { admission } from './entries.ts';

const ALGORITHMS: readonly Algorithm[] = ['EpsilonGreedy', 'UCB1', 'Thompson', 'Softmax'];

/** Label values, such as 9 and 10, whose order as object keys is not that of their code units. */
const targets = fc.uniqueArray(fc.constantFrom('worker-1', 'worker-2', '9', '10', 'z', 'A'), {
  maxLength: 5,
});

const situations = fc.record({
  targets,
  algorithm: fc.constantFrom(...ALGORITHMS),
  explorationTemperature: fc.constantFrom(0.001, 0.1, 3, Infinity),
  values: fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 6, maxLength: 6 }),
  weights: fc.array(fc.double({ min: 0, max: 40, noNaN: true }), { minLength: 6, maxLength: 6 }),
  inFlight: fc.array(fc.nat(3), { minLength: 6, maxLength: 6 }),
  seed: fc.string(),
  episodes: fc.nat(50),
  defaultSamples: fc.nat(6),
  holdoutPercent: fc.nat(100),
  exploreAllowed: fc.boolean(),
  circuitOpen: fc.boolean(),
});

type Situation = typeof situations extends fc.Arbitrary<infer T> ? T : never;

/** Decides as the admission path does, and writes what it would write. */
function decided(s: Situation): DecisionEntry {
  const actions = [DEFAULT_ACTION, ...s.targets];
  const { algorithm, explorationTemperature } = s;
  const hyperparameters = { ...DEFAULTS, algorithm, explorationTemperature };
  const cells = actions.map((action, index) => [
    action,
    { value: s.values[index] ?? 0, weight: s.weights[index] ?? 0 },
  ]);
  const inFlight = new Map(s.targets.map((name, i) => [name, s.inFlight[i] ?? 0]));
  const chances = {
    defaultSamples: s.defaultSamples,
    holdoutRatio: s.holdoutPercent / 100,
    exploreAllowed: s.exploreAllowed,
    circuitOpen: s.circuitOpen,
  };
  const choice = choose({
    state: 'all',
    actions,
    table: { all: Object.fromEntries(cells) as Record<string, { value: number; weight: number }> },
    hyperparameters,
    episodes: s.episodes,
    ...chances,
    inFlight,
    generator: createGenerator(s.seed),
  });
  return {
    id: 'd-1',
    tier: 'business',
    state: 'all',
    action: choice.action,
    propensity: choice.propensity,
    holdout: choice.reason === 'holdout',
    choice: choice.reason,
    epsilon: choice.epsilon,
    seed: s.seed,
    draw: {
      ...chances,
      algorithm: s.algorithm,
      parameter: parameterOf(hyperparameters),
      burnInDecisions: hyperparameters.burnInDecisions,
    },
    candidates: Object.entries(choice.values).map(([action, cell]) => ({
      action,
      ...cell,
      inFlight: inFlight.get(action as (typeof s.targets)[number]),
    })),
    infeasible: [],
    infeasibleOmitted: 0,
    policy: 'default@1',
    modelVersion: 1,
  };
}

/** The decision as a reader of the log gets it. */
function throughTheLog(decision: DecisionEntry): DecisionEntry {
  const entry = decodeEntry(encodeEntry(admission({ decision })));
  assert.ok(entry.kind === 'admission' && entry.decision !== undefined);
  return entry.decision;
}

const BUSY: Situation = {
  targets: ['worker-1', 'worker-2'],
  algorithm: 'EpsilonGreedy',
  explorationTemperature: 0.1,
  values: [0, 0.4, 0.1, 0, 0, 0],
  weights: [5, 5, 5, 0, 0, 0],
  inFlight: [1, 0, 0, 0, 0, 0],
  seed: '1/d-3',
  episodes: 3,
  defaultSamples: 5,
  holdoutPercent: 5,
  exploreAllowed: true,
  circuitOpen: false,
};

describe('replayDecision', () => {
  it('gives what was decided, whatever the situation and the rule', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const decision = throughTheLog(decided(situation));
        assert.deepEqual(replayDecision(decision), { kind: 'matched' });
      }),
      { numRuns: 400 },
    );
  });

  it('takes a line without a temperature for one that tried all actions alike', () => {
    const explored = { ...BUSY, explorationTemperature: Infinity };
    const decision = decided(explored);
    assert.equal(decision.draw?.parameter, undefined);
    assert.deepEqual(replayDecision(decision), { kind: 'matched' });
    const draw = { ...decision.draw!, parameter: 0.1 };
    assert.equal(replayDecision({ ...decision, draw }).kind, 'differing');
  });

  it('sees a propensity that is wrong in its last bit', () => {
    const decision = decided(BUSY);
    const propensity = decision.propensity * (1 + Number.EPSILON);
    const replay = replayDecision({ ...decision, propensity });
    assert.deepEqual(replay, {
      kind: 'differing',
      differences: [{ field: 'propensity', recorded: propensity, replayed: decision.propensity }],
    });
  });

  it('sees a value that was changed so that another action looked best', () => {
    const decision = decided(BUSY);
    const candidates = decision.candidates.map((one) =>
      one.action === 'worker-2' ? { ...one, value: 9 } : one,
    );
    const replay = replayDecision({ ...decision, candidates });
    assert.ok(replay.kind === 'differing');
    assert.deepEqual(replay.differences[0], {
      field: 'action',
      recorded: 'worker-1',
      replayed: 'worker-2',
    });
  });

  it('says what is missing instead of guessing it', () => {
    const { draw, ...old } = decided(BUSY);
    assert.ok(draw !== undefined);
    assert.equal(replayDecision(old).kind, 'incomplete');
    const other = { ...old, draw: { ...draw, algorithm: 'constructor' } };
    assert.equal(replayDecision(other).kind, 'incomplete');
    const without = { ...old, draw: { ...draw, algorithm: 'UCB1', parameter: undefined } };
    assert.equal(replayDecision(without).kind, 'incomplete');
  });

  it('finds a line at fault that no decision can have written', () => {
    const decision = decided(BUSY);
    const candidates = decision.candidates.filter(({ action }) => action !== DEFAULT_ACTION);
    assert.equal(replayDecision({ ...decision, candidates }).kind, 'differing');
    const weights = decision.candidates.map((one) => ({ ...one, weight: -1 }));
    assert.equal(replayDecision({ ...decision, candidates: weights }).kind, 'differing');
  });
});
