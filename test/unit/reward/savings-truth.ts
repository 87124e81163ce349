// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createGenerator } from '#agent/terms/random.ts';
import { addSavingsSample, savingsOf, type SavingsSums } from '#reward/savings.ts';

/** Draws of one simulated workload. */
export interface Draws {
  readonly next: () => number;
  readonly normal: () => number;
  /** Exponential with mean 1: as skewed as joules per request get. */
  readonly skewed: () => number;
}

/** Draws from a seed. */
export function drawsOf(seed: string): Draws {
  const generator = createGenerator(seed);
  const next = (): number => generator.next();
  return {
    next,
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    skewed: () => -Math.log(1 - next()),
  };
}

/** A workload whose saving is known to whoever made it up. */
export interface Truth {
  readonly name: string;
  /** Chance of being held out, from what was measured before. */
  readonly holdoutRatio: (decision: number, sums: SavingsSums | undefined) => number;
  readonly decisions: number;
  /** Joules per request of the default scheduler, and their true mean (1 where it is not given). */
  readonly cost: (draws: Draws, decision: number) => number;
  readonly mean?: (decision: number) => number;
  /** Factor on them where the agent places. */
  readonly factor: (decision: number) => number;
}

/** What was seen of one run, looked at after every decision. */
export interface Seen {
  /** The truth was outside at some moment. */
  readonly missed: boolean;
  /** A saving was claimed at some moment. */
  readonly claimed: boolean;
  /** Chances in force, decision by decision. */
  readonly ratios: readonly number[];
  readonly sums: SavingsSums;
}

/** Plays a workload once. */
export function play(truth: Truth, seed: number): Seen {
  const draws = drawsOf(`${truth.name} ${seed}`);
  let sums: SavingsSums | undefined;
  let missed = false;
  let claimed = false;
  let saved = 0;
  const ratios: number[] = [];
  for (let decision = 1; decision <= truth.decisions; decision += 1) {
    const holdoutRatio = truth.holdoutRatio(decision, sums);
    ratios.push(holdoutRatio);
    const holdout = draws.next() < holdoutRatio;
    const cost = truth.cost(draws, decision);
    const value = cost * (holdout ? 1 : truth.factor(decision));
    sums = addSavingsSample(sums, {
      holdout,
      holdoutRatio,
      requests: 100,
      joulesPerRequest: { value, expected: 1 },
      p99Milliseconds: { value: 20 * value, expected: 20 },
    });
    // The mean saving so far, which only the simulation knows.
    const now = (1 - truth.factor(decision)) * (truth.mean?.(decision) ?? 1);
    saved += (now - saved) / decision;
    const found = savingsOf(sums);
    if (found.kind === 'insufficient') continue;
    const { low, high } = found.savedJoulesPerRequest;
    if (saved < low || saved > high) missed = true;
    if (low > 0) claimed = true;
  }
  assert.ok(sums);
  return { missed, claimed, ratios, sums };
}
