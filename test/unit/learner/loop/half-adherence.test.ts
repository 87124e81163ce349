// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import { policyWith, World } from '../world.ts';

/*
 * Known truth: a Pod left alone lands on worker-0, which costs 0.85 J per request; worker-1 costs
 * 1 J and worker-2 0.7 J. Energy has half the weight of the reward and nothing else differs, so that
 * a target of r times the default's energy is worth 0.5 (1 - 2r / (1 + r)); see `reward/costs.ts`.
 */
const PRICE = { 'worker-0': 0.85, 'worker-1': 1, 'worker-2': 0.7 };
const TRUTH = Object.fromEntries(
  Object.entries(PRICE).map(([target, joules]) => {
    const ratio = joules / PRICE['worker-0'];
    return [target, 0.5 * (1 - (2 * ratio) / (1 + ratio))];
  }),
);
const SEEDS = 16;
const ROLLOUTS = 24;
const REPLICAS = 6;

interface Figures {
  /** What the model believes of each target. */
  readonly learned: Readonly<Record<string, number>>;
  /** Mean advantage by what was asked: what one believes who takes wishes for placements. */
  readonly naive: Readonly<Record<string, number>>;
  readonly adherence: number;
}

/** A world that explores all the time and all targets alike, under a scheduler that follows as often as `followed` says. */
async function observed(
  seed: number,
  followed: Readonly<Record<string, number>>,
): Promise<Figures> {
  const { learning } = policyWith().spec;
  const world = new World(
    seed,
    policyWith({
      holdoutPercent: 10,
      learning: {
        ...learning,
        gammaThousandths: 0,
        applicationShareThousandths: 0,
        epsilonThousandths: 1000,
        epsilonFloorThousandths: 1000,
        explorationTemperatureThousandths: 0,
        epsilonHalvingEpisodes: 100_000,
        stepFloorThousandths: 1,
      },
    }),
    PRICE,
  );
  const schedule = world.schedule.bind(world);
  world.schedule = (action, workload) => {
    if (action === DEFAULT_ACTION) return 'worker-0';
    world.followed = followed[action] ?? 0.5;
    return schedule(action, workload);
  };
  const learner = world.learner();
  for (let round = 0; round < ROLLOUTS; round += 1) {
    world.pass(30);
    await learner.tick();
    world.rollOut(REPLICAS);
    world.pass(30);
    await learner.tick();
    world.pass(70);
    await learner.tick();
  }
  const shard = world.store.shard('shop', 'default', 'Deployment/frontend');
  assert.ok(shard !== undefined && shard.asked > 50);
  const asked = world.records.filter(({ advantage }) => advantage !== undefined);
  const meanOf = (action: string): number => {
    const own = asked.filter((one) => one.asked === action);
    return own.reduce((sum, { advantage = 0 }) => sum + advantage, 0) / own.length;
  };
  const by = (figure: (target: string) => number): Record<string, number> =>
    Object.fromEntries(Object.keys(PRICE).map((target) => [target, figure(target)]));
  return {
    learned: by((target) => believed(shard, target)),
    naive: by(meanOf),
    adherence: shard.followed / shard.asked,
  };
}

/** Over all states, by the samples behind them; without what was never tried. */
function believed({ cells }: ModelShard, action: string): number {
  let sum = 0;
  let weight = 0;
  for (const row of Object.values(cells)) {
    const cell = row[action];
    if (cell === undefined || action === DEFAULT_ACTION) continue;
    sum += cell.value * cell.weight;
    weight += cell.weight;
  }
  return sum / weight;
}

/** Mean and half the width of its 95 % interval. */
function interval(values: readonly number[]): { mean: number; half: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance =
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, half: 2.13 * Math.sqrt(variance / values.length) };
}

describe('the estimate at 50 % adherence', () => {
  const schedulers: [string, Record<string, number>][] = [
    ['that follows every second preference', { 'worker-1': 0.5, 'worker-2': 0.5 }],
    ['that hardly ever lets a Pod onto the better target', { 'worker-1': 0.8, 'worker-2': 0.2 }],
  ];
  for (const [name, followed] of schedulers) {
    it(`is unbiased under a scheduler ${name}`, async () => {
      const figures: Figures[] = [];
      for (let seed = 1; seed <= SEEDS; seed += 1) figures.push(await observed(seed, followed));
      const { mean: adherence } = interval(figures.map((one) => one.adherence));
      assert.ok(Math.abs(adherence - 0.5) < 0.05, `adherence ${adherence.toFixed(3)}`);
      for (const target of ['worker-1', 'worker-2'] as const) {
        const truth = TRUTH[target] ?? NaN;
        const { mean, half } = interval(figures.map(({ learned }) => learned[target] ?? NaN));
        const text = `${target}: ${mean.toFixed(4)} +- ${half.toFixed(4)}, truth ${truth.toFixed(4)}`;
        assert.ok(half < 0.15 * Math.abs(truth), `too wide to say anything: ${text}`);
        assert.ok(Math.abs(mean - truth) <= half, text);
        // The same Pods credited to what was asked: far off, or this test could not fail.
        const naive = interval(figures.map((one) => one.naive[target] ?? NaN));
        const off = Math.abs(naive.mean - truth) - naive.half;
        assert.ok(off > 0.1 * Math.abs(truth), `naive ${naive.mean.toFixed(4)}, ${text}`);
      }
    });
  }
});
