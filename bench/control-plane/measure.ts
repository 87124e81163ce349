// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { figureOf, type Figure } from '#cli/runs/figure.ts';
import { Processes } from '../../test/e2e/processes.ts';
import { Progress } from '../../test/e2e/progress.ts';
import { findTools, MissingToolsError, type Tools } from '../../test/e2e/tools.ts';
import { burst, type Burst } from './burst.ts';
import { cpuSecondsOf, usedBetween, type CpuSeconds } from './cpu.ts';
import { between, histogramIn, latencyOf, type Histogram } from './histogram.ts';
import { ARMS, setBenchCluster, WEBHOOKS, type Arm, type BenchCluster } from './stage.ts';

/** How much is measured. */
export interface ControlPlaneEffort {
  /** Each arm once in each, in turning order; one more before them is thrown away. */
  readonly rounds: number;
  readonly nodes: number;
  /** Of one burst. */
  readonly pods: number;
}

export const FULL_CONTROL_PLANE: ControlPlaneEffort = { rounds: 8, nodes: 300, pods: 500 };
export const QUICK_CONTROL_PLANE: ControlPlaneEffort = { rounds: 2, nodes: 300, pods: 200 };

type ByArm = Partial<Record<Arm, Figure>>;

/** `bench/results/control-plane.json`, without the description of the machine. */
export interface ControlPlaneResults {
  readonly nodes: number;
  readonly pods: number;
  /** Pods by the seconds until the last one was bound. */
  readonly podsPerSecond: ByArm;
  /** Arm to `none`, within each round. */
  readonly podsPerSecondRatio: ByArm;
  readonly secondsToBoundP50: ByArm;
  readonly secondsToBoundP99: ByArm;
  readonly readySeconds: ByArm;
  /** Pods of a burst on the fullest node. */
  readonly mostOnOneNode: ByArm;
  /** Pods of a burst that got a term. */
  readonly withTerm: ByArm;
  /** Calls that the API server gave up on, over all rounds; the Pod was created all the same. */
  readonly failedOpen: ByArm;
  /** The API server's own histogram of its calls. */
  readonly webhookMeanMilliseconds: ByArm;
  readonly webhookP99Milliseconds: ByArm;
  /**
   * CPU time by program from before a burst until its Pods are gone again, by Pod; `bench` is this
   * program, which stands between API server and replicas and watches Pods.
   */
  readonly cpuMillisecondsPerPod: Readonly<Record<string, ByArm>>;
  /** kube-scheduler's own: one attempt to schedule a Pod. */
  readonly schedulingAttemptMilliseconds: ByArm;
}

/** What one arm gave in one round. */
interface Sample {
  readonly burst: Burst;
  readonly scheduling: Histogram;
  readonly cpuSeconds: CpuSeconds;
}

/**
 * Bursts of Pods through a real control plane, by turns without a webhook, with the product and
 * with a stock Express webhook. undefined, with a line for people, where its programs are missing.
 */
