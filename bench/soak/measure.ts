// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Figure, figureOf } from '#cli/runs/figure.ts';
import { makeCertificate } from '../admission/certificate.ts';
import { REVIEW_BYTES } from '../admission/review.ts';
import { LoadProcess, startProduct } from '../admission/servers.ts';
import { confirmedBy, courseOf, type Course, type Judgement } from './course.ts';
import type { Point } from './slope.ts';

/** How long to go on. */
export interface SoakEffort {
  readonly admissions: number;
  /**
   * Not counted, nor is the first third of the run: caches fill, the compiler and the heap settle,
   * decisions on their way reach their bound.
   */
  readonly warmUpAdmissions: number;
  readonly limitMinutes: number;
  /** A rise by less than this share of the level is none; a short run has not filled its caches. */
  readonly notableRatio: number;
}

export const LONG: SoakEffort = {
  admissions: 1_000_000,
  warmUpAdmissions: 60_000,
  limitMinutes: 60,
  notableRatio: 0.1,
};
export const SHORT: SoakEffort = {
  admissions: 30_000,
  warmUpAdmissions: 10_000,
  limitMinutes: 4,
  notableRatio: 0.3,
};

/**
 * A rise is one if so many more stretches show it, too. With an interval of 95 % around the slope of
 * ten noisy looks about one run in a hundred has a quantity, of seven, that rises by chance; three
 * in a row, each with as many looks or more, are about one in a million.
 */
const CONFIRMATIONS = 2;
/** Length of such a stretch, as a multiple of the part of the run that counted. */
const STRETCH_RATIO = 2;

/** What the product's own metrics say. */
const METRICS = {
  heapBytes: 'nodejs_heap_size_used_bytes',
  heapTotalBytes: 'nodejs_heap_size_total_bytes',
  youngBytes: 'nodejs_heap_space_size_total_bytes{space="new"}',
  externalBytes: 'nodejs_external_memory_bytes',
  residentBytes: 'process_resident_memory_bytes',
  openFiles: 'process_open_fds',
  handles: 'nodejs_active_handles_total',
  meanDelaySeconds: 'nodejs_eventloop_lag_mean_seconds',
  p99DelaySeconds: 'nodejs_eventloop_lag_p99_seconds',
} as const;

/**
 * What is watched: that, the resident memory without the young generation, whose size V8 makes as
 * large as the load of the moment asks for, and what neither the heap nor buffers explain.
 */
export type Quantity = keyof typeof METRICS | 'residentWithoutYoungBytes' | 'otherBytes';
const QUANTITIES: readonly Quantity[] = [
  ...(Object.keys(METRICS) as (keyof typeof METRICS)[]),
  'residentWithoutYoungBytes',
  'otherBytes',
];

/** What must not rise. The others tell where a rise of these is from, or follow the load. */
export const JUDGED: readonly Quantity[] = [
  'heapBytes',
  'externalBytes',
  'residentWithoutYoungBytes',
  'openFiles',
  'handles',
  'meanDelaySeconds',
  'p99DelaySeconds',
];

/** `bench/results/soak.json`, without the description of the machine. */
export interface SoakResults {
  readonly admissions: Figure;
  /** Admissions from which on a look counts. */
  readonly countedFrom: Figure;
  readonly failed: Figure;
  readonly seconds: Figure;
  readonly auditDropped: Figure;
  readonly courses: Readonly<Record<Quantity, Course>>;
}

const CONNECTIONS = 8;
/** Admissions between two looks. */
const STRIDE = 2000;
const SAY_SECONDS = 20;

