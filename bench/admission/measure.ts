// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Figure, figureOf } from '#cli/runs/figure.ts';
import { makeCertificate } from './certificate.ts';
import { goProgram } from './go-program.ts';
import type { LoadOrder, LoadReport } from './load.ts';
import { REVIEW_BYTES } from './review.ts';
import {
  LoadProcess,
  startGoServer,
  startNodeServer,
  startProduct,
  type Subject,
} from './servers.ts';

/** How much is measured. */
export interface Effort {
  /** Rounds; each server once in each, in turning order. */
  readonly rounds: number;
  /** Requests of one server in one round. */
  readonly requests: number;
  readonly warmUpRequests: number;
}

export const FULL: Effort = { rounds: 12, requests: 4000, warmUpRequests: 12_000 };
export const QUICK: Effort = { rounds: 4, requests: 1500, warmUpRequests: 4000 };

/** Values of the topology key of the second policy: a common number of pools or zones. */
const POOLS = 4;
/** Connections of the rounds that CPU time is taken from. */
const CONNECTIONS = 8;
/** The API server's own limit of mutating requests under way. */
const IN_FLIGHT = 200;
const LARGE_BYTES = 2 ** 20;
const LIMIT_MILLISECONDS = 60_000;
const IDLE_SECONDS = 10;
const IDLE_WINDOWS = 3;

type ByServer = Partial<Record<string, Figure>>;

/** `bench/results/admission.json`, without the description of the machine. */
export interface AdmissionResults {
  readonly reviewBytes: number;
  readonly connections: number;
  readonly cpuMicrosecondsPerRequest: ByServer;
  /** Product to bare server, pairwise within each round. */
  readonly ratioToBare: Figure;
  readonly ratioToExpress: Figure;
  /** The same with a policy that chooses among {@link POOLS} pools in place of 50 hostnames. */
  readonly ratioToBarePools: Figure;
  /** Absent where Go is not installed. */
  readonly ratioToControllerRuntime?: Figure;
  readonly ratioToControllerRuntimePools?: Figure;
  readonly requestsPerSecond: ByServer;
  readonly p99MillisecondsAt200InFlight: ByServer;
  readonly p99Milliseconds: ByServer;
  readonly maxEventLoopDelayMilliseconds: {
    readonly perihelion: Figure;
    readonly bare: Figure;
    readonly perihelionAt200InFlight: Figure;
    readonly perihelionLargePod: Figure;
    readonly bareLargePod: Figure;
  };
  /**
   * CPU time of the main thread in the longest turn of the event loop; absent in files of before it
   * was measured.
   */
  readonly longestTurnCpuMilliseconds?: {
    readonly perihelionAt200InFlight: Figure;
    readonly bareAt200InFlight: Figure;
    readonly perihelionLargePod: Figure;
    readonly bareLargePod: Figure;
  };
  /** Share of the product's answers that prefer a target; the rest is holdout and default. */
  readonly shareWithTerm: Figure;
  readonly shareWithTermPools: Figure;
  /** CPU of the product while nobody asks it anything; absent in files of before it was measured. */
  readonly idleMillicores?: Figure;
  readonly startToReady: { readonly wallSeconds: Figure; readonly cpuSeconds: Figure };
  /** What could not be measured, and why. */
  readonly left: readonly string[];
}

/** One measured load: what the server says of itself and what its caller saw. */
interface Sample {
  readonly cpuMicroseconds: number;
  readonly maxDelayMilliseconds: number | undefined;
  readonly longestTurnMilliseconds: number | undefined;
  readonly load: LoadReport;
}

