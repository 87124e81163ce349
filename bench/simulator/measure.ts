// SPDX-License-Identifier: Apache-2.0
import type { ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { type Figure, figureOf } from '#cli/runs/figure.ts';
import { ended, forked, message, scriptBeside } from '../shared/child.ts';
import type { Pass, SizeName } from './worker.ts';

/** How much is measured. */
export interface SimulatorEffort {
  readonly passes: number;
  /** Virtual seconds of a pass are divided by this. */
  readonly shorter: number;
}

export const FULL_SIMULATOR: SimulatorEffort = { passes: 8, shorter: 1 };
export const QUICK_SIMULATOR: SimulatorEffort = { passes: 3, shorter: 10 };

const SIZES: readonly SizeName[] = ['3x19', '10x95', '100x950', '1000x10000'];

/** `bench/results/simulator.json`, without the description of the machine. */
export interface SimulatorResults {
  /** Events by second of CPU time of one core, by nodes x Pods. */
  readonly eventsPerSecond: Readonly<Record<string, Figure>>;
  /** CPU of one event of the largest size against that of 10 nodes, within each pass. */
  readonly costRatioTo10Nodes: Figure;
  /** CPU to place one Pod, milliseconds, by nodes x Pods. */
  readonly placementMilliseconds: Readonly<Record<string, Figure>>;
  /** Events by wall second of so many processes at once, against one process. */
  readonly speedUpByProcesses: Readonly<Record<string, Figure>>;
}

/** Measures the simulator: one process for each size, passes taken in turn. */
export async function measureSimulator(
  effort: SimulatorEffort,
  say: (line: string) => void,
): Promise<SimulatorResults> {
  const events = new Map<SizeName, number[]>(SIZES.map((size) => [size, []]));
  const placements = new Map<SizeName, number[]>(SIZES.map((size) => [size, []]));
  const children = new Map<SizeName, ChildProcess>();
  try {
    for (const size of SIZES) {
      say(`the engine at ${size} (nodes x Pods)`);
      children.set(size, forked(scriptBeside(import.meta.url, 'worker.ts')));
    }
    // The first pass warms up: code is compiled, memory is there.
    for (let pass = 0; pass <= effort.passes; pass += 1) {
      for (const [size, child] of children) {
        const done = await passOf(child, size, effort.shorter);
        if (pass === 0) continue;
        events.get(size)?.push(done.events / done.cpuSeconds);
        placements.get(size)?.push(done.placementMilliseconds);
      }
    }
  } finally {
    for (const child of children.values()) await ended(child);
  }
  const small = events.get('10x95') ?? [];
  const large = events.get('1000x10000') ?? [];
  return {
    eventsPerSecond: figures(events, 'events per second'),
    costRatioTo10Nodes: figureOf(
      small.map((rate, pass) => rate / (large[pass] ?? Number.NaN)),
      'ratio',
    ),
    placementMilliseconds: figures(placements, 'milliseconds'),
    speedUpByProcesses: await measureScaling(effort, say),
  };
}

async function measureScaling(
  effort: SimulatorEffort,
  say: (line: string) => void,
): Promise<Record<string, Figure>> {
  const cores = availableParallelism();
  const counts = [...new Set([1, 2, Math.ceil(cores / 2), cores])].sort((a, b) => a - b);
  const rates = new Map<number, number[]>(counts.map((count) => [count, []]));
  const children = Array.from({ length: Math.max(...counts) }, () =>
    forked(scriptBeside(import.meta.url, 'worker.ts')),
  );
  try {
    for (let pass = 0; pass <= effort.passes; pass += 1) {
      for (const count of counts) {
        say(`${count} processes, pass ${pass}`);
        const started = performance.now();
        const done = await Promise.all(
          children.slice(0, count).map((child) => passOf(child, '3x19', effort.shorter)),
        );
        const seconds = (performance.now() - started) / 1000;
        const sum = done.reduce((all, one) => all + one.events, 0);
        if (pass > 0) rates.get(count)?.push(sum / seconds);
      }
    }
  } finally {
    for (const child of children) await ended(child);
  }
  const one = rates.get(1) ?? [];
  return Object.fromEntries(
    [...rates].map(([count, values]) => [
      String(count),
      figureOf(
        values.map((rate, pass) => rate / (one[pass] ?? Number.NaN)),
        'ratio',
      ),
    ]),
  );
}

async function passOf(child: ChildProcess, size: SizeName, shorter: number): Promise<Pass> {
  child.send({ size, shorter });
  return message<Pass>(child, 'events');
}

function figures(
  values: ReadonlyMap<SizeName, readonly number[]>,
  unit: string,
): Record<string, Figure> {
  return Object.fromEntries([...values].map(([size, list]) => [size, figureOf(list, unit)]));
}
