// SPDX-License-Identifier: Apache-2.0
import type { Behaviour, BehaviourSettings } from '#agent/exploring/behaviour.ts';
import type { Generator } from '#agent/terms/random.ts';
import type { TdLearner } from '#agent/learning/td.ts';
import { act } from './learning.ts';
import { repeat } from './statistics.ts';

/** What one action does in one state; `next` undefined = the episode ends. */
export interface Outcome {
  readonly reward: number;
  readonly next: string | undefined;
}

/** A deterministic world. */
export interface World {
  readonly start: string;
  readonly actions: readonly string[];
  step(state: string, action: string): Outcome;
}

/** Lengths of moves by name; king's moves and staying included. */
export const MOVES: Readonly<Record<string, readonly [number, number]>> = {
  up: [0, 1],
  down: [0, -1],
  left: [-1, 0],
  right: [1, 0],
  upLeft: [-1, 1],
  upRight: [1, 1],
  downLeft: [-1, -1],
  downRight: [1, -1],
  stay: [0, 0],
};

/** The four moves of a rook. */
export const FOUR = ['up', 'down', 'left', 'right'];

/** The eight moves of a king. */
export const EIGHT = Object.keys(MOVES).slice(0, 8);

/** Coordinates of a state `x y`. */
export function position(state: string): readonly [number, number] {
  const [x, y] = state.split(' ').map(Number);
  return [x!, y!];
}

/** A number kept within 0..greatest. */
export function clamp(value: number, greatest: number): number {
  return Math.min(greatest, Math.max(0, value));
}

/** How an episode is played. */
export interface Play {
  readonly behaviour: Behaviour;
  readonly settings: BehaviourSettings;
  readonly generator: Generator;
}

/**
 * Plays and learns one episode; answers with its sum of rewards. The next action is drawn before
 * the learner hears of the step, as Sarsa needs it.
 */
export function playEpisode(
  world: World,
  learner: TdLearner<string>,
  { behaviour, settings, generator }: Play,
): number {
  const { actions } = world;
  const choose = (row: string) =>
    act(learner, { row, actions }, behaviour, { settings, generator });
  let state = world.start;
  let action = choose(state);
  let total = 0;
  for (;;) {
    const { reward, next } = world.step(state, action);
    total += reward;
    if (next === undefined) {
      learner.observe({ row: state, action, reward, next: undefined });
      return total;
    }
    const following = choose(next);
    learner.observe({
      row: state,
      action,
      reward,
      next: { row: next, actions, action: following },
    });
    state = next;
    action = following;
  }
}

/** Steps of the greedy path from the start; Infinity where it does not arrive within `limit`. */
export function greedyPath(world: World, learner: TdLearner<string>, limit: number): number {
  let state = world.start;
  for (let steps = 1; steps <= limit; steps += 1) {
    const values = world.actions.map((action) => learner.values.estimate(state, action));
    const action = world.actions[values.indexOf(Math.max(...values))]!;
    const { next } = world.step(state, action);
    if (next === undefined) return steps;
    state = next;
  }
  return Infinity;
}

/** Full sweeps over all states and actions with step 1: dynamic programming by the same code. */
export function sweep(
  world: World,
  learner: TdLearner<string>,
  states: readonly string[],
  sweeps: number,
): void {
  repeat(sweeps, () => {
    for (const row of states) {
      for (const action of world.actions) {
        const { reward, next } = world.step(row, action);
        const arrival = next === undefined ? undefined : { row: next, actions: world.actions };
        learner.observe({ row, action, reward, next: arrival });
        learner.flush();
      }
    }
  });
}

/** Values of states when a random action is taken with probability epsilon, else the best. */
export function stateValues(
  world: World,
  learner: TdLearner<string>,
  states: readonly string[],
  epsilon: number,
): number[] {
  return states.map((state) => {
    const values = world.actions.map((action) => learner.values.estimate(state, action));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return (1 - epsilon) * Math.max(...values) + epsilon * mean;
  });
}
