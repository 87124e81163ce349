// SPDX-License-Identifier: Apache-2.0
import { Clock } from '#simulator/events/clock.ts';
import { EventQueue } from '#simulator/events/queue.ts';
import {
  CROSSES,
  FAILED,
  FLAGS,
  FRAME_SHIFT,
  Frames,
  OPERATION,
  OVERHEAD,
  PARENT,
  PENDING,
  SENT,
  SLOT,
  START,
  STEP,
} from './frames.ts';
import { LatencyLog } from './latency-log.ts';
import { lognormalTable, sample, type Law } from '#simulator/random/law.ts';
import { checkLoad, nextOfTrace, type Load } from '#simulator/application/load.ts';
import type { Overheads } from '#simulator/application/overheads.ts';
import { PodTable } from './pod-table.ts';
import { Processors, type EngineNode } from '#simulator/processors/processors.ts';
import type { Program } from './program.ts';
import { Random } from '#simulator/random/random.ts';
import { OUTSIDE, relayedEdge, Traffic } from './traffic.ts';

/** Event kinds, in the low bits of an event's payload; the frame stands above them. */
const ARRIVE = 0;
const REPLY = 1;
const ISSUE = 2;
const KIND_BITS = 2;
const KIND_MASK = 3;

/** Lanes of the queue: answers that come back from the same node, and from another. */
const NEAR = 0;
const FAR = 1;

/** Parent of a user request: it came from the open stream, or from a connection. */
const FROM_STREAM = -1;
const FROM_CONNECTION = -2;

/** Delay before a client or caller that found no ready Pod sees the failure, seconds. */
const REFUSED_SECONDS = 0.05;

/**
 * The discrete-event engine: requests walk through their call graph, bursts of CPU share the
 * cores of the node where the Pod runs, hops take their time. Time is virtual, seconds from 0.
 * The same seed, Pods and calls give the same run bit for bit.
 */
export class Engine {
  /** Events handled so far. */
  events = 0;
  /** Requests that ended since {@link resetInterval}. */
  readonly latencies = new LatencyLog();
  failedRequests = 0;
  /** Calls between Pods, and those that crossed nodes, since {@link resetInterval}. */
  calls = 0;
  crossNodeCalls = 0;
  readonly pods: PodTable;
  /** Whether callers count the calls they made, beside those who served them. */
  recordsSources = true;
  readonly #program: Program;
  readonly #overheads: Overheads;
  readonly #processors: Processors;
  readonly #clock = new Clock();
  readonly #queue = new EventQueue(2);
  readonly #frames = new Frames();
  readonly #sidecarDelays: Float64Array;
  readonly #arrivals: Random;
  readonly #service: Random;
  readonly #network: Random;
  #load: Load = { kind: 'open', requestsPerSecond: 0 };
  #nextArrival = Infinity;
  #connections = 0;

  constructor(program: Program, nodes: readonly EngineNode[], overheads: Overheads, seed: number) {
    this.#program = program;
    this.#overheads = overheads;
    this.#processors = new Processors(nodes, this.#clock);
    this.pods = new PodTable(program.services.length, this.#processors);
    this.#sidecarDelays = lognormalTable(overheads.sidecarDelay);
    this.#arrivals = new Random(seed, 'arrivals');
    this.#service = new Random(seed, 'service');
    this.#network = new Random(seed, 'network');
  }

  /** Virtual time, seconds. */
  get now(): number {
    return this.#clock.now;
  }

  /** Calls under way, user requests included. */
  get callsInProgress(): number {
    return this.#frames.inUse;
  }

  /** Changes the load from now on. Requests under way are finished. */
  setLoad(load: Load): void {
    checkLoad(load);
    this.#load = load;
    this.#nextArrival = Infinity;
    if (load.kind !== 'closed') {
      this.#drawArrival();
      return;
    }
    while (this.#connections < load.connections) {
      this.#connections++;
      // Connections do not start in the same instant.
      this.#queue.push(this.now + this.#arrivals.next() * 0.01, ISSUE);
    }
  }

  /** Starts a new interval of measurement. */
  resetInterval(): void {
    this.latencies.clear();
    this.failedRequests = 0;
    this.calls = 0;
    this.crossNodeCalls = 0;
  }

  /** Handles every event up to and including `until` and sets the clock to it. */
  run(until: number): void {
    this.#handle(until);
    this.#clock.now = until;
    this.pods.accountAll();
  }

  /** The loop has a function of its own: what the compiler makes of it is not thrown away at its end. */
  #handle(until: number): void {
    const clock = this.#clock;
    const queue = this.#queue;
    const { first } = this.#processors;
    for (;;) {
      let time = this.#nextArrival;
      let source = -2;
      if (queue.nextTime < time) {
        time = queue.nextTime;
        source = -1;
      }
      if (first.time < time) {
        time = first.time;
        source = first.node;
      }
      if (!(time <= until)) return;
      clock.now = time;
      this.events++;
      if (source >= 0) this.#burstEnded(source);
      else if (source === -1) this.#dispatch(queue.pop());
      else this.#openArrival();
    }
  }

