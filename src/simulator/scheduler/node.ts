// SPDX-License-Identifier: Apache-2.0
import {
  podSpec,
  quantity,
  type Container,
  type KubeObject,
  type NodeParts,
} from '#simulator/kube/kube.ts';

/** Sums of CPU and memory. */
export interface Amounts {
  readonly cpuMillicores: number;
  readonly memoryBytes: number;
}

/** A Pod's requests: as the fit filter counts them, and as least-allocated scoring does. */
export interface PodRequests {
  readonly actual: Amounts;
  /** Containers without a request count as 100m and 200 MiB here, as in the stock scheduler. */
  readonly nonZero: Amounts;
}

/** One node with what runs on it, as the scheduler sees it. */
export interface SchedulerNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly unschedulable: boolean;
  readonly ready: boolean;
  readonly taints: readonly {
    readonly key: string;
    readonly value: string;
    readonly effect: string;
  }[];
  readonly allocatable: Amounts & { readonly pods: number };
  readonly requested: PodRequests;
  /** Pods bound to the node that still hold resources. */
  readonly pods: readonly KubeObject[];
}

const DEFAULT_CPU_MILLICORES = 100;
const DEFAULT_MEMORY_BYTES = 200 * 2 ** 20;

/**
 * Requests of a Pod: containers and sidecars together, or what its init containers need at their
 * peak (each beside the sidecars started before it) where that is more; plus overhead.
 */
export function podRequests(pod: KubeObject): PodRequests {
  return {
    actual: totalRequests(pod, 0, 0),
    nonZero: totalRequests(pod, DEFAULT_CPU_MILLICORES, DEFAULT_MEMORY_BYTES),
  };
}

/** Whether a Pod still holds what it asked for. */
function holds(pod: KubeObject): boolean {
  const phase = pod.status?.['phase'];
  return phase !== 'Succeeded' && phase !== 'Failed';
}

/** The same node with one more Pod: what was counted before is not counted again. */
export function withPod(node: SchedulerNode, pod: KubeObject): SchedulerNode {
  if (!holds(pod)) return node;
  const requests = podRequests(pod);
  return {
    ...node,
    requested: {
      actual: add(node.requested.actual, requests.actual),
      nonZero: add(node.requested.nonZero, requests.nonZero),
    },
    pods: [...node.pods, pod],
  };
}

function totalRequests(pod: KubeObject, cpu: number, memory: number): Amounts {
  const spec = podSpec(pod);
  let sidecars = NOTHING;
  let peak = NOTHING;
  for (const container of spec.initContainers ?? []) {
    const request = requestsOf(container, cpu, memory);
    peak = larger(peak, add(sidecars, request));
    if (container.restartPolicy === 'Always') sidecars = add(sidecars, request);
  }
  let running = sidecars;
  for (const container of spec.containers) {
    running = add(running, requestsOf(container, cpu, memory));
  }
  return add(larger(peak, running), amounts(spec.overhead, 0, 0));
}

const NOTHING: Amounts = { cpuMillicores: 0, memoryBytes: 0 };

function larger(a: Amounts, b: Amounts): Amounts {
  return {
    cpuMillicores: Math.max(a.cpuMillicores, b.cpuMillicores),
    memoryBytes: Math.max(a.memoryBytes, b.memoryBytes),
  };
}

function requestsOf(container: Container, cpu: number, memory: number): Amounts {
  return amounts(container.resources?.requests, cpu, memory);
}

function amounts(
  list: Readonly<Record<string, string>> | undefined,
  cpu: number,
  memory: number,
): Amounts {
  const cpuText = list?.['cpu'];
  const memoryText = list?.['memory'];
  return {
    cpuMillicores: cpuText === undefined ? cpu : Math.ceil(quantity(cpuText) * 1000),
    memoryBytes: memoryText === undefined ? memory : Math.ceil(quantity(memoryText)),
  };
}

/** Sum of two amounts. */
export function add(a: Amounts, b: Amounts): Amounts {
  return {
    cpuMillicores: a.cpuMillicores + b.cpuMillicores,
    memoryBytes: a.memoryBytes + b.memoryBytes,
  };
}

/** Builds the scheduler's view of a Node object and the Pods bound to it. */
export function schedulerNode(node: KubeObject, bound: readonly KubeObject[]): SchedulerNode {
  const spec = (node.spec ?? {}) as NodeParts;
  const status = (node.status ?? {}) as {
    allocatable?: Record<string, string>;
    conditions?: { type: string; status: string }[];
  };
  const holding = bound.filter(holds);
  let actual = NOTHING;
  let nonZero = NOTHING;
  for (const pod of holding) {
    const requests = podRequests(pod);
    actual = add(actual, requests.actual);
    nonZero = add(nonZero, requests.nonZero);
  }
  return {
    name: node.metadata.name ?? '',
    labels: node.metadata.labels ?? {},
    unschedulable: spec.unschedulable === true,
    ready: status.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false,
    taints: (spec.taints ?? []).map((taint) => ({ value: '', ...taint })),
    allocatable: {
      ...amounts(status.allocatable, 0, 0),
      pods: Number(status.allocatable?.['pods'] ?? 110),
    },
    requested: { actual, nonZero },
    pods: holding,
  };
}
