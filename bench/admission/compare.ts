// SPDX-License-Identifier: Apache-2.0
import { argumentsOrExit, orExit } from '../shared/front.ts';
import { checkoutArgument, wholeArgument } from '../shared/input.ts';
import { REVIEW_BYTES } from './review.ts';
import { LoadProcess, type Product } from './servers.ts';
import { byTurns, showBoth, withBoth } from './side-by-side.ts';

/*
 * Is this change worth it? Runs the product of two checkouts side by side, round by round under
 * the same load, and prints the CPU time per request of both and their paired ratio.
 * `node bench/admission/compare.ts BEFORE AFTER [rounds] [requests]`
 */
const given = argumentsOrExit('compare', ['BEFORE', 'AFTER', '[rounds]', '[requests]']);
const { checkouts, rounds, requests } = orExit('compare', () => ({
  checkouts: [
    checkoutArgument(given, 'BEFORE', 'src/main.ts'),
    checkoutArgument(given, 'AFTER', 'src/main.ts'),
  ] as const,
  rounds: wholeArgument(given, 'rounds', { default: 12, minimum: 2 }),
  requests: wholeArgument(given, 'requests', { default: 2000, minimum: 1 }),
}));
const WARM_UP_REQUESTS = 8000;
const load = new LoadProcess();
try {
  await withBoth(checkouts, async (both) => {
    for (const product of both.products) await cpuOf(product, WARM_UP_REQUESTS);
    const spent = await byTurns(both, rounds, (product) => cpuOf(product, requests));
    showBoth('CPU time per request', 'microseconds', spent);
  });
} finally {
  await load.stop();
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
