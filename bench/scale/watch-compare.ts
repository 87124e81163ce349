// SPDX-License-Identifier: Apache-2.0
import { figureOf } from '#cli/runs/figure.ts';
import { argumentsOrExit, orExit } from '../shared/front.ts';
import { checkoutArgument, wholeArgument } from '../shared/input.ts';
import { measureWatch } from './watch.ts';

/*
 * Is this change of the watch path worth it? Two checkouts follow the same Pod events at the same
 * time: CPU time per event of both, and their paired ratio.
 * `node bench/scale/watch-compare.ts BEFORE AFTER [rounds] [pods] [events per second]`
 */
const RATE = 'events per second';
const names = ['BEFORE', 'AFTER', '[rounds]', '[pods]', `[${RATE}]`];
const given = argumentsOrExit('watch-compare', names);
const follower = 'bench/scale/watch-client.ts';
const [first = [], second = []] = await measureWatch(
  orExit('watch-compare', () => ({
    checkouts: ['BEFORE', 'AFTER'].map((name) => checkoutArgument(given, name, follower)),
    rounds: wholeArgument(given, 'rounds', { default: 10, minimum: 2 }),
    pods: wholeArgument(given, 'pods', { default: 200, minimum: 1 }),
    eventsPerSecond: wholeArgument(given, RATE, { default: 500, minimum: 0 }),
  })),
  (line) => void process.stderr.write(`${line}\n`),
);
show('before', figureOf(first, 'microseconds'));
show('after', figureOf(second, 'microseconds'));
const ratios = second.map((value, round) => value / (first[round] ?? Number.NaN));
show('after / before', figureOf(ratios, 'ratio'));

function show(what: string, { mean, low, high, unit }: ReturnType<typeof figureOf>): void {
  console.log(`${what}: ${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}] ${unit}`);
}
