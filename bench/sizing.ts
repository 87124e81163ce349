// SPDX-License-Identifier: Apache-2.0
import { markdownTable } from './shared/markdown.ts';
import { figuresOf } from './shared/results.ts';

/*
 * What a replica of the webhook needs, from the committed results of the benches: the tables of
 * `docs/how-to/sizing.md`.
 */

/** What the tables are made from: `bench/results/admission.json` and `scale.json`. */
export interface SizingSources {
  readonly admission: object;
  readonly scale: object;
}

/** What one thing costs a replica; CPU time in microseconds, memory in bytes. */
export interface UnitCosts {
  readonly admissionMicroseconds: number;
  readonly admissionPoolsMicroseconds: number;
  readonly podEventMicroseconds: number;
  readonly nodeEventMicroseconds: number;
  readonly idleMillicores: number;
  readonly podBytes: number;
  readonly nodeBytes: number;
  /** Of the leader of the learners. */
  readonly settleMicroseconds: number;
  readonly publishMicroseconds: number;
}

/** A cluster, as far as memory goes. */
export interface ClusterSize {
  readonly nodes: number;
  readonly pods: number;
}

const REPLICAS = 2;
/** Created, bound, running, and three times on its way out. */
const EVENTS_OF_A_POD = 6;
/** Of one new connection (`bench/admission/key-exchange.ts`); in a burst nearly every call makes one. */
const HANDSHAKE_MICROSECONDS = 700;
/** What is live in a replica of a small cluster after a million admissions (`soak.json`). */
const BASE_MEBIBYTES = 100;
/** Live bytes to the size of the heap: the collector needs room, or it does little else. */
const HEAP_FACTOR = 1.5;
/** Node.js 24 takes a little more than half of the container's limit for its heap. */
const LIMIT_FACTOR = 2;
const SHIPPED_MEBIBYTES = 768;
const STEP_MEBIBYTES = 256;
const MEBIBYTE = 2 ** 20;

const CLUSTERS: readonly ClusterSize[] = [
  { nodes: 100, pods: 2000 },
  { nodes: 1000, pods: 20_000 },
  { nodes: 5000, pods: 150_000 },
  { nodes: 20_000, pods: 400_000 },
  { nodes: 100_000, pods: 1_000_000 },
];
const PODS_PER_SECOND = [1, 10, 50, 100, 500];

/** @throws RangeError where a figure is missing, with its name */
export function unitCostsOf({ admission, scale }: SizingSources): UnitCosts {
  const figures = new Map([...figuresOf(admission), ...figuresOf(scale)]);
  const mean = (name: string): number => {
    const figure = figures.get(name);
    if (figure === undefined) throw new RangeError(`${name}: not in the results`);
    return figure.mean;
  };
  const { workloads } = (scale as { publication?: { workloads?: number } }).publication ?? {};
  if (workloads === undefined) throw new RangeError('publication.workloads: not in the results');
  return {
    admissionMicroseconds: mean('cpuMicrosecondsPerRequest.perihelion'),
    admissionPoolsMicroseconds: mean('cpuMicrosecondsPerRequest.perihelionPools'),
    podEventMicroseconds: mean('informer.followedPodEventMicroseconds'),
    nodeEventMicroseconds: mean('informer.nodeEventMicroseconds'),
    idleMillicores: mean('idleMillicores'),
    podBytes: mean('memory.bytesPerPod'),
    nodeBytes: mean('memory.bytesPerNode'),
    settleMicroseconds: (mean('settleCycle.10000.cpuSeconds') / 10_000) * 1e6,
    publishMicroseconds: (mean('publication.writerCpuSeconds') / workloads) * 1e6,
  };
}

/** Memory limit of a replica, MiB; the shipped one where that will do. */
export function memoryLimitMebibytes(costs: UnitCosts, { nodes, pods }: ClusterSize): number {
  const live = BASE_MEBIBYTES + (nodes * costs.nodeBytes + pods * costs.podBytes) / MEBIBYTE;
  const limit = Math.ceil((live * HEAP_FACTOR * LIMIT_FACTOR) / STEP_MEBIBYTES) * STEP_MEBIBYTES;
  return Math.max(SHIPPED_MEBIBYTES, limit);
}

/** Cores that each of two replicas uses where so many Pods are created a second, all of them met. */
export function coresOf(costs: UnitCosts, podsPerSecond: number): number {
  const answering = (costs.admissionMicroseconds + HANDSHAKE_MICROSECONDS) / REPLICAS;
  const following = EVENTS_OF_A_POD * costs.podEventMicroseconds;
  return costs.idleMillicores / 1000 + (podsPerSecond * (answering + following)) / 1e6;
}

/** The tables by the names of their markers on the page. */
export function sizingTables(sources: SizingSources): Readonly<Record<string, string>> {
  const costs = unitCostsOf(sources);
  const milliseconds = (microseconds: number): string => `${(microseconds / 1000).toFixed(2)} ms`;
  const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;
  return {
    costs: markdownTable(
      ['what', 'cost'],
      [
        [
          'an admission on an open connection, 50 hostnames',
          milliseconds(costs.admissionMicroseconds),
        ],
        ['the same, four pools', milliseconds(costs.admissionPoolsMicroseconds)],
        ['a new connection', 'up to 0.7 ms'],
        [
          'a Pod followed for its life, opted in or not',
          milliseconds(EVENTS_OF_A_POD * costs.podEventMicroseconds),
        ],
        ['a report of a Node', milliseconds(costs.nodeEventMicroseconds)],
        ['nothing to do', `${costs.idleMillicores.toFixed(0)} millicores`],
        ['a Pod in memory', kilobytes(costs.podBytes)],
        ['a Node in memory', kilobytes(costs.nodeBytes)],
        ['leading learner: a placement settled', milliseconds(costs.settleMicroseconds)],
        ['leading learner: a workload published', milliseconds(costs.publishMicroseconds)],
      ],
    ),
    cores: markdownTable(
      ['Pods created a second', 'cores of each of two replicas'],
      PODS_PER_SECOND.map((rate) => [String(rate), coresOf(costs, rate).toFixed(2)]),
    ),
    limits: markdownTable(
      ['Nodes', 'Pods', 'memory limit'],
      CLUSTERS.map((size) => [
        size.nodes.toLocaleString('en-GB'),
        size.pods.toLocaleString('en-GB'),
        `${memoryLimitMebibytes(costs, size)}Mi`,
      ]),
    ),
  };
}
