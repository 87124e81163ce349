// SPDX-License-Identifier: Apache-2.0
import { placeAll } from '#cli/simulate/rollout.ts';
import { placeByDefault } from '#cli/simulate/static-schedulers.ts';
import type { PlacementScheduler } from '#cli/simulate/scheduler.ts';
import { Planner } from '#simulator/trial/planner.ts';
import { Random } from '#simulator/random/random.ts';
import { WINDOWS, type Arena } from './arena.ts';
import { templatesOf, type Template } from './templates.ts';

/** Name of the template that was chosen with hindsight, as a policy. */
export const HINDSIGHT = 'best-template';

/** Of the placements by which it is chosen: no policy is measured on them. */
const CHOICE_SEED = 900_001;

/**
 * The whole placement that costs least over all windows, among those that name targets as the agent
 * does. Where a target is a pool the scheduler spreads within it, so this is about what anybody
 * can reach who names pools; the oracle names machines.
 */
export function bestTemplate(arena: Arena): Template {
  const costs = templatesOf(arena.world).map((template) => {
    const scheduler = templateScheduler(arena, template);
    const random = new Random(CHOICE_SEED, template.name);
    const each = Array.from({ length: WINDOWS }, (_, window) => {
      const planner = new Planner(arena.world);
      placeAll(scheduler, { planner, random, utilisation: {} });
      return arena.score(arena.trial(planner.placed, window)).cost;
    });
    return { template, cost: each.reduce((sum, one) => sum + one, 0) / WINDOWS };
  });
  const [best] = costs.sort((a, b) => a.cost - b.cost);
  if (best === undefined) throw new RangeError('no templates');
  return best.template;
}

/** Places as one template says, always. */
export function templateScheduler({ world }: Arena, { pins }: Template): PlacementScheduler {
  return { order: world.application.manifestOrder, place: placeByDefault, pins };
}
