// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { observeTarget } from '#learner/observation/target-health.ts';
import type { MissingReason, Reading } from '#telemetry/reading/reading.ts';
import { node, observationOf, policyOf, START, World } from '../admission/world.ts';
import { decideIn, incomingOf, shardInAnyState } from './decisions.ts';
import { runs } from './runs.ts';

/*
 * Telemetry of every quality, through the learner's own observation into the decision: a target
 * that is not measured is never asked for, however good the model believes it to be.
 */

const STALE_AFTER_SECONDS = 60;
const NAMES = ['n0', 'n1', 'n2'];

const odd = fc.constantFrom(NaN, 0, -0, -1, 1e-9, 0.09, 20_001, 1e300, Infinity, -Infinity);
const missing = fc.constantFrom<MissingReason>(
  'absent',
  'not-a-number',
  'stale',
  'fake',
  'too-few-samples',
  'absurd',
);

/** A reading of node power, and whether a person would call the node measured. */
const reading: fc.Arbitrary<{ readonly reading: Reading | undefined; readonly good: boolean }> =
  fc.oneof(
    { weight: 1, arbitrary: fc.constant({ reading: undefined, good: false }) },
    {
      weight: 2,
      arbitrary: missing.map((reason) => ({
        reading: { kind: 'missing', reason, detail: 'x' } as const,
        good: false,
      })),
    },
    { weight: 2, arbitrary: odd.map((value) => ({ reading: measured(value, 5), good: false })) },
    {
      weight: 2,
      arbitrary: fc
        .double({ min: 60.001, max: 1e9, noNaN: true })
        .map((age) => ({ reading: measured(100, age), good: false })),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(
          fc.double({ min: 0.1, max: 20_000, noNaN: true }),
          fc.double({ min: 0, max: 60, noNaN: true }),
        )
        .map(([value, age]) => ({ reading: measured(value, age), good: true })),
    },
  );

function measured(value: number, ageSeconds: number): Reading {
  return {
    kind: 'measured',
    value,
    windowSeconds: 60,
    samples: 4,
    ageSeconds,
    quality: 'measured',
  };
}

describe('a target that is not measured', () => {
  it('is never asked for, whatever the model says of it', () => {
    const counts = { asked: 0, nothing: 0 };
    fc.assert(
      fc.property(
        fc.record({
          powers: fc.tuple(reading, reading, reading),
          values: fc.dictionary(
            fc.constantFrom(...NAMES),
            fc.double({ min: -10, max: 1e6, noNaN: true }),
          ),
          observationAge: fc.oneof(
            { weight: 5, arbitrary: fc.constant(0) },
            fc.integer({ min: 0, max: 200_000 }),
          ),
          algorithm: fc.constantFrom('EpsilonGreedy', 'UCB1', 'Thompson', 'Softmax'),
          epsilonThousandths: fc.constantFrom(0, 1000),
        }),
        ({ powers, values, observationAge, algorithm, epsilonThousandths }) => {
          const world = new World(NAMES.map((name) => node(name)));
          const { learning, measurement } = policyOf().spec;
          world.policy = policyOf({
            measurement: { ...measurement, staleAfterSeconds: STALE_AFTER_SECONDS },
            learning: {
              ...learning,
              algorithm,
              epsilonThousandths,
              epsilonFloorThousandths: 0,
              burnInDecisions: 0,
            },
          });
          const watts = new Map(
            powers.flatMap((one, index): [string, Reading][] =>
              one.reading === undefined ? [] : [[NAMES[index]!, one.reading]],
            ),
          );
          const targets = NAMES.map((name) => {
            const nodes = world.view.nodesByLabel('kubernetes.io/hostname').get(name) ?? [];
            const readings = { watts, load: new Map() };
            return [name, observeTarget(nodes, readings, STALE_AFTER_SECONDS)] as const;
          });
          world.observation = observationOf(
            {},
            { targets: Object.fromEntries(targets), observedAt: START - observationAge },
          );
          world.shards.set('Pod/web', shardInAnyState(values));
          const { target } = decideIn(world, incomingOf({}));
          if (target === undefined) {
            counts.nothing += 1;
            return;
          }
          counts.asked += 1;
          const index = NAMES.indexOf(target.value);
          assert.equal(powers[index]?.good, true, JSON.stringify(powers[index]));
          assert.ok(observationAge <= STALE_AFTER_SECONDS * 1000);
        },
      ),
      runs(),
    );
    assert.ok(counts.asked > 500 && counts.nothing > 500, JSON.stringify(counts));
  });

  it('is never asked for where there is no observation at all', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...NAMES), fc.double({ noNaN: true })),
        (values) => {
          const world = new World(NAMES.map((name) => node(name)));
          world.observation = undefined;
          world.shards.set('Pod/web', shardInAnyState(values));
          assert.equal(decideIn(world, incomingOf({})).target, undefined);
        },
      ),
      runs(),
    );
  });
});
