// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { figureOf } from '#cli/runs/figure.ts';
import { makeCertificate } from './certificate.ts';
import { startProduct, type Product } from './servers.ts';

/** A folder for files, and the products of two checkouts, before and after. */
export interface SideBySide {
  readonly folder: string;
  readonly products: readonly [Product, Product];
}

/** Starts both, calls the function, and ends and removes everything. */
export async function withBoth(
  checkouts: readonly [string, string],
  run: (both: SideBySide) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'perihelion-compare-'));
  const running: Product[] = [];
  try {
    const files = await makeCertificate(folder);
    const started = async (name: 'before' | 'after', checkout: string): Promise<Product> => {
      const own = join(folder, name);
      await mkdir(own);
      const product = await startProduct({ folder: own, files, checkout: resolve(checkout) });
      running.push(product);
      return product;
    };
    const before = await started('before', checkouts[0]);
    await run({ folder, products: [before, await started('after', checkouts[1])] });
  } finally {
    for (const product of running) await product.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Measures both by turns, another one first in each round.
 * @returns for each of the two one value a round
 */
export async function byTurns<Value>(
  { products }: SideBySide,
  rounds: number,
  measure: (product: Product) => Promise<Value>,
): Promise<readonly [Value[], Value[]]> {
  const values: [Value[], Value[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    for (const turn of [0, 1]) {
      const which = (turn + round) % 2 === 0 ? 0 : 1;
      values[which].push(await measure(products[which]));
    }
  }
  return values;
}

/** Prints both means and the mean of the rounds' ratios, with 95 % intervals. */
export function showBoth(
  what: string,
  unit: string,
  [before, after]: readonly [readonly number[], readonly number[]],
): void {
  show(`${what}, before`, figureOf(before, unit));
  show(`${what}, after`, figureOf(after, unit));
  const ratios = after.map((value, round) => value / (before[round] ?? Number.NaN));
  show(`${what}, after / before`, figureOf(ratios, 'ratio'));
}

function show(what: string, { mean, low, high, unit }: ReturnType<typeof figureOf>): void {
  console.log(`${what}: ${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}] ${unit}`);
}
