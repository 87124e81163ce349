// SPDX-License-Identifier: Apache-2.0
import { readEdges } from './edges.ts';
import { contradictions, type Endpoint, endpointKey, endpointTimes } from './endpoint.ts';
import type { ReadingOptions } from '#telemetry/reading/options.ts';
import { NO_DIRECTORY, type PodDirectory } from '#telemetry/reading/pod-directory.ts';
import type { MeshPreset } from '#telemetry/presets/preset.ts';
import { type Counted, requestReadings } from './requests.ts';
import {
  bucketRises,
  countersProblem,
  type Ends,
  pairUp,
  risesOf,
} from '#telemetry/counters/rises.ts';
import { groupKey, type Sample, type Vector } from '#telemetry/series/selection.ts';
import type { Labels } from '#telemetry/series/series.ts';
import type { LatencyWindow, PodLatency, TcpOnly, Window } from '#telemetry/reading/source.ts';
import { missing, type Span, spanOf } from '#telemetry/reading/span.ts';
import { tcpOnlyPods } from './tcp-only.ts';
import type { Answers } from '#telemetry/series/vector-source.ts';
import type { Missing } from '#telemetry/reading/reading.ts';

/** What is asked about requests; see `presets/questions.ts`. */
export type LatencyAnswers = Answers<
  | 'newestBefore'
  | 'newestAfter'
  | 'upBefore'
  | 'requestsBefore'
  | 'requestsAfter'
  | 'bucketsBefore'
  | 'bucketsAfter'
  | 'callsBefore'
  | 'callsAfter'
  | 'connectionsBefore'
  | 'connectionsAfter'
>;

/** What readings of requests are made with. */
export interface LatencyContext {
  readonly preset: MeshPreset;
  readonly window: Window;
  readonly options: ReadingOptions;
  readonly directory: PodDirectory;
}

/**
 * Requests and latency of one window, from one kind of mesh, and who calls whom. Where the
 * endpoint is the Pod's own (a sidecar, the server itself) readings are by Pod; a Pod that several
 * jobs scrape is read once. A waypoint stands in front of many Pods: its readings are by workload,
 * and say so.
 */
export function readLatency(answers: LatencyAnswers, context: LatencyContext): LatencyWindow {
  const { preset, window, options } = context;
  const contradicted = contradictions(answers);
  const endpoints = endpointTimes(answers).map((endpoint) => {
    const subject = `${preset.name} endpoint ${endpoint.pod}`;
    const limits = { staleAfterSeconds: options.staleAfterSeconds, subject };
    const span = contradicted(endpoint)
      ? missing('absent', `${subject}: requests were sampled, and are not in the answer`)
      : spanOf(window, endpoint, limits);
    return { endpoint, span };
  });
  const usable = new Set(
    endpoints.filter(({ span }) => span.kind === 'span').map(({ endpoint }) => endpoint.key),
  );
  const byPod = preset.scope === 'pod';
  const workloads = byPod ? undefined : readWorkloads(answers, endpoints, context);
  const pods = byPod
    ? readPods(answers, endpoints, context)
    : shares(workloads ?? new Map(), context.directory);
  const tcp = tcpOnlyPods(answers.connectionsAfter, pods, context);
  for (const key of tcp.endpoints) usable.add(key);
  return {
    pods,
    edges: readEdges(answers, usable),
    workloads,
    tcpOnly: tcp.pods,
    meshes: [preset.name],
  };
}

interface Timed {
  readonly endpoint: Endpoint;
  readonly span: Span | Missing;
}

function readPods(
  answers: LatencyAnswers,
  endpoints: readonly Timed[],
  context: LatencyContext,
): Map<string, PodLatency> {
  const requests = pairUp(answers.requestsBefore, answers.requestsAfter, endpointKey);
  const buckets = pairUp(answers.bucketsBefore, answers.bucketsAfter, endpointKey);
  const workloadOf = workloadNames(answers.callsAfter, context.preset);
  const pods = new Map<string, PodLatency>();
  for (const { endpoint, span } of endpoints) {
    const { key, pod } = endpoint;
    if (isGone(endpoint, context.directory)) continue;
    const counted =
      span.kind === 'span' ? [count(span, requests(key), buckets(key), context)] : [span];
    const readings = requestReadings(pod, counted, context.options);
    pods.set(pod, { ...readings, workload: workloadOf.get(key) });
  }
  return pods;
}

/**
 * A backend still knows Pods at the window's start that a rollout took away before it. One that no
 * longer tells and no longer exists is no reading that is missing.
 */
function isGone({ pod, after }: Endpoint, directory: PodDirectory): boolean {
  if (after !== undefined || directory === NO_DIRECTORY) return false;
  const slash = pod.indexOf('/');
  return directory.find(pod.slice(0, slash), pod.slice(slash + 1)) === undefined;
}

/** What the mesh calls the workload of each endpoint: itself in its own calls. */
function workloadNames(
  calls: Vector | undefined,
  { reportsCallsAs }: MeshPreset,
): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { labels } of calls ?? []) {
    const name = labels[`${reportsCallsAs}_workload`];
    if (name && name !== 'unknown') names.set(endpointKey(labels), name);
  }
  return names;
}

/** The labels that tell how a request ended. */
const ENDINGS = ['response_code', 'grpc_response_status', 'outcome'];

/** A million requests a second for ten years: no process has answered more. */
const GREATEST_REQUESTS = 3e14;

