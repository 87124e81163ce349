// SPDX-License-Identifier: Apache-2.0
import { chargedJoules } from '#reward/accounting.ts';
import { wattsAt } from '#simulator/machines/power-curve.ts';
import type { Trial } from '#simulator/trial/trial.ts';
import type { Arena } from '../learning/arena.ts';
import { ACCOUNTINGS, type AccountingGround, type AccountingName } from './plan.ts';

/** What a core-second of the application costs on one node, with the whole application there. */
export interface NodePrices {
  readonly node: string;
  /** CPU utilisation without the application, and with it, 0..1. */
  readonly utilisationBefore: number;
  readonly utilisation: number;
  /** Joules per core-second that are charged, by accounting; `Marginal` with the machine's own curve. */
  readonly charged: Readonly<Record<AccountingName, number>>;
  /** Joules per core-second that all machines together draw more than without the application. */
  readonly added: number;
}

/** Windows that prices are a mean over. */
const WINDOWS = 8;
/** Utilisation below a node's own over which its slope is taken, as the product does. */
const STEP = 0.1;

/** The prices of every node: what the accountings say, beside what is really added. */
export function pricesOf(ground: AccountingGround, arena: Arena): NodePrices[] {
  const { application, machines } = ground.world;
  return machines.map(({ name: node }) => {
    const placed = application.services.flatMap(({ name: service, replicas }) =>
      Array.from({ length: replicas }, (_, replica) => ({
        name: `${service}-${replica}`,
        service,
        node,
        limitCores: Infinity,
      })),
    );
    const prices = Array.from({ length: WINDOWS }, (_, window) =>
      pricesIn(arena.trial(placed, window), node, ground),
    );
    return meanOf(node, prices);
  });
}

function pricesIn(trial: Trial, node: string, { world }: AccountingGround): NodePrices {
  const { seconds, joules, nodes } = trial.interval;
  const idleUse = (name: string): number => {
    const machine = world.machines.find((one) => one.name === name);
    return machine === undefined ? NaN : machine.systemCores / machine.cores;
  };
  const curveOf = (name: string): readonly number[] =>
    world.machines.find((one) => one.name === name)?.curve ?? [];
  const without = nodes.reduce(
    (sum, { name }) => sum + wattsAt(curveOf(name), idleUse(name)) * seconds,
    0,
  );
  const own = nodes.find(({ name }) => name === node);
  if (own === undefined) throw new RangeError(`node: ${node}`);
  const coreSeconds = seconds * trial.pods.reduce((sum, { cores }) => sum + cores, 0);
  const podJoules = trial.pods.reduce((sum, one) => sum + one.joules, 0);
  const { utilisation } = own;
  const curve = curveOf(node);
  const upper = Math.max(STEP, utilisation);
  const energy = {
    podJoules,
    attributedJoules: podJoules + (own.otherPodsJoules ?? 0),
    nodeJoules: own.joules,
    utilisation,
    marginalWatts: (wattsAt(curve, upper) - wattsAt(curve, upper - STEP)) / STEP,
    seconds,
  };
  const price = (accounting: AccountingName): number =>
    (chargedJoules(accounting, energy) ?? NaN) / coreSeconds;
  return {
    node,
    utilisationBefore: idleUse(node),
    utilisation,
    charged: {
      Attributed: price('Attributed'),
      Amortised: price('Amortised'),
      Marginal: price('Marginal'),
    },
    added: (joules - without) / coreSeconds,
  };
}

function meanOf(node: string, prices: readonly NodePrices[]): NodePrices {
  const mean = (of: (one: NodePrices) => number): number =>
    prices.reduce((sum, one) => sum + of(one), 0) / prices.length;
  return {
    node,
    utilisationBefore: mean((one) => one.utilisationBefore),
    utilisation: mean((one) => one.utilisation),
    charged: {
      Attributed: mean((one) => one.charged.Attributed),
      Amortised: mean((one) => one.charged.Amortised),
      Marginal: mean((one) => one.charged.Marginal),
    },
    added: mean((one) => one.added),
  };
}

/** The node that an accounting finds cheapest. */
export function cheapest(prices: readonly NodePrices[], accounting: AccountingName): string {
  return leastBy(prices, ({ charged }) => charged[accounting]);
}

/** The node where the application really adds least. */
export function trulyCheapest(prices: readonly NodePrices[]): string {
  return leastBy(prices, ({ added }) => added);
}

function leastBy(prices: readonly NodePrices[], of: (one: NodePrices) => number): string {
  const [least] = [...prices].sort((a, b) => of(a) - of(b));
  return least?.node ?? '';
}

/** Prices as rows of a table: node, load before and with, a column for each accounting, added. */
export function priceRows(prices: readonly NodePrices[]): string[][] {
  return prices.map(({ node, utilisationBefore, utilisation, charged, added }) => [
    node,
    `${(100 * utilisationBefore).toFixed(0)} %`,
    `${(100 * utilisation).toFixed(0)} %`,
    ...ACCOUNTINGS.map((accounting) => charged[accounting].toFixed(2)),
    added.toFixed(2),
  ]);
}
