// SPDX-License-Identifier: Apache-2.0
import { findResource } from '#simulator/api/resources.ts';
import type { Store, StoreEvent } from '#simulator/api/store.ts';
import type { EnergyMeter } from '#simulator/machines/energy-meter.ts';
import type { Engine } from '#simulator/engine/engine.ts';
import {
  kubeTime,
  podSpec,
  quantity,
  type KubeObject,
  type LabelSelector,
} from '#simulator/kube/kube.ts';
import { SERVICE_LABEL } from '#simulator/application/pod-template.ts';
import type { Random } from '#simulator/random/random.ts';
import type { RunningPod } from './running-pod.ts';
import { schedule } from '#simulator/scheduler/scheduler.ts';
import { schedulerNode } from '#simulator/scheduler/node.ts';
import type { Timers } from '#simulator/events/timers.ts';

/** Delays of a Pod's life, virtual seconds. */
export interface LifeTimes {
  /** From binding to Ready. */
  readonly startUpSeconds: number;
  /** From deletion to the end of the process; meanwhile no new calls arrive. */
  readonly terminationSeconds: number;
}

/** What the kubelet works with. */
export interface KubeletParts {
  readonly store: Store;
  readonly engine: Engine;
  readonly meter: EnergyMeter;
  readonly timers: Timers;
  /** Service names by engine number, and the namespace they live in. */
  readonly services: readonly string[];
  readonly namespace: string;
  readonly nodeNames: readonly string[];
  readonly lifeTimes: LifeTimes;
  readonly random: Random;
  /** Milliseconds since the epoch, virtual. */
  readonly now: () => number;
  readonly onReady: (pod: KubeObject) => void;
  readonly onGone: (pod: KubeObject) => void;
}

/**
 * Scheduler loop and kubelets in one: binds Pods as soon as they appear, starts them in the
 * engine, reports them Ready after the start-up time and ends them when they are deleted.
 */
export class Kubelet {
  /** Bound Pods by UID. */
  readonly running = new Map<string, RunningPod>();
  /** Pods that ended on each node since its last Kepler scrape. */
  readonly terminated = new Map<string, RunningPod[]>();
  readonly #parts: KubeletParts;
  readonly #pods = findResource('', 'pods') ?? missing('pods');
  readonly #nodes = findResource('', 'nodes') ?? missing('nodes');
  readonly #replicaSets = findResource('apps', 'replicasets') ?? missing('replicasets');