  #dispatch(payload: number): void {
    const frame = payload >> KIND_BITS;
    switch (payload & KIND_MASK) {
      case ARRIVE:
        this.#arrived(frame);
        break;
      case REPLY:
        this.#replied(frame);
        break;
      default:
        this.#issueClosed();
    }
  }

  #openArrival(): void {
    this.#issue(FROM_STREAM);
    this.#drawArrival();
  }

  /** When the next request of a stream comes; never where its rate is 0. */
  #drawArrival(): void {
    const load = this.#load;
    this.#nextArrival = Infinity;
    if (load.kind === 'trace') {
      this.#nextArrival = nextOfTrace(load, this.now, this.#arrivals.exponential(1));
    } else if (load.kind === 'open' && load.requestsPerSecond > 0) {
      this.#nextArrival = this.now + this.#arrivals.exponential(1 / load.requestsPerSecond);
    }
  }

  /** A connection of the closed loop sends its next request, or closes if there are too many. */
  #issueClosed(): void {
    if (this.#load.kind !== 'closed' || this.#connections > this.#load.connections) {
      this.#connections--;
      return;
    }
    this.#issue(FROM_CONNECTION);
  }

  /** A user request enters the application. */
  #issue(client: number): void {
    const cumulative = this.#program.requestCumulative;
    let kind = 0;
    if (cumulative.length > 1) {
      const draw = this.#arrivals.next();
      while (draw >= (cumulative[kind] as number)) kind++;
    }
    this.#call(this.#program.requestOperation[kind] as number, client);
  }

  /** Sends a call from `parent` (below 0: from outside). */
  #call(operation: number, parent: number): void {
    const frames = this.#frames;
    const pods = this.pods;
    const slot = pods.pick(this.#program.operationService[operation] as number);
    const frame = frames.take(operation, parent, slot);
    const { floats, ints } = frames.block;
    const at = frame << FRAME_SHIFT;
    floats[(at >> 1) + SENT] = this.now;
    if (slot < 0) {
      ints[at + FLAGS] = FAILED;
      this.#queue.push(this.now + REFUSED_SECONDS, (frame << KIND_BITS) | REPLY);
      return;
    }
    pods.callBegan(slot);
    let crosses = true;
    if (parent >= 0) {
      const caller = ints[(parent << FRAME_SHIFT) + SLOT] as number;
      crosses = pods.node(caller) !== pods.node(slot);
      this.calls++;
      if (crosses) this.crossNodeCalls++;
    }
    if (crosses) ints[at + FLAGS] = CROSSES;
    const delay = this.#halfTrip(crosses) + this.#sidecarDelay(operation, parent);
    this.#queue.push(this.now + delay, (frame << KIND_BITS) | ARRIVE);
  }

  #halfTrip(crosses: boolean): number {
    const overheads = this.#overheads;
    return crosses
      ? overheads.otherNodeRoundTripSeconds / 2
      : overheads.sameNodeRoundTripSeconds / 2;
  }

  /** Delay of the proxies of one call; a call from outside passes one proxy, not two. */
  #sidecarDelay(operation: number, parent: number): number {
    const table = this.#sidecarDelays;
    const delay = table[(this.#network.next() * table.length) | 0] as number;
    if (parent < 0) return delay / 2;
    const service = this.#program.operationService[operation] as number;
    return this.#program.tcp[service] === 1 ? delay * this.#overheads.sidecarTcpDelayFactor : delay;
  }

  /** CPU that one side spends on a call: its proxy, and more where the call crosses nodes. */
  #sideCpu(frame: number): number {
    const overheads = this.#overheads;
    const { ints } = this.#frames.block;
    const proxy =
      this.#program.tcp[this.#serviceOf(frame)] === 1
        ? overheads.sidecarTcpCpuSeconds
        : overheads.sidecarHttpCpuSeconds;
    const crosses = ((ints[(frame << FRAME_SHIFT) + FLAGS] as number) & CROSSES) !== 0;
    return crosses ? proxy + overheads.crossNodeCpuSeconds : proxy;
  }

  #arrived(frame: number): void {
    const { floats } = this.#frames.block;
    const at = frame << (FRAME_SHIFT - 1);
    floats[at + START] = this.now;
    floats[at + OVERHEAD] = this.#sideCpu(frame);
    this.#startBurst(frame);
  }

  #startBurst(frame: number): void {
    const { floats, ints } = this.#frames.block;
    const pods = this.pods;
    const processors = this.#processors;
    const at = frame << FRAME_SHIFT;
    const operation = ints[at + OPERATION] as number;
    const law = this.#program.laws[operation] as Law;
    const mean = this.#program.burstSeconds[operation] as number;
    const overhead = (at >> 1) + OVERHEAD;
    let work = sample(law, mean, this.#service) + (floats[overhead] as number);
    floats[overhead] = 0;
    const slot = ints[at + SLOT] as number;
    const node = pods.node(slot);
    const { interferenceSlope } = this.#overheads;
    if (interferenceSlope > 0) {
      const cores = processors.cores[node] as number;
      const others = Math.min(cores, (processors.jobs[node] as number) - pods.jobs(slot));
      work *= 1 + (interferenceSlope * others) / cores;
    }
    pods.changeJobs(slot, 1);
    processors.start(node, pods.share(slot), frame, work / (processors.speed[node] as number));
  }

  #burstEnded(node: number): void {
    const frame = this.#processors.finish(node);
    const { ints } = this.#frames.block;
    const at = frame << FRAME_SHIFT;
    const slot = ints[at + SLOT] as number;
    this.pods.changeJobs(slot, -1);

    const program = this.#program;
    const operation = ints[at + OPERATION] as number;
    const done = ints[at + STEP] as number;
    const step = (program.stepFirst[operation] as number) + done;
    if (step < (program.stepFirst[operation + 1] as number)) {
      const first = program.callFirst[step] as number;
      const end = program.callFirst[step + 1] as number;
      ints[at + STEP] = done + 1;
      ints[at + PENDING] = end - first;
      for (let call = first; call < end; call++) {
        this.#call(program.callOperation[call] as number, frame);
      }
      if (first === end) this.#startBurst(frame);
      return;
    }
    this.#served(frame, slot);
  }

  /** The serving side is done; the answer goes back. */
  #served(frame: number, slot: number): void {
    const { floats, ints } = this.#frames.block;
    const at = frame << FRAME_SHIFT;
    const parent = ints[at + PARENT] as number;
    const flags = ints[at + FLAGS] as number;
    const peer = parent < 0 ? OUTSIDE : this.#serviceOf(parent);
    const failed = (flags & FAILED) !== 0;
    const duration = this.now - (floats[(at >> 1) + START] as number);
    this.pods.inbound.record(slot, peer, failed, duration);
    const relayedTo = this.#program.relayedTo[ints[at + OPERATION] as number] as number;
    if (relayedTo >= 0) {
      const relayed = (this.pods.relayed[slot] ??= new Traffic());
      const edge = relayedEdge(peer, relayedTo, this.#program.services.length);
      relayed.record(edge, failed, duration);
    }
    const crosses = (flags & CROSSES) !== 0;
    const back = this.now + this.#halfTrip(crosses);
    this.#queue.pushTo(crosses ? FAR : NEAR, back, (frame << KIND_BITS) | REPLY);
  }

  #serviceOf(frame: number): number {
    const operation = this.#frames.block.ints[(frame << FRAME_SHIFT) + OPERATION] as number;
    return this.#program.operationService[operation] as number;
  }

  /** The answer of `frame` has reached its caller. */
  #replied(frame: number): void {
    const { ints } = this.#frames.block;
    const at = frame << FRAME_SHIFT;
    const parent = ints[at + PARENT] as number;
    const slot = ints[at + SLOT] as number;
    if (slot >= 0) this.pods.callEnded(slot);
    if (parent < 0) this.#requestEnded(frame);
    else this.#stepReplied(parent, frame, slot);
    this.#frames.give(frame);
  }

  #stepReplied(parent: number, frame: number, slot: number): void {
    const { floats, ints } = this.#frames.block;
    const at = frame << FRAME_SHIFT;
    const above = parent << FRAME_SHIFT;
    const failed = (ints[at + FLAGS] as number) & FAILED;
    ints[above + FLAGS] = (ints[above + FLAGS] as number) | failed;
    if (this.recordsSources) {
      const duration = this.now - (floats[(at >> 1) + SENT] as number);
      const caller = ints[above + SLOT] as number;
      this.pods.outbound.record(caller, this.#serviceOf(frame), failed !== 0, duration);
    }
    if (slot >= 0) {
      const overhead = (above >> 1) + OVERHEAD;
      floats[overhead] = (floats[overhead] as number) + this.#sideCpu(frame);
    }
    const pending = (ints[above + PENDING] as number) - 1;
    ints[above + PENDING] = pending;
    if (pending === 0) this.#startBurst(parent);
  }

  #requestEnded(frame: number): void {
    const { floats, ints } = this.#frames.block;
    const at = frame << FRAME_SHIFT;
    if (((ints[at + FLAGS] as number) & FAILED) !== 0) this.failedRequests++;
    else this.latencies.add(this.now - (floats[(at >> 1) + SENT] as number));
    if (ints[at + PARENT] === FROM_CONNECTION) this.#issueClosed();
  }
}
