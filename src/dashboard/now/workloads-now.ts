// SPDX-License-Identifier: Apache-2.0
import type { Baselines } from '#reward/baseline.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { SlimPod } from '#cluster/objects/slim.ts';
import type { PodLatency } from '#telemetry/reading/source.ts';
import type { Figure, WorkloadNow } from '#dashboard/api/api.ts';
import { byText } from './cluster-now.ts';
import { figureOf, missing, worstQuality } from './figures.ts';
import type { DashboardSources, Measurement } from './sources.ts';

/** Most workloads in one answer. */
export const WORKLOADS_LIMIT = 1000;

/** Baselines of all loads together, as the learner stores them. */
const POOLED = 'all';

/** What the view is made from. */
export interface WorkloadsInput {
  readonly sources: Pick<
    DashboardSources,
    'view' | 'models' | 'policyFor' | 'namespaces' | 'workloadOf' | 'tierOf'
  >;
  readonly measurement: Measurement | undefined;
  readonly staleAfterSeconds: number;
}

/** Latency, load and energy of every workload of the namespaces that opted in, by name. */
export function workloadsNow(input: WorkloadsInput): WorkloadNow[] {
  const rows: WorkloadNow[] = [];
  for (const namespace of [...input.sources.namespaces()].sort(byText)) {
    const groups = new Map<string, SlimPod[]>();
    for (const pod of input.sources.view.pods(namespace)) {
      if (pod.nodeName === undefined || pod.deletedAt !== undefined) continue;
      const workload = input.sources.workloadOf(pod);
      const group = groups.get(workload);
      if (group === undefined) groups.set(workload, [pod]);
      else group.push(pod);
    }
    for (const [workload, pods] of [...groups].sort(([a], [b]) => byText(a, b))) {
      rows.push(workloadNow(namespace, workload, pods, input));
    }
  }
  return rows;
}

/** Name of a workload in the cluster. */
export function workloadName({
  namespace,
  workload,
}: Pick<WorkloadNow, 'namespace' | 'workload'>): string {
  return `${namespace}/${workload}`;
}

function workloadNow(
  namespace: string,
  workload: string,
  pods: readonly SlimPod[],
  input: WorkloadsInput,
): WorkloadNow {
  const { sources, measurement, staleAfterSeconds } = input;
  const [first] = pods;
  const from = measurement?.window.from ?? Infinity;
  // A Pod that came inside the window has no reading at its start.
  const grown = pods.filter(({ readyAt }) => readyAt !== undefined && readyAt <= from);
  const readings = grown.map((pod) => readingsOf(pod, measurement, staleAfterSeconds));
  const policy = sources.policyFor(namespace);
  const seen = sources.models.observation(namespace, policy.name)?.workloads[workload];
  const shard = sources.models.shard(namespace, policy.name, workload);
  const base = baselinesOf(shard, seen?.loadBucket);
  const { accounting, unit } = policy.spec.reward;
  const likeForLike = accounting === 'Attributed' && unit !== 'GramsCO2e';
  return {
    namespace,
    workload,
    tier: first === undefined ? '' : sources.tierOf(first),
    pods: pods.length,
    youngPods: pods.length - grown.length,
    scope: readings.find(({ scope }) => scope !== 'pod')?.scope ?? 'pod',
    requestsPerSecond: sumOf(readings.map(({ rate }) => rate)),
    p99Milliseconds: weightedMean(readings),
    worstP99Milliseconds: worstOf(readings.map(({ p99 }) => p99)),
    joulesPerRequest: joulesPerRequest(readings),
    defaultP99Milliseconds: baselineOf(base, 'p99Milliseconds'),
    defaultJoulesPerRequest: likeForLike ? baselineOf(base, 'joulesPerRequest') : undefined,
    loadBucket: seen?.loadBucket,
    history: [],
  };
}

/** Under the present load where they are known, else under all. */
function baselinesOf(
  shard: Pick<ModelShard, 'baselines'> | undefined,
  loadBucket: string | undefined,
): Baselines | undefined {
  return shard?.baselines[loadBucket ?? POOLED] ?? shard?.baselines[POOLED];
}

interface PodFigures {
  readonly scope: NonNullable<PodLatency['scope']>;
  readonly rate: Figure;
  /** Completed requests in the window. */
  readonly requests: Figure;
  readonly p99: Figure;
  readonly errors: Figure;
  readonly joules: Figure;
}

