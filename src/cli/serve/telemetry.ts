// SPDX-License-Identifier: Apache-2.0
import type { LiveClusterView } from '#cluster/cluster-view.ts';
import type { Settings } from '#settings/settings.ts';
import { createPrometheusTelemetry } from '#telemetry/prometheus.ts';
import { createScrapeTelemetry } from '#telemetry/scrape.ts';
import { scrapeTargetsOf } from '#telemetry/scrape-target.ts';
import type { Telemetry } from '#telemetry/sources.ts';
import { sleep } from '#cluster/backoff.ts';
import type { ProductPorts } from './ports.ts';

/** The three sources and what keeps them alive. */
export interface RunningTelemetry {
  readonly sources: Telemetry;
  /** Scrapes every exporter once; nothing where a Prometheus server does the scraping. */
  scrape(): Promise<void>;
  /** Scrapes in the settings' interval until the signal. */
  run(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Opens the telemetry backend that the settings name. */
export function openTelemetry(
  settings: Settings['telemetry'],
  view: LiveClusterView,
  ports: ProductPorts,
): RunningTelemetry {
  const onWarning = (message: string): void =>
    ports.logger.warn({ telemetry: message }, 'telemetry');
  const { zone, scrape, prometheus } = settings;
  if (settings.backend === 'Prometheus' && prometheus !== undefined) {
    const sources = createPrometheusTelemetry({
      ...prometheus,
      zone,
      random: ports.random,
      onWarning,
    });
    return {
      sources,
      scrape: () => Promise.resolve(),
      run: () => Promise.resolve(),
      close: () => sources.close(),
    };
  }
  const sources = createScrapeTelemetry({
    targets: () => scrapeTargetsOf(view.allPods()),
    timeoutSeconds: scrape.timeoutSeconds,
    retentionSeconds: scrape.retentionSeconds,
    zone,
    onWarning,
  });
  const collect = (): Promise<void> => sources.collect(ports.now());
  return {
    sources,
    scrape: collect,
    async run(signal) {
      while (!signal.aborted) {
        await collect();
        await sleep(scrape.intervalSeconds * 1000, signal);
      }
    },
    close: () => sources.close(),
  };
}
