// SPDX-License-Identifier: Apache-2.0
import { Deadline } from '#admission/server/deadline.ts';
import { reviewBodies } from '../admission/review.ts';
import { nodeName, rawNode, rawPod, World } from './world.ts';

/*
 * One cluster size in a process of its own (`--expose-gc`): fills a world, says how much memory
 * that took, then runs passes when asked. Arguments: nodes, Pods.
 */

/** What a filled world takes. */
export interface Filled {
  readonly heapBytes: number;
  readonly bytesPerNode: number;
  readonly bytesPerPod: number;
  readonly rssBytes: number;
}

/** What to run: decisions, or watch events of Pods and Nodes. */
export type Pass = 'decisions' | 'pod-events' | 'node-events';

const [nodeCount = 0, podCount = 0] = process.argv.slice(2).map(Number);
const collect = globalThis.gc ?? ((): void => undefined);
const world = new World(0, 0);
const empty = heap();
// Ten nodes have to hold as many Pods as ten thousand do, and those on their way.
const room = { cpu: '100000', memory: '256Ti' };
for (let index = 0; index < nodeCount; index += 1) {
  world.putNode(fresh(rawNode(index, { room })));
}
const withNodes = heap();
const admission = world.admission({ write: () => undefined });
for (let index = 0; index < podCount; index += 1) world.putPod(fresh(rawPod(index, nodeCount)));
const full = heap();
world.learn(Array.from({ length: nodeCount }, (_, index) => nodeName(index)));
const bodies = reviewBodies();
const reviews = bodies.map((body) => JSON.parse(body.toString('utf8')) as unknown);
let turn = 0;

const filled: Filled = {
  heapBytes: full - empty,
  bytesPerNode: (withNodes - empty) / Math.max(1, nodeCount),
  bytesPerPod: (full - withNodes) / Math.max(1, podCount),
  rssBytes: process.memoryUsage().rss,
};
process.on('message', ({ pass, count }: { pass: Pass; count: number }) => {
  const cpuMicroseconds = RUNS[pass](count);
  process.send?.({ cpuMicroseconds });
});
process.once('disconnect', () => process.exit());
process.send?.({ filled });

/** Heap in use once nothing is left to collect. */
function heap(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

/** The object as it comes out of the JSON of a watch: no string is shared with another. */
function fresh(raw: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(raw)) as Record<string, unknown>;
}

function decisions(count: number): number {
  const start = process.cpuUsage();
  for (let index = 0; index < count; index += 1) {
    const which = index % reviews.length;
    const { response } = admission.handler.answer({
      body: reviews[which],
      bodyBytes: bodies[which]?.length ?? 0,
      deadline: new Deadline(() => 0, 1),
      arrivedAt: performance.now(),
    });
    // A decision that finds no target is a shorter way and not what is measured.
    const reason = response.auditAnnotations?.['reason'];
    if (reason === 'only-default') throw new Error('no target was feasible');
  }
  return spentSince(start) / count;
}

/** Status changes of Pods that are there already: parse, project, index. */
function podEvents(count: number): number {
  turn += 1;
  const phase = turn % 2 === 0 ? 'Running' : 'Succeeded';
  const lines = Array.from({ length: count }, (_, index) =>
    JSON.stringify({ type: 'MODIFIED', object: rawPod(index, nodeCount, phase) }),
  );
  const start = process.cpuUsage();
  for (const line of lines) {
    world.putPod((JSON.parse(line) as { object: Record<string, unknown> }).object);
  }
  return spentSince(start) / count;
}

/** Heartbeats of Nodes: parse, project, find that nothing in use has changed. */
function nodeEvents(count: number): number {
  const lines = Array.from({ length: count }, (_, index) =>
    JSON.stringify({ type: 'MODIFIED', object: rawNode(index % nodeCount, { room }) }),
  );
  const start = process.cpuUsage();
  for (const line of lines) {
    world.putNode((JSON.parse(line) as { object: Record<string, unknown> }).object);
  }
  return spentSince(start) / count;
}

const RUNS: Readonly<Record<Pass, (count: number) => number>> = {
  decisions,
  'pod-events': podEvents,
  'node-events': nodeEvents,
};

function spentSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return user + system;
}
