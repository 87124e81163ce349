// SPDX-License-Identifier: Apache-2.0
import { sleep } from '#cluster/api/backoff.ts';
import type { KubeClient } from '#cluster/api/client.ts';
import type { LiveClusterView } from '#cluster/mirror/live-view.ts';
import type { Settings } from '#settings/settings.ts';
import { queriedCarbon, staticCarbon, type ZonedNode } from '#telemetry/energy/carbon.ts';
import { everyPreset, presetsWith, unknownPreset } from '#telemetry/presets/catalogue.ts';
import type { PresetChoice, Presets } from '#telemetry/presets/preset.ts';
import { type NodeUsageReader, readNodeMetrics } from '#telemetry/load/usage.ts';
import { createPodDirectory } from '#telemetry/reading/pod-directory.ts';
import type { CarbonSource } from '#telemetry/reading/source.ts';
import { createPrometheusTelemetry } from '#telemetry/prometheus/prometheus.ts';
import { createScrapeTelemetry } from '#telemetry/scrape/scrape.ts';
import { scrapeTargetsOf } from '#telemetry/scrape/target.ts';
import type { SourcesOptions, Telemetry } from '#telemetry/sources/sources.ts';
import type { ProductPorts } from './ports.ts';

/** The three sources and what keeps them alive. */
export interface RunningTelemetry {
  readonly sources: Telemetry;
  /** Carbon intensity; undefined = the settings tell of none. */
  readonly carbon: CarbonSource | undefined;
  /** What is wrong with the presets that a policy reads by; undefined = nothing. */
  readonly presetProblem: (choice: PresetChoice) => string | undefined;
  /** Scrapes every exporter once; nothing where a Prometheus server does the scraping. */
  scrape(): Promise<void>;
  /** Scrapes in the settings' interval until the signal. */
  run(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** What telemetry asks the API server for. */
export interface TelemetryWorld {
  readonly client: Pick<KubeClient, 'get'>;
  /** The presets that policies bring at the moment. */
  readonly ownPresets: () => Presets;
}

const NONE: Presets = { meters: [], meshes: [] };

type TelemetrySettings = Settings['telemetry'];

/** Opens the telemetry backend that the settings name. */
export function openTelemetry(
  settings: TelemetrySettings,
  view: LiveClusterView,
  ports: ProductPorts,
  { client, ownPresets }: TelemetryWorld,
): RunningTelemetry {
  const onWarning = (message: string): void =>
    ports.logger.warn({ telemetry: message }, 'telemetry');
  const { zone, meter, mesh, scrape, prometheus, carbon } = settings;
  const presets = presetsWith(settings.presets);
  const more = settings.policyPresets ? ownPresets : (): Presets => NONE;
  const presetProblem = (choice: PresetChoice): string | undefined =>
    unknownPreset(choice, everyPreset(presets, more()));
  const common: SourcesOptions = {
    zone,
    meter,
    mesh,
    presets,
    more,
    directory: () => createPodDirectory(() => view.allPods()),
    nodeUsage: settings.nodeMetrics ? nodeUsage(client, view) : undefined,
    onWarning,
  };
  const nodes = (): Iterable<ZonedNode> => zonedNodes(view, carbon?.zoneLabel ?? '');
  const written = carbon && staticCarbon(carbon.gramsPerKilowattHour, nodes);
  if (settings.backend === 'Prometheus' && prometheus !== undefined) {
    const sources = createPrometheusTelemetry({ ...prometheus, ...common, random: ports.random });
    const asked = carbon?.query && {
      query: carbon.query,
      zoneLabel: carbon.queryZoneLabel,
    };
    return {
      sources,
      presetProblem,
      carbon: asked
        ? queriedCarbon((query, time) => sources.query(query, time), asked, { nodes, onWarning })
        : written,
      scrape: () => Promise.resolve(),
      run: () => Promise.resolve(),
      close: () => sources.close(),
    };
  }
  const sources = createScrapeTelemetry({
    ...common,
    targets: () => scrapeTargetsOf(view.allPods(), scrape.secure, everyPreset(presets, more())),
    credentials: scrape.secure,
    timeoutSeconds: scrape.timeoutSeconds,
    retentionSeconds: scrape.retentionSeconds,
  });
  const collect = (): Promise<void> => sources.collect(ports.now());
  return {
    sources,
    presetProblem,
    carbon: written,
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

/** One call, without another try: there is the next window. */
function nodeUsage(client: Pick<KubeClient, 'get'>, view: LiveClusterView): NodeUsageReader {
  return async () => {
    const list = await client.get('/apis/metrics.k8s.io/v1beta1/nodes', { retries: 0 });
    return readNodeMetrics(list, (name) => {
      const allocatable = view.node(name)?.allocatable;
      if (allocatable === undefined) return undefined;
      return { cores: allocatable.cpuMillicores / 1000, bytes: allocatable.memoryBytes };
    });
  };
}

function* zonedNodes(view: LiveClusterView, label: string): Iterable<ZonedNode> {
  for (const { name, labels } of view.nodes()) {
    yield { name, zone: Object.hasOwn(labels, label) ? labels[label] : undefined };
  }
}
