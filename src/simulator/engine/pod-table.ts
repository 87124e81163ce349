// SPDX-License-Identifier: Apache-2.0
import { blockOf, enlarged, type Block } from '#simulator/events/heap.ts';
import type { Processors } from '#simulator/processors/processors.ts';
import type { Traffic } from './traffic.ts';
import { TrafficTable } from './traffic-table.ts';

/** A Pod's place in `ints` is its slot shifted by this, in `floats` by one less. */
const POD_SHIFT = 3;
/** Numbers of 32 bits of a Pod: its node, its share of the node's CPU. */
const NODE = 0;
const SHARE = 1;
const JOBS = 2;
const CALLS = 3;
/** Numbers of 64 bits: CPU used so far, clock of its share when that was brought up to date. */
const CPU = 2;
const LAST_CLOCK = 3;

/**
 * The Pods that the engine runs, by slot, and which of them serve each service. All numbers of a Pod
 * that an event needs stand side by side, two Pods to a line of the processor's cache.
 */
export class PodTable {
  /** What the Pod's proxy saw coming in and going out. */
  readonly inbound: TrafficTable;
  readonly outbound: TrafficTable;
  /** What a proxy in between passed on, by {@link relayedEdge}; undefined where it passed nothing. */
  readonly relayed: (Traffic | undefined)[] = [];
  /** CPU used so far by node, core-seconds; includes Pods that are gone. */
  readonly nodeCpuSeconds: Float64Array;
  readonly #service: number[] = [];
  #block: Block = blockOf(64 << (POD_SHIFT - 1));
  readonly #processors: Processors;
  readonly #ready: number[][];
  readonly #turn: Int32Array;
  readonly #removed = new Set<number>();
  readonly #free: number[] = [];
  #used = 0;

  constructor(services: number, processors: Processors) {
    this.#processors = processors;
    this.#ready = Array.from({ length: services }, () => []);
    this.#turn = new Int32Array(services);
    this.inbound = new TrafficTable(services);
    this.outbound = new TrafficTable(services);
    this.nodeCpuSeconds = new Float64Array(processors.count);
  }

  /** Its node. */
  node(slot: number): number {
    return this.#block.ints[(slot << POD_SHIFT) + NODE] as number;
  }

  /** Its share on the node's CPU. */
  share(slot: number): number {
    return this.#block.ints[(slot << POD_SHIFT) + SHARE] as number;
  }

  /** Its jobs on the CPU now. */
  jobs(slot: number): number {
    return this.#block.ints[(slot << POD_SHIFT) + JOBS] as number;
  }

  /** CPU it used so far, core-seconds; what it uses since the last event is not in it. */
  cpuSeconds(slot: number): number {
    return this.#block.floats[(slot << (POD_SHIFT - 1)) + CPU] as number;
  }

  /** A new Pod, not ready. `limitCores` Infinity = no limit. */
  add(service: number, node: number, limitCores: number): number {
    const slot = this.#free.pop() ?? this.#used++;
    if (slot << POD_SHIFT >= this.#block.ints.length) {
      this.#block = enlarged(this.#block, this.#block.floats.length * 2);
    }
    const { floats, ints } = this.#block;
    const at = slot << POD_SHIFT;
    const processors = this.#processors;
    ints[at + NODE] = node;
    this.#service[slot] = service;
    ints[at + SHARE] =
      limitCores === Infinity ? processors.unlimited(node) : processors.openShare(node, limitCores);
    ints[at + JOBS] = 0;
    ints[at + CALLS] = 0;
    floats[(at >> 1) + CPU] = 0;
    floats[(at >> 1) + LAST_CLOCK] = 0;
    this.inbound.reserve(slot);
    this.inbound.clear(slot);
    this.outbound.reserve(slot);
    this.outbound.clear(slot);
    this.relayed[slot] = undefined;
    return slot;
  }

  /** Starts or stops sending calls to the Pod. */
  setReady(slot: number, ready: boolean): void {
    const list = this.#ready[this.#service[slot] as number] as number[];
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

  /** A call holds the Pod from now on, on the CPU or waiting for others. */
  callBegan(slot: number): void {
    const { ints } = this.#block;
    const at = (slot << POD_SHIFT) + CALLS;
    ints[at] = (ints[at] as number) + 1;
  }

  /** A call that held the Pod is over. */
  callEnded(slot: number): void {
    const { ints } = this.#block;
    const at = (slot << POD_SHIFT) + CALLS;
    const calls = (ints[at] as number) - 1;
    ints[at] = calls;
    if (calls === 0 && this.#removed.size > 0) this.#releaseIfIdle(slot);
  }

  /** The number of jobs changes; the CPU used so far is accounted up to now. */
  changeJobs(slot: number, change: number): void {
    this.#account(slot);
    const { ints } = this.#block;
    const at = (slot << POD_SHIFT) + JOBS;
    ints[at] = (ints[at] as number) + change;
  }

  /** Accounts every Pod up to now. */
  accountAll(): void {
    for (let slot = 0; slot < this.#used; slot++) {
      if (this.jobs(slot) !== 0) this.#account(slot);
    }
  }

  /** Accounts the CPU used since the last change. */
  #account(slot: number): void {
    const { floats, ints } = this.#block;
    const at = slot << POD_SHIFT;
    const node = ints[at + NODE] as number;
    this.#processors.sync(node);
    const attained = this.#processors.attained(ints[at + SHARE] as number);
    const jobs = ints[at + JOBS] as number;
    const last = (at >> 1) + LAST_CLOCK;
    if (jobs > 0) {
      const used = jobs * (attained - (floats[last] as number));
      const cpu = (at >> 1) + CPU;
      floats[cpu] = (floats[cpu] as number) + used;
      this.nodeCpuSeconds[node] = (this.nodeCpuSeconds[node] as number) + used;
    }
    floats[last] = attained;
  }

  #releaseIfIdle(slot: number): void {
    const { ints } = this.#block;
    const at = slot << POD_SHIFT;
    if (ints[at + CALLS] !== 0 || !this.#removed.delete(slot)) return;
    this.#processors.closeShare(ints[at + NODE] as number, ints[at + SHARE] as number);
    this.#free.push(slot);
  }
}