  constructor(parts: KubeletParts) {
    this.#parts = parts;
    parts.store.subscribe((event) => this.#observe(event));
  }

  /** Running Pods of a node, in the order in which they were bound. */
  onNode(nodeName: string): RunningPod[] {
    return [...this.running.values()].filter((pod) => pod.nodeName === nodeName);
  }

  #observe(event: StoreEvent): void {
    if (event.resource === this.#nodes) this.#scheduleWaiting();
    if (event.resource !== this.#pods) return;
    if (event.type === 'ADDED') this.#bind(event.object);
    else if (event.type === 'DELETED') this.#gone(event.object);
    else if (
      event.object.metadata.deletionTimestamp !== undefined &&
      event.previous?.metadata.deletionTimestamp === undefined
    ) {
      this.#terminate(event.object);
    }
  }

  #scheduleWaiting(): void {
    for (const pod of this.#parts.store.list(this.#pods)) {
      if (podSpec(pod).nodeName === undefined) this.#bind(pod);
    }
  }

  #bind(pod: KubeObject): void {
    const bound = podSpec(pod).nodeName;
    if (bound !== undefined) {
      this.#start(pod, bound);
      return;
    }
    if ((podSpec(pod).schedulerName ?? 'default-scheduler') !== 'default-scheduler') return;
    const verdict = this.#verdict(pod);
    const time = kubeTime(this.#parts.now());
    if (verdict.nodeName === undefined) {
      this.#reportUnschedulable(pod, Object.values(verdict.rejected), time);
      return;
    }
    const stored = this.#parts.store.put(this.#pods, {
      ...pod,
      spec: { ...pod.spec, nodeName: verdict.nodeName },
      status: {
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'True', lastTransitionTime: time }],
      },
    });
    this.#start(stored, verdict.nodeName);
  }

  #verdict(pod: KubeObject): ReturnType<typeof schedule> {
    const { store, random } = this.#parts;
    const byNode = new Map<string, KubeObject[]>();
    for (const other of store.list(this.#pods)) {
      const nodeName = podSpec(other).nodeName;
      if (nodeName === undefined) continue;
      const list = byNode.get(nodeName);
      if (list === undefined) byNode.set(nodeName, [other]);
      else list.push(other);
    }
    const nodes = store
      .list(this.#nodes)
      .map((node) => schedulerNode(node, byNode.get(node.metadata.name ?? '') ?? []));
    return schedule(pod, nodes, this.#ownSelector(pod), random);
  }

  #ownSelector(pod: KubeObject): LabelSelector | undefined {
    const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller);
    if (owner?.kind !== 'ReplicaSet') return undefined;
    const namespace = pod.metadata.namespace ?? '';
    const replicaSet = this.#parts.store.get(this.#replicaSets, namespace, owner.name);
    return replicaSet?.spec?.['selector'] as LabelSelector | undefined;
  }

  #reportUnschedulable(pod: KubeObject, reasons: readonly string[], time: string): void {
    if (pod.status?.['conditions'] !== undefined) return;
    const message = `0/${reasons.length} nodes are available: ${[...new Set(reasons)].join(', ')}.`;
    this.#parts.store.put(this.#pods, {
      ...pod,
      status: {
        phase: 'Pending',
        conditions: [
          {
            type: 'PodScheduled',
            status: 'False',
            reason: 'Unschedulable',
            message,
            lastTransitionTime: time,
          },
        ],
      },
    });
  }

  #start(pod: KubeObject, nodeName: string): void {
    const { engine, meter, timers, lifeTimes } = this.#parts;
    const node = this.#parts.nodeNames.indexOf(nodeName);
    const uid = pod.metadata.uid ?? '';
    if (node < 0 || this.running.has(uid)) return;
    const service = this.#serviceOf(pod);
    const number = service === undefined ? -1 : this.#parts.services.indexOf(service);
    const slot = number < 0 ? -1 : engine.pods.add(number, node, limitCores(pod));
    this.running.set(uid, {
      uid,
      namespace: pod.metadata.namespace ?? '',
      name: pod.metadata.name ?? '',
      service,
      nodeName,
      slot,
      energy: meter.add(node, slot),
      metricsPath: pod.metadata.annotations?.['prometheus.io/path'],
    });
    const delay = service === undefined ? 0 : lifeTimes.startUpSeconds;
    timers.at(engine.now + delay, () => this.#ready(uid));
  }

  #serviceOf(pod: KubeObject): string | undefined {
    const name = pod.metadata.labels?.[SERVICE_LABEL];
    const ours = name !== undefined && pod.metadata.namespace === this.#parts.namespace;
    return ours && this.#parts.services.includes(name) ? name : undefined;
  }

  #ready(uid: string): void {
    const running = this.running.get(uid);
    const pod = running && this.#current(running);
    if (running === undefined || pod?.metadata.deletionTimestamp !== undefined) return;
    if (pod === undefined) return;
    if (running.slot >= 0) this.#parts.engine.pods.setReady(running.slot, true);
    const time = kubeTime(this.#parts.now());
    const scheduled = conditionsOf(pod).find((condition) => condition['type'] === 'PodScheduled');
    const condition = (type: string): unknown => ({
      type,
      status: 'True',
      lastTransitionTime: time,
    });
    const stored = this.#parts.store.put(this.#pods, {
      ...pod,
      status: {
        ...pod.status,
        phase: 'Running',
        podIP: '127.0.0.1',
        podIPs: [{ ip: '127.0.0.1' }],
        hostIP: '127.0.0.1',
        startTime: time,
        conditions: [
          scheduled ?? condition('PodScheduled'),
          ...['Initialized', 'ContainersReady', 'Ready'].map(condition),
        ],
      },
    });
    this.#parts.onReady(stored);
  }

  #current(running: RunningPod): KubeObject | undefined {
    return this.#parts.store.get(this.#pods, running.namespace, running.name);
  }

  #terminate(pod: KubeObject): void {
    const { engine, timers, lifeTimes, store } = this.#parts;
    const running = this.running.get(pod.metadata.uid ?? '');
    if (running === undefined) return;
    if (running.slot >= 0) engine.pods.setReady(running.slot, false);
    timers.at(engine.now + lifeTimes.terminationSeconds, () => {
      if (this.running.has(running.uid)) store.remove(this.#pods, running.namespace, running.name);
    });
  }

  #gone(pod: KubeObject): void {
    const { engine, meter, onGone } = this.#parts;
    const running = this.running.get(pod.metadata.uid ?? '');
    if (running !== undefined) {
      engine.pods.accountAll();
      meter.measure(engine.now, engine.pods);
      meter.remove(running.energy);
      if (running.slot >= 0) engine.pods.remove(running.slot);
      this.running.delete(running.uid);
      const list = this.terminated.get(running.nodeName) ?? [];
      this.terminated.set(running.nodeName, [...list, running]);
    }
    onGone(pod);
    this.#scheduleWaiting();
  }
}

function conditionsOf(pod: KubeObject): readonly Record<string, unknown>[] {
  return (pod.status?.['conditions'] ?? []) as readonly Record<string, unknown>[];
}

/** CPU limit of the application container, cores; the proxy shares it. Infinity = none. */
function limitCores(pod: KubeObject): number {
  const limit = podSpec(pod).containers[0]?.resources?.limits?.['cpu'];
  return limit === undefined ? Infinity : quantity(limit);
}

function missing(plural: string): never {
  throw new Error(`resource table lacks ${plural}`);
}
