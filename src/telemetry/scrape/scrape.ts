// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';
import { Agent, request } from 'undici';
import { readText } from '#telemetry/http/body.ts';
import { everyPreset, SHIPPED } from '#telemetry/presets/catalogue.ts';
import { readSecret } from '#telemetry/http/secret.ts';
import { parseExposition } from '#telemetry/series/exposition.ts';
import { type Answered, LOOKBACK_MILLISECONDS } from './history.ts';
import { createLimiter, type Limiter } from '#telemetry/http/limiter.ts';
import { TrustingAgent } from '#telemetry/http/trusting-agent.ts';
import { DEFAULT_READING_OPTIONS } from '#telemetry/reading/options.ts';
import { type ExporterKind, questionsOf } from '#telemetry/presets/questions.ts';
import { ScrapeStore } from './store.ts';
import type { ScrapeTarget } from './target.ts';
import type { Selection } from '#telemetry/series/selection.ts';
import type { Labels, Series } from '#telemetry/series/series.ts';
import { Snapshot } from './snapshot.ts';
import { createSources, type SourcesOptions, type Telemetry } from '#telemetry/sources/sources.ts';
import { describeError } from '#telemetry/series/vector-source.ts';

/** What is scraped and within what limits. */
export interface ScrapeOptions extends SourcesOptions {
  /** The endpoints of the moment; asked at every collection. */
  readonly targets: () => Iterable<ScrapeTarget>;
  /** For targets that are trusted with credentials. */
  readonly credentials?: ScrapeCredentials | undefined;
  /** Time limit of one scrape. Default 5. */
  readonly timeoutSeconds?: number | undefined;
  /** Scrapes under way at once. Default 16. */
  readonly maximumInFlight?: number | undefined;
  /** How long samples are kept. Default 900. */
  readonly retentionSeconds?: number | undefined;
  /** Scrapes kept per endpoint, whatever their age. Default 720. */
  readonly maximumScrapes?: number | undefined;
  /** Default 16 MiB. */
  readonly maximumBodyBytes?: number | undefined;
  /** Series kept of one reply. Default 50,000. */
  readonly maximumSeries?: number | undefined;
}

/** How exporters behind a proxy are asked. */
export interface ScrapeCredentials {
  /** Read anew for every scrape, because such tokens are rotated. */
  readonly bearerTokenFile: string;
  /** CA bundle (PEM) that their certificates must chain to. */
  readonly caFile: string;
  /** Name that their certificates are for; undefined = their address. */
  readonly serverName?: string | undefined;
}

/** Readings from the exporters themselves. */
export interface ScrapeTelemetry extends Telemetry {
  /**
   * Scrapes all endpoints once and files what they say under the time `now` (milliseconds since
   * the epoch). An endpoint that fails is a warning, never an error.
   */
  collect(now: number): Promise<void>;
  /** Exporters with samples in memory. */
  readonly exporters: number;
  /** Closes the connections. */
  close(): Promise<void>;
}

/**
 * Builds the three sources by scraping the exporters directly, without a Prometheus server.
 * Memory is bounded: a bounded number of scrapes per endpoint, and of each only the answers to
 * the questions that will be asked (8 bytes per number).
 */
export function createScrapeTelemetry(options: ScrapeOptions): ScrapeTelemetry {
  const scraper = new Scraper(options);
  const sources = createSources(scraper.store, options);
  return {
    ...sources,
    collect: (now) => scraper.collect(now),
    get exporters() {
      return scraper.store.size;
    },
    close: () => scraper.close(),
  };
}

const ACCEPT = 'text/plain;version=0.0.4, application/openmetrics-text;version=1.0.0;q=0.5';

type Selections = Readonly<Record<ExporterKind, readonly Selection[]>>;

class Scraper {
  readonly store: ScrapeStore;
  readonly #options: ScrapeOptions;
  readonly #agent: Agent;
  readonly #limit: Limiter;
  readonly #secure: TrustingAgent | undefined;
  #asked: { readonly key: string; readonly of: Selections } | undefined;

  constructor(options: ScrapeOptions) {
    this.#options = options;
    this.store = new ScrapeStore({
      retentionSeconds: options.retentionSeconds ?? 900,
      maximumScrapes: options.maximumScrapes ?? 720,
    });
    // The answer of one scrape is one request: more than one connection per exporter is waste.
    this.#agent = new Agent({ connections: 1, keepAliveTimeout: 60_000 });
    if (options.credentials !== undefined) {
      const { caFile, serverName } = options.credentials;
      const limits = { connections: 1, keepAliveTimeout: 60_000 };
      this.#secure = new TrustingAgent(caFile, limits, serverName);
    }
    this.#limit = createLimiter(options.maximumInFlight ?? 16);
  }