/** Measures every server, interleaved round by round. */
export async function measureAdmission(
  effort: Effort,
  say: (line: string) => void,
): Promise<AdmissionResults> {
  const folder = await mkdtemp(join(tmpdir(), 'perihelion-bench-'));
  const running: { stop(): Promise<void> }[] = [];
  const keep = <T extends { stop(): Promise<void> }>(one: T): T => {
    running.push(one);
    return one;
  };
  try {
    const files = await makeCertificate(folder);
    const left: string[] = [];
    const bare = keep(await startNodeServer('bare', 'bare-server.ts', files));
    const express = keep(await startNodeServer('express', 'express-server.ts', files));
    const go = goProgram('controller-runtime', say);
    const peer = typeof go === 'string' ? keep(await startGoServer(go, files)) : undefined;
    if (typeof go !== 'string') left.push(go.problem);
    const product = keep(await startProduct({ folder, files }));
    const poolsFolder = join(folder, 'pools');
    await mkdir(poolsFolder);
    const pools = keep(await startProduct({ folder: poolsFolder, files, pools: POOLS }));
    const load = keep(new LoadProcess());
    const subjects: Subject[] = [bare, express, product, pools];
    if (peer !== undefined) subjects.push(peer);
    const samples = await measureRounds({ subjects, load, effort, say });
    const at200 = await measureTail({ subjects, load, effort, say });
    const large = await measureLarge([bare, product], load);
    const idleMillicores = await measureIdle(product, say);
    return {
      ...resultsOf(samples, at200, large),
      idleMillicores,
      startToReady: {
        wallSeconds: figureOf([product.start.wallSeconds], 'seconds'),
        cpuSeconds: figureOf([product.start.cpuSeconds], 'seconds'),
      },
      left,
    };
  } finally {
    for (const one of running.reverse()) await one.stop().catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  }
}

interface Rounds {
  readonly subjects: readonly Subject[];
  readonly load: LoadProcess;
  readonly effort: Effort;
  readonly say: (line: string) => void;
}

type Samples = ReadonlyMap<string, Sample[]>;

async function measureRounds({ subjects, load, effort, say }: Rounds): Promise<Samples> {
  const samples = new Map<string, Sample[]>(subjects.map(({ name }) => [name, []]));
  for (const subject of subjects) {
    say(`warming ${subject.name} up`);
    await sample(subject, load, { requests: effort.warmUpRequests, connections: CONNECTIONS });
  }
  for (let round = 0; round < effort.rounds; round += 1) {
    say(`round ${round + 1} of ${effort.rounds}`);
    for (let turn = 0; turn < subjects.length; turn += 1) {
      // Another one begins each round, so that nobody always follows the same neighbour.
      const subject = subjects[(turn + round) % subjects.length] as Subject;
      const requests = effort.requests;
      samples
        .get(subject.name)
        ?.push(await sample(subject, load, { requests, connections: CONNECTIONS }));
    }
  }
  return samples;
}

async function measureTail({ subjects, load, effort, say }: Rounds): Promise<Samples> {
  say(`with ${IN_FLIGHT} requests under way`);
  const samples = new Map<string, Sample[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round < Math.min(5, effort.rounds); round += 1) {
    for (const subject of subjects) {
      const order = { requests: effort.requests, connections: IN_FLIGHT };
      samples.get(subject.name)?.push(await sample(subject, load, order, true));
    }
  }
  return samples;
}

async function measureLarge(subjects: readonly Subject[], load: LoadProcess): Promise<Samples> {
  const samples = new Map<string, Sample[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round < 3; round += 1) {
    for (const subject of subjects) {
      const order = { requests: 24, connections: 1, bytes: LARGE_BYTES };
      samples.get(subject.name)?.push(await sample(subject, load, order, true));
    }
  }
  return samples;
}

/** Several windows, since the work that is left comes in bursts: renewals, heartbeats, timers. */
async function measureIdle(product: Subject, say: (line: string) => void): Promise<Figure> {
  say('left alone');
  const millicores: number[] = [];
  for (let window = 0; window < IDLE_WINDOWS; window += 1) {
    const before = await product.usage();
    await sleep(IDLE_SECONDS * 1000);
    const after = await product.usage();
    const seconds = (after.cpuMicroseconds - before.cpuMicroseconds) / 1e6;
    millicores.push((1000 * seconds) / IDLE_SECONDS);
  }
  return figureOf(millicores, 'millicores');
}

