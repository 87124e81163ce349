// SPDX-License-Identifier: Apache-2.0
import { EventQueue } from './event-queue.ts';
import { FirstCompletion } from './first-completion.ts';
import { Frames } from './frames.ts';
import { LatencyLog } from './latency-log.ts';
import { lognormalTable, sample, type Law } from './law.ts';
import { checkLoad, nextOfTrace, type Load } from './load.ts';
import type { Overheads } from './overheads.ts';
import { PodTable } from './pod-table.ts';
import { Processor } from './processor.ts';
import type { Program } from './program.ts';
import { Random } from './random.ts';
import { OUTSIDE, relayedEdge, Traffic } from './traffic.ts';

/** One node as the engine needs it. */
export interface EngineNode {
  /** Cores that Pods can use. */
  readonly cores: number;
  /** Speed of one core against the reference core of the application's CPU times. */
  readonly speed: number;
}

/** Event kinds, in the low bits of an event's payload; the frame stands above them. */
const ARRIVE = 0;
const REPLY = 1;
const ISSUE = 2;
const KIND_BITS = 2;
const KIND_MASK = 3;

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
  /** Virtual time, seconds. */
  now = 0;
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
  readonly #processors: readonly Processor[];
  readonly #first: FirstCompletion;
  readonly #queue = new EventQueue();
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
    this.#processors = nodes.map((node) => new Processor(node.cores, node.speed));
    this.#first = new FirstCompletion(nodes.length);
    this.pods = new PodTable(program.services.length, this.#processors);
    this.#sidecarDelays = lognormalTable(overheads.sidecarDelay);
    this.#arrivals = new Random(seed, 'arrivals');
    this.#service = new Random(seed, 'service');
    this.#network = new Random(seed, 'network');
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
    const queue = this.#queue;
    const first = this.#first;
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
      if (!(time <= until)) break;
      this.now = time;
      this.events++;
      if (source >= 0) this.#burstEnded(source);
      else if (source === -1) this.#dispatch(queue.pop());
      else this.#openArrival();
    }
    this.now = until;
    this.pods.accountAll(until);
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
    frames.sent[frame] = this.now;
    if (slot < 0) {
      frames.failed[frame] = 1;
      this.#queue.push(this.now + REFUSED_SECONDS, (frame << KIND_BITS) | REPLY);
      return;
    }
    pods.calls[slot] = (pods.calls[slot] as number) + 1;
    let crosses = true;
    if (parent >= 0) {
      crosses = pods.node[frames.pod[parent] as number] !== pods.node[slot];
      this.calls++;
      if (crosses) this.crossNodeCalls++;
    }
    frames.crosses[frame] = crosses ? 1 : 0;
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
    const operation = this.#frames.operation[frame] as number;
    const service = this.#program.operationService[operation] as number;
    const proxy =
      this.#program.tcp[service] === 1
        ? overheads.sidecarTcpCpuSeconds
        : overheads.sidecarHttpCpuSeconds;
    return this.#frames.crosses[frame] === 1 ? proxy + overheads.crossNodeCpuSeconds : proxy;
  }

  #arrived(frame: number): void {
    this.#frames.start[frame] = this.now;
    this.#frames.overhead[frame] = this.#sideCpu(frame);
    this.#startBurst(frame);
  }

  #startBurst(frame: number): void {
    const frames = this.#frames;
    const pods = this.pods;
    const operation = frames.operation[frame] as number;
    const law = this.#program.laws[operation] as Law;
    const mean = this.#program.burstSeconds[operation] as number;
    let work = sample(law, mean, this.#service) + (frames.overhead[frame] as number);
    frames.overhead[frame] = 0;
    const slot = frames.pod[frame] as number;
    const processor = this.#processors[pods.node[slot] as number] as Processor;
    const { interferenceSlope } = this.#overheads;
    if (interferenceSlope > 0) {
      const others = Math.min(processor.cores, processor.jobs - (pods.jobs[slot] as number));
      work *= 1 + (interferenceSlope * others) / processor.cores;
    }
    const share = pods.share[slot] as number;
    pods.account(slot, processor.clock(this.now, share));
    pods.jobs[slot] = (pods.jobs[slot] as number) + 1;
    processor.start(this.now, share, frame, work / processor.speed);
    this.#first.set(pods.node[slot] as number, processor.next);
  }

  #burstEnded(node: number): void {
    const processor = this.#processors[node] as Processor;
    const frame = processor.finish();
    this.#first.set(node, processor.next);
    const frames = this.#frames;
    const pods = this.pods;
    const slot = frames.pod[frame] as number;
    pods.account(slot, processor.clock(this.now, pods.share[slot] as number));
    pods.jobs[slot] = (pods.jobs[slot] as number) - 1;

    const program = this.#program;
    const operation = frames.operation[frame] as number;
    const step = (program.stepFirst[operation] as number) + (frames.step[frame] as number);
    if (step < (program.stepFirst[operation + 1] as number)) {
      frames.step[frame] = (frames.step[frame] as number) + 1;
      const first = program.callFirst[step] as number;
      const end = program.callFirst[step + 1] as number;
      frames.pending[frame] = end - first;
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
    const frames = this.#frames;
    const parent = frames.parent[frame] as number;
    const peer = parent < 0 ? OUTSIDE : this.#serviceOf(parent);
    const failed = frames.failed[frame] === 1;
    const duration = this.now - (frames.start[frame] as number);
    this.pods.inbound.record(slot, peer, failed, duration);
    const relayedTo = this.#program.relayedTo[frames.operation[frame] as number] as number;
    if (relayedTo >= 0) {
      const relayed = (this.pods.relayed[slot] ??= new Traffic());
      const edge = relayedEdge(peer, relayedTo, this.#program.services.length);
      relayed.record(edge, failed, duration);
    }
    const back = this.now + this.#halfTrip(frames.crosses[frame] === 1);
    this.#queue.push(back, (frame << KIND_BITS) | REPLY);
  }

  #serviceOf(frame: number): number {
    return this.#program.operationService[this.#frames.operation[frame] as number] as number;
  }

  /** The answer of `frame` has reached its caller. */
  #replied(frame: number): void {
    const frames = this.#frames;
    const parent = frames.parent[frame] as number;
    const slot = frames.pod[frame] as number;
    if (slot >= 0) this.pods.callEnded(slot);
    if (parent < 0) this.#requestEnded(frame);
    else this.#stepReplied(parent, frame, slot);
    frames.give(frame);
  }

  #stepReplied(parent: number, frame: number, slot: number): void {
    const frames = this.#frames;
    const failed = frames.failed[frame] === 1;
    if (failed) frames.failed[parent] = 1;
    if (this.recordsSources) {
      const duration = this.now - (frames.sent[frame] as number);
      const caller = frames.pod[parent] as number;
      this.pods.outbound.record(caller, this.#serviceOf(frame), failed, duration);
    }
    if (slot >= 0) {
      frames.overhead[parent] = (frames.overhead[parent] as number) + this.#sideCpu(frame);
    }
    const pending = (frames.pending[parent] as number) - 1;
    frames.pending[parent] = pending;
    if (pending === 0) this.#startBurst(parent);
  }

  #requestEnded(frame: number): void {
    if (this.#frames.failed[frame] === 1) this.failedRequests++;
    else this.latencies.add(this.now - (this.#frames.sent[frame] as number));
    if (this.#frames.parent[frame] === FROM_CONNECTION) this.#issueClosed();
  }
}
