// SPDX-License-Identifier: Apache-2.0
import { ceilingOf } from '#cli/simulate/ceiling.ts';
import { figureOf, type Figure } from '#cli/runs/figure.ts';
import { placeAll } from '#cli/simulate/rollout.ts';
import { dataPinnedScheduler, defaultScheduler } from '#cli/simulate/static-schedulers.ts';
import { worldOf } from '#cli/simulate/world.ts';
import { Planner } from '#simulator/trial/planner.ts';
import { Random } from '#simulator/random/random.ts';
import { baseSpecification, ORDERS, orderOf, type Order } from './plan.ts';

/** What the CPU alone says of a deployment order, without any load. */
export interface OrderFigures {
  readonly order: Order;
  /** CPU ceiling over deployments, requests per second. */
  readonly default: Figure;
  readonly dataPinned: Figure;
  /** Data pinned in this order against default in this order, and in that of the manifests. */
  readonly ratioSameOrder: number;
  readonly ratioToManifestOrder: number;
}

const DEPLOYMENTS = 1000;
const SEED = 600_001;

/**
 * CPU ceilings of `default` and `data pinned` by the order in which the services are deployed. The
 * stock scheduler decides every deployment; nothing is simulated, so that nothing but the order and
 * the ties can be the reason of a difference.
 */
export function orderFigures(deployments = DEPLOYMENTS): OrderFigures[] {
  const specification = baseSpecification();
  const world = worldOf(specification);
  const { application, machines, stage } = world;
  const { cpuScale } = specification.rest;
  const parts = { application, machines, overheads: stage.overheads, cpuScale };
  const schedulers = {
    default: defaultScheduler(world),
    dataPinned: dataPinnedScheduler(world, 'manifest'),
  };
  const ceilings = (scheduler: keyof typeof schedulers, order: Order): Figure => {
    const random = new Random(SEED);
    const ordered = { ...schedulers[scheduler], order: orderOf(specification, order) };
    const rates = Array.from({ length: deployments }, () => {
      const planner = new Planner(world);
      placeAll(ordered, { planner, random, utilisation: {} });
      return ceilingOf(parts, planner.placed).requestsPerSecond;
    });
    return figureOf(rates, 'requests per second');
  };
  const manifest = ceilings('default', 'manifest');
  return ORDERS.map((order): OrderFigures => {
    const free = ceilings('default', order);
    const pinned = ceilings('dataPinned', order);
    return {
      order,
      default: free,
      dataPinned: pinned,
      ratioSameOrder: pinned.mean / free.mean,
      ratioToManifestOrder: pinned.mean / manifest.mean,
    };
  });
}
