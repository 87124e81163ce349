// SPDX-License-Identifier: Apache-2.0
import type { LatencyWindow, PodLatency } from '#telemetry/reading/source.ts';
import { T0 } from './fixtures.ts';
import { measured } from './world.ts';

/** One minute. */
export const window = { from: T0, to: T0 + 60_000 };

/** Requests of Pods in the {@link window}, undefined = not measured, beside a few edges of the shop. */
export function latencyOf(requests: Readonly<Record<string, number | undefined>>): LatencyWindow {
  const pods = Object.entries(requests).map(([name, count]): [string, PodLatency] => {
    const reading =
      count === undefined
        ? ({ kind: 'missing', reason: 'absent', detail: 'for a test' } as const)
        : measured(count, window);
    return [
      name,
      {
        requests: reading,
        p50Milliseconds: reading,
        p99Milliseconds: reading,
        errorRatio: reading,
      },
    ];
  });
  const edge = (source: string, destination: string, count = 1, namespace = 'shop') => ({
    namespace,
    source,
    destination,
    requests: count,
  });
  const edges = [
    edge('frontend', 'search', 10),
    edge('search', 'geo', 5),
    edge('frontend', 'frontend', 99),
    edge('unknown', 'frontend', 99),
    edge('geo', 'frontend', 99, 'elsewhere'),
    edge('geo', 'rate', 0),
  ];
  return { pods: new Map(pods), edges };
}