  async collect(now: number): Promise<void> {
    const targets = [...this.#options.targets()];
    this.store.retain(targets, now);
    await Promise.all(targets.map((target) => this.#limit(() => this.#scrape(target, now))));
  }

  async close(): Promise<void> {
    await Promise.all([this.#agent.destroy(), this.#secure?.destroy()]);
  }

  async #scrape(target: ScrapeTarget, now: number): Promise<void> {
    try {
      const text = await this.#fetch(target);
      this.store.add(target, now, this.#read(target, text, now));
    } catch (error) {
      this.#options.onWarning?.(`${target.url}: ${describeError(error)}`);
    }
  }

  async #fetch({ url, secure }: ScrapeTarget): Promise<string> {
    const { credentials } = this.#options;
    const trusted =
      secure === true && credentials !== undefined && this.#secure && url.startsWith('https:');
    const signal = AbortSignal.timeout((this.#options.timeoutSeconds ?? 5) * 1000);
    const reply = await request(url, {
      dispatcher: trusted ? await this.#secure.agent() : this.#agent,
      headers: trusted
        ? {
            accept: ACCEPT,
            authorization: `Bearer ${await readSecret(credentials.bearerTokenFile)}`,
          }
        : { accept: ACCEPT },
      signal,
    });
    const text = await readText(reply.body, this.#options.maximumBodyBytes ?? 16 * 1024 * 1024);
    if (reply.statusCode !== 200) {
      throw new PerihelionError('PERI_TELEMETRY_UNAVAILABLE', `answered ${reply.statusCode}`);
    }
    return text;
  }

  /** What exporters are asked; made anew when a policy brings another preset or takes one away. */
  #selections(): Selections {
    const { presets = SHIPPED, more, zone = DEFAULT_READING_OPTIONS.zone } = this.#options;
    const all = more === undefined ? presets : everyPreset(presets, more());
    const key = [...all.meters, ...all.meshes].map(({ name }) => name).join(' ');
    if (this.#asked?.key !== key) {
      const of = (kind: ExporterKind): readonly Selection[] => questionsOf(kind, zone, all);
      const kinds = {
        kepler: of('kepler'),
        istio: of('istio'),
        'node-exporter': of('node-exporter'),
      };
      this.#asked = { key, of: kinds };
    }
    return this.#asked.of;
  }

  /** The answers to the exporter's questions; everything else in the reply is dropped. */
  #read(target: ScrapeTarget, text: string, now: number): Answered {
    const selections = this.#selections()[target.kind];
    const wanted = new Set(selections.map(({ metric }) => metric));
    const exposition = parseExposition(text, {
      keep: (name) => wanted.has(name),
      maximumSeries: this.#options.maximumSeries ?? 50_000,
    });
    const { malformedCount, malformed, damaged, truncated } = exposition;
    if (malformedCount > 0) {
      const first = malformed[0]?.error.message ?? '';
      this.#options.onWarning?.(`${target.url}: ${malformedCount} malformed lines; ${first}`);
    }
    if (truncated) {
      // Part of a reply would pass for a fall of what is missing.
      throw new PerihelionError('PERI_TELEMETRY_UNAVAILABLE', 'too many series');
    }
    const labels = targetLabels(target);
    // An exporter that tells old news, or a line that nobody can read, is there, but not so that
    // what it does not tell counts from 0.
    const whole = malformedCount === 0 && !exposition.series.some((one) => isTooOld(one, now));
    const snapshot = new Snapshot(now, [
      { name: 'up', labels, value: whole ? 1 : 0, timestamp: undefined },
      ...exposition.series
        .filter((series) => !damaged.has(series.name) && !isTooOld(series, now))
        .map((series) => ({ ...series, labels: withTargetLabels(series.labels, labels) })),
    ]);
    return new Map(selections.map((selection) => [selection, snapshot.select(selection)]));
  }
}

/** An exporter may say when it measured; what it measured long ago is no news. */
function isTooOld(series: Series, now: number): boolean {
  return series.timestamp !== undefined && series.timestamp < now - LOOKBACK_MILLISECONDS;
}

/**
 * The labels of a series under those of its target. A label that both have stays as
 * `exported_<name>`, as in Prometheus: Kepler up to 0.9 tells its node in `instance`.
 */
export function withTargetLabels(own: Labels, target: Labels): Labels {
  const all: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    all[Object.hasOwn(target, name) ? `exported_${name}` : name] = value;
  }
  return { ...all, ...target };
}

function targetLabels({ url, labels }: ScrapeTarget): Labels {
  const all: Record<string, string> = { instance: new URL(url).host };
  for (const [name, value] of Object.entries(labels)) if (value) all[name] = value;
  return all;
}