function readingsOf(
  pod: SlimPod,
  measurement: Measurement | undefined,
  staleAfterSeconds: number,
): PodFigures {
  const key = `${pod.namespace}/${pod.name}`;
  const latency = measurement?.latency.pods.get(key);
  const figure = (reading: Parameters<typeof figureOf>[0], what: string): Figure =>
    figureOf(reading, staleAfterSeconds, `${what} of Pod ${key}`);
  const requests = figure(latency?.requests, 'requests');
  const seconds = latency?.requests.kind === 'measured' ? latency.requests.windowSeconds : 0;
  const rate =
    requests.value !== undefined && seconds > 0
      ? { ...requests, value: requests.value / seconds }
      : { ...requests, value: undefined };
  return {
    scope: latency?.scope ?? 'pod',
    rate,
    requests,
    p99: figure(latency?.p99Milliseconds, 'latency'),
    errors: figure(latency?.errorRatio, 'errors'),
    joules: figure(measurement?.power.podJoules.get(pod.uid), 'energy'),
  };
}

/** The sum, as long as every Pod has a number: a part of it would look like a small load. */
function sumOf(figures: readonly Figure[]): Figure {
  const unknown = figures.find(({ value }) => value === undefined);
  if (unknown !== undefined || figures.length === 0) return unknown ?? NONE;
  const value = figures.reduce((sum, figure) => sum + (figure.value ?? 0), 0);
  return { status: worstQuality(figures), value, ageSeconds: oldest(figures) };
}

/** The largest of those known; a Pod without a number is no quick one, so it is told of. */
function worstOf(figures: readonly Figure[]): Figure {
  const known = figures.filter(({ value }) => value !== undefined);
  if (known.length === 0) return figures[0] ?? NONE;
  const value = Math.max(...known.map((figure) => figure.value ?? 0));
  return {
    status: worstQuality(known),
    value,
    ageSeconds: oldest(known),
    ...partly(known, figures),
  };
}

function weightedMean(pods: readonly PodFigures[]): Figure {
  const known = pods.filter(
    ({ p99, requests }) => p99.value !== undefined && (requests.value ?? 0) > 0,
  );
  const figures = known.map(({ p99 }) => p99);
  if (known.length === 0)
    return (
      pods.find(({ p99 }) => p99.value === undefined)?.p99 ?? (pods.length === 0 ? NONE : IDLE)
    );
  const weight = known.reduce((sum, { requests }) => sum + (requests.value ?? 0), 0);
  const value = known.reduce(
    (sum, { p99, requests }) => sum + ((p99.value ?? 0) * (requests.value ?? 0)) / weight,
    0,
  );
  const all = pods.map(({ p99 }) => p99);
  return {
    status: worstQuality(figures),
    value,
    ageSeconds: oldest(figures),
    ...partly(figures, all),
  };
}

/** Energy of the Pods by the requests that they served with success. */
function joulesPerRequest(pods: readonly PodFigures[]): Figure {
  const parts = pods.flatMap(({ joules, requests, errors }) => [joules, requests, errors]);
  const unknown = parts.find(({ value }) => value === undefined);
  if (unknown !== undefined || pods.length === 0) return unknown ?? NONE;
  let joules = 0;
  let served = 0;
  for (const pod of pods) {
    joules += pod.joules.value ?? 0;
    served += (pod.requests.value ?? 0) * (1 - (pod.errors.value ?? 0));
  }
  if (!(served > 0)) return IDLE;
  const figures = pods.map((pod) => pod.joules);
  return { status: worstQuality(figures), value: joules / served, ageSeconds: oldest(parts) };
}

const NONE: Figure = missing('too-few-samples', 'its Pods are younger than the window');
const IDLE: Figure = missing('too-few-samples', 'it served no request in the window');

function partly(known: readonly Figure[], all: readonly Figure[]): Pick<Figure, 'detail'> {
  if (known.length === all.length) return {};
  return { detail: `known of ${known.length} of ${all.length} Pods` };
}

function oldest(figures: readonly Figure[]): number {
  return Math.max(0, ...figures.map(({ ageSeconds }) => ageSeconds ?? 0));
}

function baselineOf(baselines: Baselines | undefined, cost: string): number | undefined {
  const baseline = baselines?.[cost];
  return baseline !== undefined && baseline.weight >= 1 && Number.isFinite(baseline.mean)
    ? baseline.mean
    : undefined;
}
