// SPDX-License-Identifier: Apache-2.0
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Figure, figureOf } from '#cli/runs/figure.ts';
import type { Published, Settled } from '../learner/worker.ts';
import { ended, forked, message, scriptBeside } from '../shared/child.ts';
import { spreadOf } from './spread.ts';
import { measureWatch } from './watch.ts';
import type { Filled, Pass } from './worker.ts';

/** How much is measured. */
export interface ScaleEffort {
  readonly passes: number;
  /** Decisions, or events, in one pass. */
  readonly count: number;
  readonly workloads: number;
}

export const FULL_SCALE: ScaleEffort = { passes: 8, count: 3000, workloads: 5000 };
export const QUICK_SCALE: ScaleEffort = { passes: 4, count: 1000, workloads: 500 };

/** Passes of decisions are cut into so many, so that all sizes meet the same neighbours. */
const DECISION_CUTS = 5;

/** Cluster sizes; each with as many Pods in the cache. */
const NODE_COUNTS = [10, 100, 1000, 5000, 10_000] as const;
const CACHED_PODS = 100_000;
/** Size that memory and events are told for. */
const REFERENCE = { nodes: 5000, pods: 50_000 } as const;
const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
const PLACEMENTS = [1000, 10_000] as const;

/** `bench/results/scale.json`, without the description of the machine. */
export interface ScaleResults {
  readonly cachedPods: number;
  /** CPU of one review, parsed to answered, by number of nodes. */
  readonly decisionMicrosecondsByNodes: Readonly<Record<string, Figure>>;
  /**
   * Greatest over least mean, from 100 nodes on: the number of targets is the same from there. See
   * {@link spreadOf}; older files hold the mean of each round's own ratio, which noise makes larger.
   */
  readonly decisionSpreadFrom100Nodes: Figure;
  readonly informer: {
    readonly podEventMicroseconds: Figure;
    /** The same over TLS from another process, paced; absent in files of before it was measured. */
    readonly followedPodEventMicroseconds?: Figure;
    readonly nodeEventMicroseconds: Figure;
  };
  readonly memory: {
    readonly nodes: number;
    readonly pods: number;
    readonly heapBytes: Figure;
    readonly bytesPerNode: Figure;
    readonly bytesPerPod: Figure;
    readonly rssBytes: Figure;
  };
  readonly settleCycle: Readonly<
    Record<
      string,
      { readonly cpuSeconds: Figure; readonly queries: Figure; readonly settled: Figure }
    >
  >;
  readonly publication: {
    readonly workloads: number;
    readonly writerCpuSeconds: Figure;
    readonly wallSeconds: Figure;
    readonly readerCpuSeconds: Figure;
    readonly bytesPerObject: Figure;
  };
}

/** Measures how cost grows with the cluster. */
export async function measureScale(
  effort: ScaleEffort,
  say: (line: string) => void,
): Promise<ScaleResults> {
  const decisions = await measureDecisions(effort, say);
  const reference = await measureReference(effort, say);
  const learner = await measureLearner(effort, say);
  return { cachedPods: CACHED_PODS, ...decisions, ...reference, ...learner };
}

interface Sized {
  readonly nodes: number;
  readonly child: ChildProcess;
}

async function measureDecisions(
  effort: ScaleEffort,
  say: (line: string) => void,
): Promise<Pick<ScaleResults, 'decisionMicrosecondsByNodes' | 'decisionSpreadFrom100Nodes'>> {
  const sizes: Sized[] = [];
  try {
    for (const nodes of NODE_COUNTS) {
      say(`filling a cluster of ${nodes} nodes and ${CACHED_PODS} Pods`);
      sizes.push({ nodes, child: (await filledWorld(nodes, CACHED_PODS)).child });
    }
    const costs = new Map<number, number[]>(sizes.map(({ nodes }) => [nodes, []]));
    for (const { child } of sizes) await pass(child, 'decisions', effort.count);
    for (let round = 0; round < effort.passes * DECISION_CUTS; round += 1) {
      // Another one begins each round, so that nobody always follows the same neighbour.
      for (let turn = 0; turn < sizes.length; turn += 1) {
        const { nodes, child } = sizes[(turn + round) % sizes.length] as Sized;
        const count = Math.ceil(effort.count / DECISION_CUTS);
        costs.get(nodes)?.push(await pass(child, 'decisions', count));
      }
    }
    const large = [...costs].filter(([nodes]) => nodes >= 100).map(([, values]) => values);
    const spreads = spreadOf(large);
    return {
      decisionMicrosecondsByNodes: Object.fromEntries(
        [...costs].map(([nodes, values]) => [String(nodes), figureOf(values, 'microseconds')]),
      ),
      decisionSpreadFrom100Nodes: figureOf(spreads, 'ratio'),
    };
  } finally {
    for (const { child } of sizes) await ended(child);
  }
}

