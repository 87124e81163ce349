// SPDX-License-Identifier: Apache-2.0
import { readLatency } from './istio.ts';
import { readPower } from './kepler.ts';
import { readLoad } from './node-load.ts';
import { DEFAULT_READING_OPTIONS, type ReadingOptions } from './options.ts';
import { createQuestions } from './questions.ts';
import type { LatencySource, LoadSource, PowerSource } from './source.ts';
import { gather, type VectorSource } from './vector-source.ts';

/** All three sources, over one backend. */
export type Telemetry = PowerSource & LatencySource & LoadSource;

/** Settings of {@link createSources}. */
export interface SourcesOptions extends Partial<ReadingOptions> {
  /** Told about what failed while the rest went on. */
  readonly onWarning?: (message: string) => void;
}

/**
 * The readings of a backend. This layer is the same for every backend, so that the same samples
 * give the same readings. One window costs 6 questions for power, 11 for latency and 14 for
 * load, however large the cluster.
 */
export function createSources(vectors: VectorSource, options: SourcesOptions = {}): Telemetry {
  const { onWarning, ...given } = options;
  const reading: ReadingOptions = { ...DEFAULT_READING_OPTIONS, ...given };
  const warn = onWarning ?? ((): void => undefined);
  const ask = createQuestions(reading.zone);
  return {
    async power(window) {
      const { from, to } = window;
      const answers = await gather(
        {
          wattsSum: vectors.sum(ask.nodeWatts, window),
          wattsCount: vectors.count(ask.nodeWatts, window),
          newestBefore: vectors.sampledAt(ask.nodeWattsNewest, from),
          newestAfter: vectors.sampledAt(ask.nodeWattsNewest, to),
          joulesBefore: vectors.value(ask.podJoules, from),
          joulesAfter: vectors.value(ask.podJoules, to),
        },
        warn,
      );
      return readPower(answers, window, reading);
    },
    async latency(window) {
      const { from, to } = window;
      const answers = await gather(
        {
          newestBefore: vectors.sampledAt(ask.requestsNewest, from),
          newestAfter: vectors.sampledAt(ask.requestsNewest, to),
          upBefore: vectors.sampledAt(ask.up, from),
          requestsBefore: vectors.value(ask.requests, from),
          requestsAfter: vectors.value(ask.requests, to),
          bucketsBefore: vectors.value(ask.buckets, from),
          bucketsAfter: vectors.value(ask.buckets, to),
          callsBefore: vectors.value(ask.calls, from),
          callsAfter: vectors.value(ask.calls, to),
          connectionsBefore: vectors.value(ask.connections, from),
          connectionsAfter: vectors.value(ask.connections, to),
        },
        warn,
      );
      return readLatency(answers, window, reading);
    },
    async load(window) {
      const { from, to } = window;
      const answers = await gather(
        {
          usageSum: vectors.sum(ask.usageRatio, window),
          usageCount: vectors.count(ask.usageRatio, window),
          usageNewest: vectors.sampledAt(ask.usageRatio, to),
          idleBefore: vectors.value(ask.cpuIdle, from),
          idleAfter: vectors.value(ask.cpuIdle, to),
          totalBefore: vectors.value(ask.cpuTotal, from),
          totalAfter: vectors.value(ask.cpuTotal, to),
          cpuNewestBefore: vectors.sampledAt(ask.cpuIdle, from),
          cpuNewestAfter: vectors.sampledAt(ask.cpuIdle, to),
          availableSum: vectors.sum(ask.memoryAvailable, window),
          availableCount: vectors.count(ask.memoryAvailable, window),
          availableNewest: vectors.sampledAt(ask.memoryAvailable, to),
          memorySum: vectors.sum(ask.memoryTotal, window),
          nodeNames: vectors.value(ask.nodeNames, to),
        },
        warn,
      );
      return readLoad(answers, window, reading);
    },
  };
}
