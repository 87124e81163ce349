// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Deadline } from '#admission/server/deadline.ts';
import { openAuditLog } from '#audit/open.ts';
import { reviewBodies } from '../admission/review.ts';
import { argumentsOrExit, orExit } from '../shared/front.ts';
import { wholeArgument } from '../shared/input.ts';
import { World } from './world.ts';

/*
 * One process, no network: CPU time of a review from its text to its answer's text, with the audit
 * log on a real file. For a quick look while changing the hot path, alone or under `--cpu-prof`.
 * `node bench/scale/stages.ts [nodes] [requests]`
 */
const given = argumentsOrExit('stages', ['[nodes]', '[requests]']);
const { nodes, requests } = orExit('stages', () => ({
  nodes: wholeArgument(given, 'nodes', { default: 50, minimum: 1 }),
  requests: wholeArgument(given, 'requests', { default: 20_000, minimum: 1 }),
}));
const folder = mkdtempSync(join(tmpdir(), 'perihelion-stages-'));
const audit = openAuditLog({
  path: join(folder, 'audit.jsonl'),
  source: 'stages',
  now: () => Date.now(),
});
const world = new World(nodes, 400);
const admission = world.admission(audit);
const bodies = reviewBodies().map((body) => body.toString('utf8'));

async function run(count: number): Promise<number> {
  const start = process.cpuUsage();
  for (let index = 0; index < count; index += 1) {
    const text = bodies[index % bodies.length] ?? '';
    const review = admission.handler.answer({
      body: JSON.parse(text) as unknown,
      bodyBytes: text.length,
      deadline: new Deadline(() => 0, 1),
      arrivedAt: performance.now(),
    });
    if (JSON.stringify(review).length < 100) throw new Error('no answer');
    if (index % 8 === 7) await new Promise((resolve) => setImmediate(resolve));
  }
  const { user, system } = process.cpuUsage(start);
  return (user + system) / count;
}

await run(5000);
const passes: number[] = [];
for (let pass = 0; pass < 5; pass += 1) passes.push(await run(requests / 5));
console.log(passes.map((one) => one.toFixed(1)).join(' '), 'microseconds per request');
const { stats } = audit;
console.log('audit', stats.written, 'dropped', JSON.stringify(stats.dropped));
await audit.close();
rmSync(folder, { recursive: true, force: true });
