// SPDX-License-Identifier: Apache-2.0
import { PrometheusClient, type PrometheusOptions } from './client.ts';
import {
  countQuery,
  leastQuery,
  presenceQuery,
  sampledAtQuery,
  sumQuery,
  valueQuery,
} from './promql.ts';
import type { Vector } from '#telemetry/series/selection.ts';
import { createSources, type SourcesOptions, type Telemetry } from '#telemetry/sources/sources.ts';
import type { VectorSource } from '#telemetry/series/vector-source.ts';

/** Readings from a Prometheus server. */
export interface PrometheusTelemetry extends Telemetry {
  /** Asks a query of the user's own, for what there is no standard metric of. */
  query(query: string, time: number): Promise<Vector>;
  /** Closes the connections. */
  close(): Promise<void>;
}

/**
 * Builds the three sources over the HTTP API of a Prometheus server.
 *
 * Counters are read as they stand at both ends of the window and subtracted here: `increase`
 * would extrapolate, and a `rate` over the window would mix in Pods that are gone.
 */
export function createPrometheusTelemetry(
  options: PrometheusOptions & SourcesOptions,
): PrometheusTelemetry {
  const client = new PrometheusClient(options);
  const sources = createSources(overApi(client), options);
  return {
    ...sources,
    query: (query, time) => client.query(query, time),
    close: () => client.close(),
  };
}

function overApi(client: PrometheusClient): VectorSource {
  return {
    value: (selection, time) => client.query(valueQuery(selection), time),
    async sampledAt(selection, time) {
      const vector = await client.query(sampledAtQuery(selection), time);
      return vector.map(({ labels, value }) => ({ labels, value: Math.round(value * 1000) }));
    },
    sum: (selection, window) => client.query(sumQuery(selection, window), window.to),
    least: (selection, window) => client.query(leastQuery(selection, window), window.to),
    async present(selections, time) {
      const vector = await client.query(presenceQuery(selections), time);
      return new Set(vector.map(({ labels }) => labels['question'] ?? ''));
    },
    count: (selection, window) => client.query(countQuery(selection, window), window.to),
  };
}