/** Lets the product answer reviews over kept connections, and watches what it costs to go on. */
export async function measureSoak(
  effort: SoakEffort,
  say: (line: string) => void,
): Promise<SoakResults> {
  const folder = await mkdtemp(join(tmpdir(), 'perihelion-soak-'));
  const files = await makeCertificate(folder);
  const product = await startProduct({ folder, files });
  const load = new LoadProcess();
  const points = new Map<Quantity, Point[]>(QUANTITIES.map((name) => [name, []]));
  let admissions = 0;
  let failed = 0;
  let saidAt = 0;
  const begun = performance.now();
  const seconds = (): number => (performance.now() - begun) / 1000;
  const look = async (): Promise<void> => {
    const report = await load.run({
      ...{ port: product.port, connections: CONNECTIONS, requests: STRIDE },
      ...{ bytes: REVIEW_BYTES, limitMilliseconds: 120_000 },
    });
    admissions += report.completed;
    failed += report.failed;
    const seen = lookOf(await metricsOf(product.operationsPort));
    for (const [name, course] of points) course.push({ x: admissions / 1e6, y: seen[name] });
    if (seconds() - saidAt < SAY_SECONDS) return;
    saidAt = seconds();
    const mebibytes = (seen.residentBytes / 2 ** 20).toFixed(0);
    say(`${admissions} admissions, ${seconds().toFixed(0)} s, ${mebibytes} MiB`);
  };
  try {
    const inTime = (): boolean => seconds() < 60 * effort.limitMinutes;
    const lookOn = async (until: number): Promise<void> => {
      while (admissions < until && inTime()) await look();
    };
    await lookOn(effort.admissions);
    const counted = admissions;
    const countedFrom = Math.max(effort.warmUpAdmissions, Math.floor(counted / 3));
    const judgementOf = (name: Quantity): Judgement => ({
      ...{ unit: unitOf(name), floors: name === 'heapBytes' },
      ...{ notableRatio: effort.notableRatio, from: countedFrom / 1e6 },
    });
    const first = new Map([...points].map(([name, course]) => [name, [...course]]));
    const courses = Object.fromEntries(
      [...first].map(([name, course]) => [name, courseOf(course, judgementOf(name))]),
    ) as Record<Quantity, Course>;
    let rising = JUDGED.filter((name) => courses[name].verdict === 'rising');
    for (let turn = 0; turn < CONFIRMATIONS && rising.length > 0 && inTime(); turn += 1) {
      const from = admissions / 1e6;
      const stretch = STRETCH_RATIO * (counted - countedFrom);
      say(`rising: ${rising.join(', ')}; ${stretch} more admissions must show it, too`);
      await lookOn(admissions + stretch);
      const stays = (name: Quantity): boolean => {
        const later = (points.get(name) ?? []).filter(({ x }) => x > from);
        return confirmedBy(later, judgementOf(name), first.get(name) ?? []);
      };
      // What rose once and then did not is unsteady, which is what `open` says.
      for (const name of rising.filter((one) => !stays(one))) {
        courses[name] = { ...courses[name], verdict: 'open' };
      }
      rising = rising.filter((name) => courses[name].verdict === 'rising');
    }
    const metrics = await metricsOf(product.operationsPort);
    return {
      admissions: figureOf([counted], 'requests'),
      countedFrom: figureOf([countedFrom], 'requests'),
      failed: figureOf([failed], 'requests'),
      seconds: figureOf([seconds()], 'seconds'),
      auditDropped: figureOf([metrics.get('perihelion_audit_dropped_total') ?? NaN], 'lines'),
      courses,
    };
  } finally {
    await load.stop();
    await product.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function lookOf(metrics: ReadonlyMap<string, number>): Record<Quantity, number> {
  const look = Object.fromEntries(
    Object.entries(METRICS).map(([name, metric]) => [name, metrics.get(metric) ?? NaN]),
  ) as Record<keyof typeof METRICS, number>;
  const residentWithoutYoungBytes = look.residentBytes - look.youngBytes;
  const otherBytes = look.residentBytes - look.heapTotalBytes - look.externalBytes;
  return { ...look, residentWithoutYoungBytes, otherBytes };
}

function unitOf(name: Quantity): string {
  if (name.endsWith('Bytes')) return 'bytes';
  if (name.endsWith('Seconds')) return 'seconds';
  return name === 'handles' ? 'handles' : 'files';
}

/** The product's metrics by name and labels, and their sums by name. */
async function metricsOf(port: number): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  const sums = new Map<string, number>();
  for (const line of (await response.text()).split('\n')) {
    const [, name, labels, value] = /^(\w+)(\{.*\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined) continue;
    sums.set(name, (sums.get(name) ?? 0) + Number(value));
    if (labels !== undefined) sums.set(`${name}${labels}`, Number(value));
  }
  return sums;
}
