// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { figureOf } from '#cli/figure.ts';
import { argumentsOrExit, orExit } from '../shared/front.ts';
import { checkoutArgument, wholeArgument } from '../shared/input.ts';
import { makeCertificate } from './certificate.ts';
import { REVIEW_BYTES } from './review.ts';
import { LoadProcess, startProduct, type Product } from './servers.ts';

/*
 * Is this change worth it? Runs the product of two checkouts side by side, round by round under
 * the same load, and prints the CPU time per request of both and their paired ratio.
 * `node bench/admission/compare.ts BEFORE AFTER [rounds] [requests]`
 */
const given = argumentsOrExit('compare', ['BEFORE', 'AFTER', '[rounds]', '[requests]']);
const { checkouts, rounds, requests } = orExit('compare', () => ({
  checkouts: ['BEFORE', 'AFTER'].map((name) => checkoutArgument(given, name, 'src/main.ts')),
  rounds: wholeArgument(given, 'rounds', { default: 12, minimum: 2 }),
  requests: wholeArgument(given, 'requests', { default: 2000, minimum: 1 }),
}));
const folder = await mkdtemp(join(tmpdir(), 'perihelion-compare-'));
const files = await makeCertificate(folder);
const load = new LoadProcess();
const products: Product[] = [];
try {
  for (const [index, checkout] of checkouts.entries()) {
    const own = join(folder, String(index));
    await mkdir(own);
    products.push(await startProduct({ folder: own, files, checkout: resolve(checkout) }));
  }
  for (const product of products) await cpuOf(product, 8000);
  const spent: number[][] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    for (const turn of [0, 1]) {
      const which = (turn + round) % 2;
      spent[which]?.push(await cpuOf(products[which] as Product, requests));
    }
  }
  const [first = [], second = []] = spent;
  show('before', figureOf(first, 'microseconds'));
  show('after', figureOf(second, 'microseconds'));
  const ratios = second.map((value, round) => value / (first[round] ?? Number.NaN));
  show('after / before', figureOf(ratios, 'ratio'));
} finally {
  for (const product of products) await product.stop();
  await load.stop();
  await rm(folder, { recursive: true, force: true });
}

async function cpuOf(product: Product, count: number): Promise<number> {
  const start = await product.usage();
  const report = await load.run({
    port: product.port,
    connections: 8,
    requests: count,
    bytes: REVIEW_BYTES,
    limitMilliseconds: 120_000,
  });
  const end = await product.usage();
  return (end.cpuMicroseconds - start.cpuMicroseconds) / report.completed;
}

function show(what: string, { mean, low, high, unit }: ReturnType<typeof figureOf>): void {
  console.log(`${what}: ${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}] ${unit}`);
}
