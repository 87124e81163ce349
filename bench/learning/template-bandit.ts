// SPDX-License-Identifier: Apache-2.0
import type { PlacementScheduler } from '#cli/simulate/scheduler.ts';
import { placeByDefault } from '#cli/simulate/static-schedulers.ts';
import type { World } from '#cli/simulate/world.ts';
import type { Pins } from '#simulator/application/pod-template.ts';
import { createGenerator, gaussian, type Generator } from '#agent/terms/random.ts';
import type { Trial } from '#simulator/trial/trial.ts';
import { templatesOf, type Template } from './templates.ts';

/** Which arm of a bandit is next. */
export type ArmRule = 'ucb1' | 'thompson';

/** Exploration of UCB1, and standard deviation of one cost: as the agent's own. */
const CONFIDENCE = 0.3;
const DEVIATION = 0.15;

interface Arm {
  readonly template: Template;
  count: number;
  /** Mean of 1 - cost: 0 = as the default scheduler. */
  value: number;
}

/**
 * A bandit whose arms are whole placements. It is told the very cost that regret is counted in,
 * which no real scheduler could know.
 */
export class TemplateBandit implements PlacementScheduler {
  readonly order: readonly string[];
  readonly place = placeByDefault;
  pins: Pins = {};
  readonly #arms: Arm[];
  readonly #rule: ArmRule;
  readonly #costOf: (trial: Trial) => number;
  readonly #generator: Generator;
  #current: Arm | undefined;

  constructor(
    world: World,
    rule: ArmRule,
    options: { readonly seed: number; readonly costOf: (trial: Trial) => number },
  ) {
    this.order = world.application.manifestOrder;
    this.#arms = templatesOf(world).map((template) => ({ template, count: 0, value: 0 }));
    this.#rule = rule;
    this.#costOf = options.costOf;
    this.#generator = createGenerator(`${rule}/${options.seed}`);
  }

  begin(): void {
    const total = this.#arms.reduce((sum, { count }) => sum + count, 0);
    const scores = this.#arms.map((arm) => {
      const tie = this.#generator.next() * 1e-9;
      if (this.#rule === 'ucb1') {
        if (arm.count === 0) return 1e9 * (1 + tie * 1e3);
        return arm.value + CONFIDENCE * Math.sqrt(Math.log(total) / arm.count) + tie;
      }
      const deviation = DEVIATION / Math.sqrt(1 + arm.count);
      return (arm.value * arm.count) / (1 + arm.count) + deviation * gaussian(this.#generator);
    });
    this.#current = this.#arms[scores.indexOf(Math.max(...scores))];
    this.pins = this.#current?.template.pins ?? {};
  }

  settle(trial: Trial): void {
    const arm = this.#current;
    if (arm === undefined) return;
    arm.count++;
    arm.value += (1 - this.#costOf(trial) - arm.value) / arm.count;
  }
}