async function measureReference(
  effort: ScaleEffort,
  say: (line: string) => void,
): Promise<Pick<ScaleResults, 'informer' | 'memory'>> {
  const { nodes, pods } = REFERENCE;
  say(`memory and events at ${nodes} nodes and ${pods} Pods`);
  const { child, filled } = await filledWorld(nodes, pods);
  try {
    const costs: Record<'pod-events' | 'node-events', number[]> = {
      'pod-events': [],
      'node-events': [],
    };
    for (let round = 0; round <= effort.passes; round += 1) {
      for (const kind of ['pod-events', 'node-events'] as const) {
        const cost = await pass(child, kind, effort.count);
        // The first one warms up.
        if (round > 0) costs[kind].push(cost);
      }
    }
    return {
      informer: {
        podEventMicroseconds: figureOf(costs['pod-events'], 'microseconds'),
        followedPodEventMicroseconds: await measureFollowing(effort, say),
        nodeEventMicroseconds: figureOf(costs['node-events'], 'microseconds'),
      },
      memory: {
        nodes,
        pods,
        heapBytes: figureOf([filled.heapBytes], 'bytes'),
        bytesPerNode: figureOf([filled.bytesPerNode], 'bytes'),
        bytesPerPod: figureOf([filled.bytesPerPod], 'bytes'),
        rssBytes: figureOf([filled.rssBytes], 'bytes'),
      },
    };
  } finally {
    await ended(child);
  }
}

async function measureFollowing(
  { passes, count }: ScaleEffort,
  say: (line: string) => void,
): Promise<Figure> {
  say('following the Pods over TLS');
  const order = { rounds: passes, pods: Math.ceil(count / 15), eventsPerSecond: 500 };
  const [costs = []] = await measureWatch({ checkouts: [CHECKOUT], ...order }, () => undefined);
  return figureOf(costs, 'microseconds');
}

async function measureLearner(
  effort: ScaleEffort,
  say: (line: string) => void,
): Promise<Pick<ScaleResults, 'settleCycle' | 'publication'>> {
  const child = forked(scriptBeside(import.meta.url, '../learner/worker.ts'));
  const api = forked(scriptBeside(import.meta.url, '../learner/api-process.ts'));
  try {
    const { url } = await message<{ url: string }>(api, 'url');
    const settleCycle: Record<string, ScaleResults['settleCycle'][string]> = {};
    for (const placements of PLACEMENTS) {
      say(`settling ${placements} placements`);
      const runs: Settled[] = [];
      for (let round = 0; round <= 3; round += 1) {
        const run = await order<Settled>(child, { kind: 'settle', placements });
        if (run.settled !== placements) throw new Error(`${run.settled} settled of ${placements}`);
        if (round > 0) runs.push(run);
      }
      settleCycle[String(placements)] = {
        cpuSeconds: figureOf(
          runs.map((run) => run.cpuSeconds),
          'seconds',
        ),
        queries: figureOf(
          runs.map((run) => run.queries),
          'queries',
        ),
        settled: figureOf(
          runs.map((run) => run.settled),
          'placements',
        ),
      };
    }
    say(`publishing the models of ${effort.workloads} workloads`);
    const runs: Published[] = [];
    for (const version of [1, 2, 3]) {
      const { workloads } = effort;
      runs.push(await order<Published>(child, { kind: 'publish', workloads, url, version }));
    }
    const figure = (pick: (run: Published) => number, unit: string): Figure =>
      figureOf(runs.map(pick), unit);
    return {
      settleCycle,
      publication: {
        workloads: effort.workloads,
        writerCpuSeconds: figure((run) => run.writerCpuSeconds, 'seconds'),
        wallSeconds: figure((run) => run.wallSeconds, 'seconds'),
        readerCpuSeconds: figure((run) => run.readerCpuSeconds, 'seconds'),
        bytesPerObject: figure((run) => run.bytesPerObject, 'bytes'),
      },
    };
  } finally {
    await ended(child);
    await ended(api);
  }
}

async function filledWorld(
  nodes: number,
  pods: number,
): Promise<{ child: ChildProcess; filled: Filled }> {
  const args = [String(nodes), String(pods)];
  const child = forked(scriptBeside(import.meta.url, 'worker.ts'), args, ['--expose-gc']);
  const { filled } = await message<{ filled: Filled }>(child, 'filled');
  return { child, filled };
}

async function pass(child: ChildProcess, kind: Pass, count: number): Promise<number> {
  const answer = message<{ cpuMicroseconds: number }>(child, 'cpuMicroseconds');
  child.send({ pass: kind, count });
  return (await answer).cpuMicroseconds;
}

async function order<T>(child: ChildProcess, what: object): Promise<T> {
  const answer = message<{ result: T }>(child, 'result');
  child.send(what);
  return (await answer).result;
}
