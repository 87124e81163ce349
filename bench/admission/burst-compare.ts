// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { argumentsOrExit, orExit } from '../shared/front.ts';
import { checkoutArgument, wholeArgument } from '../shared/input.ts';
import { goProgram } from './go-program.ts';
import { REVIEW_BYTES, reviewBodies } from './review.ts';
import type { Product } from './servers.ts';
import { byTurns, showBoth, withBoth } from './side-by-side.ts';

/*
 * How long a rollout waits: bursts of requests from a client in Go, which opens connections as the
 * API server does, to the products of two checkouts by turns. Needs Go.
 * `node bench/admission/burst-compare.ts BEFORE AFTER [rounds] [size]`
 */
const given = argumentsOrExit('burst-compare', ['BEFORE', 'AFTER', '[rounds]', '[size]']);
const { checkouts, rounds, size } = orExit('burst-compare', () => ({
  checkouts: [
    checkoutArgument(given, 'BEFORE', 'src/main.ts'),
    checkoutArgument(given, 'AFTER', 'src/main.ts'),
  ] as const,
  rounds: wholeArgument(given, 'rounds', { default: 12, minimum: 2 }),
  size: wholeArgument(given, 'size', { default: 250, minimum: 1 }),
}));

/** What the client says of its bursts, and what the server spent. */
interface Burst {
  readonly completed: number;
  readonly failed: number;
  readonly dialled: number;
  readonly cpuMicroseconds: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
  readonly burstMilliseconds: number;
  readonly serverCpuMicroseconds: number;
}

const BURSTS_OF_A_ROUND = 3;
const WARM_UP_REQUESTS = 8000;
const PAUSE_MILLISECONDS = 300;
const run = promisify(execFile);
const client = goProgram('go-client', (line) => console.error(line));
if (typeof client === 'string') await compare(client);
else {
  console.error(`burst-compare: ${client.problem}`);
  process.exitCode = 1;
}

async function compare(program: string): Promise<void> {
  await withBoth(checkouts, async (both) => {
    const body = join(both.folder, 'review.json');
    await writeFile(body, reviewBodies(REVIEW_BYTES)[0] ?? '');
    const warmUp = Math.ceil(WARM_UP_REQUESTS / size);
    for (const product of both.products) await burst(program, product, body, warmUp);
    const [before, after] = await byTurns(both, rounds, (product) =>
      burst(program, product, body, BURSTS_OF_A_ROUND),
    );
    const shown = (what: string, unit: string, of: (one: Burst) => number): void =>
      showBoth(what, unit, [before.map(of), after.map(of)]);
    shown('whole burst', 'milliseconds', (one) => one.burstMilliseconds);
    shown('p50', 'milliseconds', (one) => one.p50Milliseconds);
    shown('p99', 'milliseconds', (one) => one.p99Milliseconds);
    shown('CPU time of the server per request', 'microseconds', (one) => one.serverCpuMicroseconds);
    shown('… of the client', 'microseconds', (one) => one.cpuMicroseconds / one.completed);
    shown('connections per request', 'connections', (one) => one.dialled / one.completed);
    const failed = [...before, ...after].reduce((sum, one) => sum + one.failed, 0);
    console.log(`requests that failed: ${failed}`);
  });
}

async function burst(
  program: string,
  product: Product,
  body: string,
  bursts: number,
): Promise<Burst> {
  const start = await product.usage();
  const { stdout } = await run(program, [
    ...['--url', `https://127.0.0.1:${product.port}/mutate?timeout=10s`, '--body', body],
    ...['--size', String(size), '--bursts', String(bursts), '--pause', `${PAUSE_MILLISECONDS}ms`],
  ]);
  const end = await product.usage();
  const said = JSON.parse(stdout) as Omit<Burst, 'serverCpuMicroseconds'>;
  const spent = end.cpuMicroseconds - start.cpuMicroseconds;
  return { ...said, serverCpuMicroseconds: spent / said.completed };
}
