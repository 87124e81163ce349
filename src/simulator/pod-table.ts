// SPDX-License-Identifier: Apache-2.0
import { doubled } from './frames.ts';
import type { Traffic } from './traffic.ts';
import { TrafficTable } from './traffic-table.ts';
import { UNLIMITED, type Processor } from './processor.ts';

/** The Pods that the engine runs, by slot, and which of them serve each service. */
export class PodTable {
  node = new Int32Array(64);
  service = new Int32Array(64);
  /** Share number on the node's processor. */
  share = new Int32Array(64);
  /** Jobs on the CPU now. */
  jobs = new Int32Array(64);
  /** Calls that hold the Pod, on the CPU or waiting for others. */
  calls = new Int32Array(64);
  /** CPU used so far, core-seconds. */
  cpuSeconds = new Float64Array(64);
  /** Share clock at the last update of `cpuSeconds`. */
  lastClock = new Float64Array(64);
  /** What the Pod's proxy saw coming in and going out. */
  readonly inbound: TrafficTable;
  readonly outbound: TrafficTable;
  /** What a proxy in between passed on, by {@link relayedEdge}; undefined where it passed nothing. */
  readonly relayed: (Traffic | undefined)[] = [];
  /** CPU used so far by node, core-seconds; includes Pods that are gone. */
  readonly nodeCpuSeconds: Float64Array;
  readonly #processors: readonly Processor[];
  readonly #ready: number[][];
  readonly #turn: Int32Array;
  readonly #removed = new Set<number>();
  readonly #free: number[] = [];
  #used = 0;

  constructor(services: number, processors: readonly Processor[]) {
    this.#processors = processors;
    this.#ready = Array.from({ length: services }, () => []);
    this.#turn = new Int32Array(services);
    this.inbound = new TrafficTable(services);
    this.outbound = new TrafficTable(services);
    this.nodeCpuSeconds = new Float64Array(processors.length);
  }

  /** A new Pod, not ready. `limitCores` Infinity = no limit. */
  add(service: number, node: number, limitCores: number): number {
    const slot = this.#free.pop() ?? this.#used++;
    if (slot >= this.node.length) this.#grow();
    const processor = this.#processors[node] as Processor;
    this.node[slot] = node;
    this.service[slot] = service;
    this.share[slot] = limitCores === Infinity ? UNLIMITED : processor.openShare(limitCores);
    this.jobs[slot] = 0;
    this.calls[slot] = 0;
    this.cpuSeconds[slot] = 0;
    this.lastClock[slot] = 0;
    this.inbound.reserve(slot);
    this.inbound.clear(slot);
    this.outbound.reserve(slot);
    this.outbound.clear(slot);
    this.relayed[slot] = undefined;
    return slot;
  }

  /** Starts or stops sending calls to the Pod. */
  setReady(slot: number, ready: boolean): void {
    const list = this.#ready[this.service[slot] as number] as number[];
    const at = list.indexOf(slot);
    if (ready && at < 0) list.push(slot);
    if (!ready && at >= 0) list.splice(at, 1);
  }

  /** Takes the Pod out of service; calls in progress end normally, then the slot is reused. */
  remove(slot: number): void {
    this.setReady(slot, false);
    this.#removed.add(slot);
    this.#releaseIfIdle(slot);
  }

  /** Next ready Pod of a service, in turn; -1 without one. */
  pick(service: number): number {
    const list = this.#ready[service] as number[];
    const length = list.length;
    if (length === 0) return -1;
    if (length === 1) return list[0] as number;
    const turn = ((this.#turn[service] as number) + 1) % length;
    this.#turn[service] = turn;
    return list[turn] as number;
  }

  /** A call that held the Pod is over. */
  callEnded(slot: number): void {
    const calls = (this.calls[slot] as number) - 1;
    this.calls[slot] = calls;
    if (calls === 0 && this.#removed.size > 0) this.#releaseIfIdle(slot);
  }

  /** Accounts the CPU used since the last change; `clock` is the share's clock now. */
  account(slot: number, clock: number): void {
    const jobs = this.jobs[slot] as number;
    if (jobs > 0) {
      const used = jobs * (clock - (this.lastClock[slot] as number));
      this.cpuSeconds[slot] = (this.cpuSeconds[slot] as number) + used;
      const node = this.node[slot] as number;
      this.nodeCpuSeconds[node] = (this.nodeCpuSeconds[node] as number) + used;
    }
    this.lastClock[slot] = clock;
  }

  /** Accounts every Pod up to `time`. */
  accountAll(time: number): void {
    for (let slot = 0; slot < this.#used; slot++) {
      if (this.jobs[slot] === 0) continue;
      const processor = this.#processors[this.node[slot] as number] as Processor;
      this.account(slot, processor.clock(time, this.share[slot] as number));
    }
  }

  #releaseIfIdle(slot: number): void {
    if (this.calls[slot] !== 0 || !this.#removed.delete(slot)) return;
    (this.#processors[this.node[slot] as number] as Processor).closeShare(
      this.share[slot] as number,
    );
    this.#free.push(slot);
  }

  #grow(): void {
    this.node = doubled(this.node);
    this.service = doubled(this.service);
    this.share = doubled(this.share);
    this.jobs = doubled(this.jobs);
    this.calls = doubled(this.calls);
    this.cpuSeconds = doubled(this.cpuSeconds);
    this.lastClock = doubled(this.lastClock);
  }
}