export async function measureControlPlane(
  effort: ControlPlaneEffort,
  say: (line: string) => void,
): Promise<ControlPlaneResults | undefined> {
  const tools = await toolsOrNone(say);
  if (tools === undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'perihelion-bench-control-plane-'));
  const logs = fileURLToPath(new URL('../../out/bench/logs', import.meta.url));
  const processes = new Processes(logs);
  try {
    const cluster = await setBenchCluster({ tools, processes, folder, nodes: effort.nodes });
    say(`${effort.nodes} nodes and everything on them are up`);
    try {
      return await measureRounds(cluster, effort, say);
    } finally {
      await cluster.stop();
    }
  } finally {
    await processes.stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

async function toolsOrNone(say: (line: string) => void): Promise<Tools | undefined> {
  try {
    return await findTools(new Progress());
  } catch (error) {
    if (!(error instanceof MissingToolsError)) throw error;
    for (const line of error.missing) say(line);
    return undefined;
  }
}

async function measureRounds(
  cluster: BenchCluster,
  effort: ControlPlaneEffort,
  say: (line: string) => void,
): Promise<ControlPlaneResults> {
  const samples = new Map<Arm, Sample[]>(ARMS.map((arm) => [arm, []]));
  let before = await serverPage(cluster);
  for (let round = 0; round <= effort.rounds; round += 1) {
    // The first bursts fill caches and open connections, on both sides.
    if (round === 1) before = await serverPage(cluster);
    for (let turn = 0; turn < ARMS.length; turn += 1) {
      const arm = ARMS[(turn + round) % ARMS.length] ?? 'none';
      const sample = await measureArm(cluster, arm, `burst-${round}`, effort.pods);
      const perSecond = effort.pods / sample.burst.boundSeconds;
      say(`round ${round} of ${effort.rounds}, ${arm}: ${perSecond.toFixed(1)} Pods per second`);
      if (round > 0) samples.get(arm)?.push(sample);
    }
  }
  return resultsOf(effort, samples, before, await serverPage(cluster));
}

async function measureArm(
  cluster: BenchCluster,
  arm: Arm,
  name: string,
  pods: number,
): Promise<Sample> {
  const before = await schedulingHistogram(cluster);
  const cpuBefore = cpuOf(cluster);
  const result = await burst(cluster.controlPlane.api, { namespace: arm, name, pods });
  const cpuSeconds = usedBetween(cpuBefore, cpuOf(cluster));
  const scheduling = between(before, await schedulingHistogram(cluster));
  return { burst: result, scheduling, cpuSeconds };
}

function cpuOf({ processes }: BenchCluster): CpuSeconds {
  const { user, system } = process.cpuUsage();
  return new Map(cpuSecondsOf(processes.running)).set('bench', (user + system) / 1e6);
}

const WEBHOOK_DURATION = 'apiserver_admission_webhook_admission_duration_seconds';
const FAILED_OPEN = 'apiserver_admission_webhook_fail_open_count';
const SCHEDULING = 'scheduler_scheduling_attempt_duration_seconds';

function serverPage({ controlPlane }: BenchCluster): Promise<string> {
  return controlPlane.api.text('/metrics');
}

async function schedulingHistogram({ controlPlane }: BenchCluster): Promise<Histogram> {
  const page = await controlPlane.schedulerMetrics();
  return histogramIn(page, SCHEDULING, 'result="scheduled"');
}

function resultsOf(
  { nodes, pods }: ControlPlaneEffort,
  samples: ReadonlyMap<Arm, readonly Sample[]>,
  before: string,
  after: string,
): ControlPlaneResults {
  const by = (unit: string, pick: (sample: Sample) => number): ByArm =>
    Object.fromEntries([...samples].map(([arm, list]) => [arm, figureOf(list.map(pick), unit)]));
  const speed = ({ burst: { boundSeconds } }: Sample): number => pods / boundSeconds;
  const without = samples.get('none') ?? [];
  const ratios = [...samples]
    .filter(([arm]) => arm !== 'none')
    .map(([arm, list]): [Arm, Figure] => {
      const paired = list.map((one, round) => {
        const bare = without[round];
        return bare === undefined ? Number.NaN : speed(one) / speed(bare);
      });
      return [arm, figureOf(paired, 'ratio')];
    });
  const own = webhooksOf(before, after);
  return {
    nodes,
    pods,
    podsPerSecond: by('Pods per second', speed),
    podsPerSecondRatio: Object.fromEntries(ratios),
    secondsToBoundP50: by('seconds', ({ burst: { toBoundSeconds } }) => at(toBoundSeconds, 0.5)),
    secondsToBoundP99: by('seconds', ({ burst: { toBoundSeconds } }) => at(toBoundSeconds, 0.99)),
    readySeconds: by('seconds', ({ burst: { readySeconds } }) => readySeconds),
    mostOnOneNode: by('Pods', ({ burst: { mostOnOneNode } }) => mostOnOneNode),
    withTerm: by('Pods', ({ burst: { withTerm } }) => withTerm),
    ...own,
    cpuMillisecondsPerPod: Object.fromEntries(
      [...(without[0]?.cpuSeconds.keys() ?? [])].map((program) => [
        program,
        by('milliseconds', ({ cpuSeconds }) => (1000 * (cpuSeconds.get(program) ?? NaN)) / pods),
      ]),
    ),
    schedulingAttemptMilliseconds: by('milliseconds', ({ scheduling }) => {
      return latencyOf(scheduling)?.meanMilliseconds ?? Number.NaN;
    }),
  };
}

/** What the API server itself counted of its calls, over all rounds. */
function webhooksOf(
  before: string,
  after: string,
): Pick<ControlPlaneResults, 'failedOpen' | 'webhookMeanMilliseconds' | 'webhookP99Milliseconds'> {
  const failedOpen: ByArm = {};
  const webhookMeanMilliseconds: ByArm = {};
  const webhookP99Milliseconds: ByArm = {};
  for (const [arm, name] of Object.entries(WEBHOOKS) as [keyof typeof WEBHOOKS, string][]) {
    const label = `name="${name}"`;
    failedOpen[arm] = figureOf([countIn(after, label) - countIn(before, label)], 'calls');
    const latency = latencyOf(
      between(
        histogramIn(before, WEBHOOK_DURATION, label),
        histogramIn(after, WEBHOOK_DURATION, label),
      ),
    );
    if (latency === undefined) continue;
    webhookMeanMilliseconds[arm] = figureOf([latency.meanMilliseconds], 'milliseconds');
    webhookP99Milliseconds[arm] = figureOf([latency.p99Milliseconds], 'milliseconds');
  }
  return { failedOpen, webhookMeanMilliseconds, webhookP99Milliseconds };
}

function countIn(page: string, label: string): number {
  return page
    .split('\n')
    .filter((line) => line.startsWith(FAILED_OPEN) && line.includes(label))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

/** Nearest rank. */
function at(ascending: readonly number[], quantile: number): number {
  return ascending[Math.max(0, Math.ceil(quantile * ascending.length) - 1)] ?? Number.NaN;
}
