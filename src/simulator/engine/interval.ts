// SPDX-License-Identifier: Apache-2.0
import type { EnergyMeter } from '#simulator/machines/energy-meter.ts';
import type { Engine } from './engine.ts';

/** One node over an interval. */
export interface NodeInterval {
  readonly name: string;
  readonly joules: number;
  /** Mean power. */
  readonly watts: number;
  /** Mean CPU utilisation, 0..1. */
  readonly utilisation: number;
  /** What is attributed to Pods that are not the application's; absent where there are none. */
  readonly otherPodsJoules?: number;
}

/** What happened in an interval of virtual time, as seen from outside; nothing is estimated. */
export interface IntervalStats {
  readonly seconds: number;
  /** User requests that ended well, and with an error. */
  readonly completed: number;
  readonly failed: number;
  /** Completed requests per second. */
  readonly throughput: number;
  /** Latencies of whole user requests; undefined without any. */
  readonly meanMilliseconds: number | undefined;
  readonly p50Milliseconds: number | undefined;
  readonly p99Milliseconds: number | undefined;
  /** Energy of all nodes, idle ones included. */
  readonly joules: number;
  /** Undefined without a completed request. */
  readonly joulesPerRequest: number | undefined;
  /** Calls between nodes per completed request. */
  readonly crossNodeCallsPerRequest: number | undefined;
  readonly nodes: readonly NodeInterval[];
  /** Events that the engine handled. */
  readonly events: number;
}

/** Cumulative readings at the start of an interval. */
interface Start {
  readonly seconds: number;
  readonly events: number;
  readonly nodes: readonly { readonly joules: number; readonly busyCoreSeconds: number }[];
}

/** Begins an interval: clears the engine's interval counters and notes the cumulative ones. */
export function beginInterval(engine: Engine, meter: EnergyMeter): Start {
  engine.resetInterval();
  return {
    seconds: engine.now,
    events: engine.events,
    nodes: meter.nodes.map(({ total }) => ({
      joules: total.joules,
      busyCoreSeconds: total.busyCoreSeconds,
    })),
  };
}

/** Ends an interval. The meter must have measured up to the engine's time. */
export function endInterval(start: Start, engine: Engine, meter: EnergyMeter): IntervalStats {
  const seconds = engine.now - start.seconds;
  const nodes = meter.nodes.map((node, i): NodeInterval => {
    const before = start.nodes[i] ?? { joules: 0, busyCoreSeconds: 0 };
    const joules = node.total.joules - before.joules;
    const busy = node.total.busyCoreSeconds - before.busyCoreSeconds;
    return {
      name: node.name,
      joules,
      watts: seconds > 0 ? joules / seconds : 0,
      utilisation: seconds > 0 ? busy / (node.cores * seconds) : 0,
    };
  });
  const joules = nodes.reduce((sum, node) => sum + node.joules, 0);
  const completed = engine.latencies.size;
  const mean = engine.latencies.mean();
  const [p50, p99] = engine.latencies.quantiles(0.5, 0.99);
  return {
    seconds,
    completed,
    failed: engine.failedRequests,
    throughput: seconds > 0 ? completed / seconds : 0,
    meanMilliseconds: milliseconds(mean),
    p50Milliseconds: milliseconds(p50),
    p99Milliseconds: milliseconds(p99),
    joules,
    joulesPerRequest: completed > 0 ? joules / completed : undefined,
    crossNodeCallsPerRequest: completed > 0 ? engine.crossNodeCalls / completed : undefined,
    nodes,
    events: engine.events - start.events,
  };
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}
