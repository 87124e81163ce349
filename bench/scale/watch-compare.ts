// SPDX-License-Identifier: Apache-2.0
import { figureOf } from '#cli/figure.ts';
import { measureWatch } from './watch.ts';

/*
 * Is this change of the watch path worth it? Two checkouts follow the same Pod events at the same
 * time: CPU time per event of both, and their paired ratio.
 * `node bench/scale/watch-compare.ts BEFORE AFTER [rounds] [pods] [events per second]`
 */
const [before = '.', after = '.', rounds = '10', pods = '200', rate = '500'] =
  process.argv.slice(2);
const [first = [], second = []] = await measureWatch(
  {
    checkouts: [before, after],
    rounds: Number(rounds),
    pods: Number(pods),
    eventsPerSecond: Number(rate),
  },
  (line) => void process.stderr.write(`${line}\n`),
);
show('before', figureOf(first, 'microseconds'));
show('after', figureOf(second, 'microseconds'));
const ratios = second.map((value, round) => value / (first[round] ?? Number.NaN));
show('after / before', figureOf(ratios, 'ratio'));

function show(what: string, { mean, low, high, unit }: ReturnType<typeof figureOf>): void {
  console.log(`${what}: ${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}] ${unit}`);
}