async function sample(
  subject: Subject,
  load: LoadProcess,
  order: Pick<LoadOrder, 'requests' | 'connections'> & Partial<LoadOrder>,
  turns = false,
): Promise<Sample> {
  subject.reset(turns);
  const before = await subject.usage();
  const report = await load.run({
    port: subject.port,
    bytes: REVIEW_BYTES,
    limitMilliseconds: LIMIT_MILLISECONDS,
    ...order,
  });
  const after = await subject.usage();
  // One whose turns are watched is never idle, and would take from the next one's cores.
  if (turns) subject.reset();
  if (report.failed > 0) throw new Error(`${subject.name}: ${report.failed} failed answers`);
  return {
    cpuMicroseconds: (after.cpuMicroseconds - before.cpuMicroseconds) / report.completed,
    maxDelayMilliseconds: after.maxDelayMilliseconds,
    longestTurnMilliseconds: after.longestTurnMilliseconds,
    load: report,
  };
}

function resultsOf(
  samples: Samples,
  at200: Samples,
  large: Samples,
): Omit<AdmissionResults, 'startToReady' | 'left' | 'idleMillicores'> {
  const cpu = (name: string): number[] =>
    (samples.get(name) ?? []).map(({ cpuMicroseconds }) => cpuMicroseconds);
  const ratioTo = (name: string, of = 'perihelion'): Figure =>
    figureOf(
      cpu(of).map((value, round) => value / (cpu(name)[round] ?? Number.NaN)),
      'ratio',
    );
  const each = (from: Samples, unit: string, pick: (sample: Sample) => number): ByServer =>
    Object.fromEntries(
      [...from].map(([name, list]) => [name, figureOf(list.map(pick), unit)] as const),
    );
  const delay = (from: Samples, name: string): Figure =>
    figureOf(
      (from.get(name) ?? []).map(({ maxDelayMilliseconds }) => maxDelayMilliseconds ?? Number.NaN),
      'milliseconds',
    );
  const longestTurn = (from: Samples, name: string): Figure =>
    figureOf(
      (from.get(name) ?? []).map((one) => one.longestTurnMilliseconds ?? Number.NaN),
      'milliseconds',
    );
  const withTerm = (name: string): Figure =>
    figureOf(
      (samples.get(name) ?? []).map(({ load }) => load.withTerm / load.completed),
      'ratio',
    );
  return {
    reviewBytes: REVIEW_BYTES,
    connections: CONNECTIONS,
    cpuMicrosecondsPerRequest: each(samples, 'microseconds', (one) => one.cpuMicroseconds),
    ratioToBare: ratioTo('bare'),
    ratioToExpress: ratioTo('express'),
    ratioToBarePools: ratioTo('bare', 'perihelionPools'),
    ...(samples.has('controllerRuntime')
      ? {
          ratioToControllerRuntime: ratioTo('controllerRuntime'),
          ratioToControllerRuntimePools: ratioTo('controllerRuntime', 'perihelionPools'),
        }
      : {}),
    requestsPerSecond: each(
      samples,
      'requests per second',
      ({ load }) => load.completed / (load.wallMilliseconds / 1000),
    ),
    p99MillisecondsAt200InFlight: each(at200, 'milliseconds', ({ load }) => load.p99Milliseconds),
    p99Milliseconds: each(samples, 'milliseconds', ({ load }) => load.p99Milliseconds),
    maxEventLoopDelayMilliseconds: {
      perihelion: delay(samples, 'perihelion'),
      bare: delay(samples, 'bare'),
      perihelionAt200InFlight: delay(at200, 'perihelion'),
      perihelionLargePod: delay(large, 'perihelion'),
      bareLargePod: delay(large, 'bare'),
    },
    longestTurnCpuMilliseconds: {
      perihelionAt200InFlight: longestTurn(at200, 'perihelion'),
      bareAt200InFlight: longestTurn(at200, 'bare'),
      perihelionLargePod: longestTurn(large, 'perihelion'),
      bareLargePod: longestTurn(large, 'bare'),
    },
    shareWithTerm: withTerm('perihelion'),
    shareWithTermPools: withTerm('perihelionPools'),
  };
}
