// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Figure, figureOf } from '#cli/figure.ts';
import { makeCertificate } from '../admission/certificate.ts';
import { REVIEW_BYTES } from '../admission/review.ts';
import { LoadProcess, startProduct } from '../admission/servers.ts';
import { floorsOf, slopeOf, type Point } from './slope.ts';

/** How long to go on. */
export interface SoakEffort {
  readonly admissions: number;
  /** Not counted: caches fill, the compiler settles, decisions on their way reach their bound. */
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
  limitMinutes: 5,
  notableRatio: 0.3,
};

/** What is watched, by its name in the product's own metrics. */
const WATCHED = {
  heapBytes: 'nodejs_heap_size_used_bytes',
  residentBytes: 'process_resident_memory_bytes',
  handles: 'nodejs_active_handles_total',
  meanDelaySeconds: 'nodejs_eventloop_lag_mean_seconds',
  p99DelaySeconds: 'nodejs_eventloop_lag_p99_seconds',
} as const;

type Quantity = keyof typeof WATCHED;
const QUANTITIES = Object.keys(WATCHED) as Quantity[];

/** A quantity over the run, after the warm-up. */
export interface Course {
  readonly level: Figure;
  /** Change per million admissions; absent where the run was too short to say. */
  readonly perMillion?: Figure;
}

/** `bench/results/soak.json`, without the description of the machine. */
export interface SoakResults {
  readonly admissions: Figure;
  readonly failed: Figure;
  readonly seconds: Figure;
  readonly auditDropped: Figure;
  readonly courses: Readonly<Record<Quantity, Course>>;
  /** What rose beyond doubt by more than a share of its level (`notableRatio`); empty = flat. */
  readonly rising: readonly Quantity[];
}

const CONNECTIONS = 8;
/** Between two looks. */
const STRIDE = 2000;
/** Groups of looks; of each the lowest counts, but for handles. */
const GROUPS = 24;
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
  try {
    while (admissions < effort.admissions && seconds() < 60 * effort.limitMinutes) {
      const report = await load.run({
        ...{ port: product.port, connections: CONNECTIONS, requests: STRIDE },
        ...{ bytes: REVIEW_BYTES, limitMilliseconds: 120_000 },
      });
      admissions += report.completed;
      failed += report.failed;
      const metrics = await metricsOf(product.operationsPort);
      if (admissions > effort.warmUpAdmissions) {
        for (const [name, course] of points) {
          course.push({ x: admissions / 1e6, y: metrics.get(WATCHED[name]) ?? NaN });
        }
      }
      if (seconds() - saidAt >= SAY_SECONDS) {
        saidAt = seconds();
        const mebibytes = (metrics.get(WATCHED.residentBytes) ?? NaN) / 2 ** 20;
        say(`${admissions} admissions, ${seconds().toFixed(0)} s, ${mebibytes.toFixed(0)} MiB`);
      }
    }
    const metrics = await metricsOf(product.operationsPort);
    const courses = Object.fromEntries(
      [...points].map(([name, course]) => [name, courseOf(name, course)]),
    ) as Record<Quantity, Course>;
    return {
      admissions: figureOf([admissions], 'requests'),
      failed: figureOf([failed], 'requests'),
      seconds: figureOf([seconds()], 'seconds'),
      auditDropped: figureOf([metrics.get('perihelion_audit_dropped_total') ?? NaN], 'lines'),
      courses,
      rising: QUANTITIES.filter((name) =>
        isRising(courses[name], points.get(name) ?? [], effort.notableRatio),
      ),
    };
  } finally {
    await load.stop();
    await product.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function courseOf(name: Quantity, points: readonly Point[]): Course {
  const unit = name.endsWith('Bytes') ? 'bytes' : name === 'handles' ? 'handles' : 'seconds';
  // Garbage collection makes a saw of memory, and other work on the machine one of delays.
  const looks = name === 'handles' ? points : floorsOf(points, GROUPS);
  const perMillion = slopeOf(looks, `${unit}/million`);
  const level = figureOf(
    points.map(({ y }) => y),
    unit,
  );
  return perMillion === undefined ? { level } : { level, perMillion };
}

/** Whether it rose over the run by more than this share of its level, chance aside. */
function isRising({ level, perMillion }: Course, points: readonly Point[], ratio: number): boolean {
  const span = (points.at(-1)?.x ?? 0) - (points[0]?.x ?? 0);
  return perMillion !== undefined && perMillion.low * span > ratio * level.mean;
}

/** Sums of the product's metrics by name. */
async function metricsOf(port: number): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  const sums = new Map<string, number>();
  for (const line of (await response.text()).split('\n')) {
    const [, name, value] = /^(\w+)(?:\{.*\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined) continue;
    sums.set(name, (sums.get(name) ?? 0) + Number(value));
  }
  return sums;
}
