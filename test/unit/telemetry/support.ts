// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { everyPreset, SHIPPED } from '#telemetry/presets/catalogue.ts';
import { parseExposition } from '#telemetry/series/exposition.ts';
import { loadQuestions, questionsOf } from '#telemetry/presets/questions.ts';
import { withTargetLabels } from '#telemetry/scrape/scrape.ts';
import type { Selection } from '#telemetry/series/selection.ts';
import { ScrapeStore } from '#telemetry/scrape/store.ts';
import type { ScrapeTarget } from '#telemetry/scrape/target.ts';
import { Snapshot } from '#telemetry/scrape/snapshot.ts';
import { createSources, type SourcesOptions, type Telemetry } from '#telemetry/sources/sources.ts';

/** Real output of Kepler, by section (`A`, `B10`, `C12`, ...). */
export function keplerSections(): ReadonlyMap<string, string> {
  const url = new URL('../../fixtures/kepler/kepler-metrics.txt', import.meta.url);
  const parts = readFileSync(url, 'utf8').split(/^## SECTION (\S+).*\n/m);
  const sections = new Map<string, string>();
  for (let i = 1; i + 1 < parts.length; i += 2) sections.set(parts[i]!, parts[i + 1]!);
  return sections;
}

/** A store fed with expositions, and the sources over it. */
export interface Fed {
  readonly store: ScrapeStore;
  readonly sources: Telemetry;
  /** One scrape of one exporter; `time` in seconds. */
  readonly feed: (target: ScrapeTarget, seconds: number, text: string) => void;
  /** The same for an exporter that only a Prometheus server scrapes: all questions of load. */
  readonly feedAs: (name: string, instance: string, seconds: number, text: string) => void;
}

export function createFed(options: SourcesOptions = {}): Fed {
  const zone = options.zone ?? 'package';
  const store = new ScrapeStore({ retentionSeconds: 3600, maximumScrapes: 1000 });
  return {
    store,
    sources: createSources(store, options),
    feedAs(name, instance, seconds, text) {
      const series = parseExposition(text).series.map((one) => ({
        ...one,
        labels: withTargetLabels(one.labels, { job: name, instance }),
      }));
      const snapshot = new Snapshot(seconds * 1000, series);
      const selections: readonly Selection[] = Object.values({ ...loadQuestions() });
      const target: ScrapeTarget = { url: `http://${instance}/`, labels: {}, kind: 'kepler' };
      store.add(target, seconds * 1000, new Map(selections.map((s) => [s, snapshot.select(s)])));
    },
    feed(target, seconds, text) {
      const labels: Record<string, string> = { instance: new URL(target.url).host };
      for (const [name, value] of Object.entries(target.labels)) if (value) labels[name] = value;
      const series = parseExposition(text).series.map((one) => ({
        ...one,
        labels: withTargetLabels(one.labels, labels),
      }));
      const snapshot = new Snapshot(seconds * 1000, [
        ...series,
        { name: 'up', labels, value: 1, timestamp: undefined },
      ]);
      const { presets = SHIPPED, more } = options;
      const asked = more === undefined ? presets : everyPreset(presets, more());
      const selections = questionsOf(target.kind, zone, asked);
      store.add(target, seconds * 1000, new Map(selections.map((s) => [s, snapshot.select(s)])));
    },
  };
}

export const KEPLER: ScrapeTarget = {
  url: 'http://10.0.0.1:28282/metrics',
  labels: {},
  kind: 'kepler',
};

export function sidecar(pod: string, namespace = 'shop', host = '10.0.1.1:15020'): ScrapeTarget {
  return { url: `http://${host}/stats/prometheus`, labels: { namespace, pod }, kind: 'istio' };
}