/** What one process counted in the window. */
function count(
  span: Span,
  requests: Ends,
  buckets: Ends,
  { preset }: LatencyContext,
): Counted | Missing {
  const identity = (labels: Labels): string => groupKey(labels, ENDINGS);
  const answered = risesOf(requests, identity);
  if (answered === undefined) {
    return missing('absent', 'requests could not be read at both ends of the window');
  }
  const problem = countersProblem(requests, identity, GREATEST_REQUESTS);
  if (problem === 'absurd') {
    return missing('absurd', `a counter of requests is negative or beyond ${GREATEST_REQUESTS}`);
  }
  if (problem === 'all-zero') {
    return missing('too-few-samples', "its requests still stood at 0 at the window's start");
  }
  if (problem === 'fell') {
    return missing('absent', 'its counters fell in the window: what they held before is lost');
  }
  const judged = answered.map((sample) => judge(sample, preset.successes));
  const began = (requests.before ?? []).every(({ value }) => value === 0);
  const { unit } = preset.durations;
  return { span, answered: judged, buckets: bucketRises(buckets, unit, began) };
}

/** What the exporter calls a success is one. */
function judge(sample: Sample, successes: readonly string[]): Sample {
  const { outcome } = sample.labels;
  if (!outcome) return sample;
  const word = successes.includes(outcome) ? 'success' : 'failure';
  return { ...sample, labels: { ...sample.labels, outcome: word } };
}

const WORKLOAD = ['destination_workload_namespace', 'destination_workload'];

/** The readings of every workload behind waypoints: what all replicas of the waypoint counted. */
function readWorkloads(
  answers: LatencyAnswers,
  endpoints: readonly Timed[],
  context: LatencyContext,
): Map<string, PodLatency> {
  const keyOf = (labels: Labels): string =>
    `${endpointKey(labels)}\u0001${groupKey(labels, WORKLOAD)}`;
  const requests = pairUp(answers.requestsBefore, answers.requestsAfter, keyOf);
  const buckets = pairUp(answers.bucketsBefore, answers.bucketsAfter, keyOf);
  const seenBy = workloadEndpoints([answers.requestsBefore, answers.requestsAfter]);
  const workloads = new Map<string, PodLatency>();
  for (const [workload, keys] of seenBy) {
    const counted = endpoints
      .filter(({ endpoint }) => keys.has(endpoint.key))
      .map(({ endpoint, span }) => {
        if (span.kind === 'missing') return span;
        const key = `${endpoint.key}\u0001${workload}`;
        return count(span, requests(key), buckets(key), context);
      });
    const name = workload.replace('\u0000', '/');
    const readings = requestReadings(name, counted, context.options);
    const own = workload.slice(workload.indexOf('\u0000') + 1);
    workloads.set(name, { ...readings, scope: 'workload', workload: own });
  }
  return workloads;
}

function workloadEndpoints(
  vectors: readonly (Vector | undefined)[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { labels } of vectors.flatMap((vector) => vector ?? [])) {
    const name = labels['destination_workload'];
    if (!name || name === 'unknown') continue;
    const key = groupKey(labels, WORKLOAD);
    const keys = found.get(key) ?? new Set<string>();
    found.set(key, keys.add(endpointKey(labels)));
  }
  return found;
}

/** Gives every Pod of a workload an equal share of its requests, and the quantiles of all. */
function shares(
  workloads: ReadonlyMap<string, PodLatency>,
  directory: PodDirectory,
): Map<string, PodLatency> {
  const pods = new Map<string, PodLatency>();
  for (const [key, latency] of workloads) {
    const slash = key.indexOf('/');
    const namespace = key.slice(0, slash);
    const names = directory.podsOf(namespace, key.slice(slash + 1));
    for (const name of names) {
      pods.set(`${namespace}/${name}`, shareOf(latency, names.length));
    }
  }
  return pods;
}

/** One of `replicas` equal shares of readings that several Pods have in common. */
export function shareOf(latency: PodLatency, replicas: number): PodLatency {
  const { requests } = latency;
  if (requests.kind === 'missing') return latency;
  return { ...latency, requests: { ...requests, value: requests.value / replicas } };
}

/** Several windows as one: where two know the same Pod, the earlier one counts. */
export function mergeLatency(windows: readonly LatencyWindow[]): LatencyWindow {
  const pods = new Map<string, PodLatency>();
  const workloads = new Map<string, PodLatency>();
  const tcpOnly = new Map<string, TcpOnly>();
  const edges = new Map<string, LatencyWindow['edges'][number]>();
  for (const window of windows) {
    addNew(pods, window.pods);
    addNew(workloads, window.workloads);
    addNew(tcpOnly, window.tcpOnly);
    for (const edge of window.edges) {
      const key = [edge.namespace, edge.source, edge.destination].join('\u0000');
      const known = edges.get(key);
      if (known === undefined || known.requests === 0) edges.set(key, edge);
    }
  }
  for (const [pod, latency] of pods) {
    if (latency.requests.kind === 'measured') tcpOnly.delete(pod);
  }
  return {
    pods,
    edges: [...edges.values()],
    workloads,
    tcpOnly,
    meshes: windows.flatMap(({ meshes }) => meshes ?? []),
  };
}

function addNew<V>(all: Map<string, V>, more: ReadonlyMap<string, V> | undefined): void {
  for (const [key, value] of more ?? []) if (!all.has(key)) all.set(key, value);
}
