// SPDX-License-Identifier: Apache-2.0
import type { ServerResponse } from 'node:http';
import type { AuditEntry } from '#audit/entry.ts';
import type { SlimPod } from '#cluster/objects/slim.ts';
import type {
  Overview,
  Part,
  ValueTable,
  WorkloadNow,
  WorkloadPoint,
  Workloads,
} from '#dashboard/api/api.ts';
import { Burst } from './burst.ts';
import { clusterNow, wattsOf } from '#dashboard/now/cluster-now.ts';
import { DecisionFeed, type FeedOptions } from '#dashboard/decisions/decision-feed.ts';
import { EventHub } from './event-hub.ts';
import { WindowHistory } from '#dashboard/now/history.ts';
import { Observer } from '#dashboard/now/observer.ts';
import type { TableQuery } from './request.ts';
import type { Routes } from './routes.ts';
import { SavingsHistory } from '#dashboard/now/savings-history.ts';
import type { DashboardSources } from '#dashboard/now/sources.ts';
import { valueTable, valueTables } from '#dashboard/now/value-tables.ts';
import { workloadName, WORKLOADS_LIMIT, workloadsNow } from '#dashboard/now/workloads-now.ts';

/** Everything a dashboard is made from. */
export interface DashboardOptions {
  readonly sources: DashboardSources;
  readonly feed: FeedOptions;
  readonly version: string;
  readonly identity: string;
  /** Milliseconds since the epoch, by the product's clock. */
  readonly now: () => number;
  /** Milliseconds of a clock that never jumps. */
  readonly elapsed: () => number;
  readonly windowSeconds: number;
  readonly delaySeconds: number;
  readonly intervalSeconds: number;
  readonly staleAfterSeconds: number;
  /** Told when telemetry does not answer. */
  readonly onProblem: (error: unknown) => void;
}

/** Windows that are remembered, and nodes and workloads of each. */
const WINDOWS = 60;
const SERIES = 1000;
/** Changes are told so long after the first of them. */
const BURST_MILLISECONDS = 250;
/** Rows told at once; a page shows fewer. */
const BURST_ROWS = 100;
/** Between two looks at the models. */
const LOOK_MILLISECONDS = 2000;
/** After its last request a page without a stream counts as closed. */
const WATCHED_MILLISECONDS = 60_000;

/** The dashboard's memory: what it shows and whom it tells. Serving it is the server's. */
export class Dashboard implements Routes {
  readonly #options: DashboardOptions;
  readonly #feed: DecisionFeed;
  readonly #hub: EventHub;
  readonly #observer: Observer;
  readonly #savings: SavingsHistory;
  readonly #watts = new WindowHistory<number>(WINDOWS, SERIES);
  readonly #workloads = new WindowHistory<WorkloadPoint>(WINDOWS, SERIES);
  readonly #burst: Burst;
  readonly #startedAt: number;
  #measured: readonly WorkloadNow[] = [];
  #askedAt = -Infinity;
  #print = '';

  constructor(options: DashboardOptions) {
    this.#options = options;
    const { sources, now } = options;
    this.#startedAt = now();
    this.#feed = new DecisionFeed(options.feed);
    this.#hub = new EventHub({ now });
    this.#savings = new SavingsHistory(sources, now);
    this.#burst = new Burst(BURST_MILLISECONDS, (ids) => this.#tellDecisions(ids));
    this.#feed.onChange((id) => {
      if (this.#hub.size > 0) this.#burst.add(id);
    });
    this.#observer = new Observer({
      ...options,
      measure: (window) => sources.measure(window),
      onMeasured: () => this.#remember(),
    });
  }

  /** An audit line that this process writes. */
  onEntry(entry: AuditEntry): void {
    this.#feed.onEntry(entry);
  }

  /** A Pod as it is now. */
  onPod(pod: SlimPod): void {
    this.#feed.onPod(pod);
  }

  /** Looks at telemetry and models now; for a clock that is virtual. */
  async observe(): Promise<void> {
    await this.#observer.refresh();
    this.look();
    this.#burst.flush();
  }

  /** Looks at telemetry while somebody looks at the page, and at the models, until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    const looking = setInterval(() => this.look(), LOOK_MILLISECONDS);
    looking.unref();
    await this.#observer.run(() => this.#isWatched(), signal);
    clearInterval(looking);
  }

  /** Looks whether the models have changed. */
  look(): void {
    let print = 0;
    let shards = 0;
    for (const { version } of this.#options.sources.models.shards()) {
      print += version;
      shards += 1;
    }
    const next = `${print} ${shards} ${this.#options.sources.leads()}`;
    if (next === this.#print) return;
    this.#print = next;
    this.#savings.look();
    this.#tell(['overview', 'savings', 'values']);
  }

  /** Ends every stream. */
  close(): void {
    this.#burst.close();
    this.#hub.close();
  }

  overview(user: string | undefined): Overview {
    const { sources, version, identity } = this.#options;
    return {
      version,
      identity,
      startedAt: this.#startedAt,
      leads: sources.leads(),
      user,
      experiment: sources.experiment() !== undefined,
      limits: sources.limits(),
    };
  }

  async cluster(): ReturnType<Routes['cluster']> {
    await this.#asked();
    return clusterNow({
      ...this.#input(),
      wattsHistory: (node) => this.#watts.of(node).map(({ value }) => value ?? null),
    });
  }

  async workloads(): Promise<Workloads> {
    await this.#asked();
    const { measurement, problem, windowSeconds } = this.#input();
    // As they were when they were measured: Pods that came since have no figures.
    const all = this.#measured;
    const workloads = all.slice(0, WORKLOADS_LIMIT);
    return {
      observedAt: measurement?.window.to,
      windowSeconds,
      problem,
      workloads,
      workloadsOmitted: all.length - workloads.length,
    };
  }

  savings(): ReturnType<Routes['savings']> {
    return this.#savings.answer();
  }

  tables(): ReturnType<Routes['tables']> {
    return valueTables(this.#options.sources.models.shards());
  }

  table({ namespace, policy, workload }: TableQuery): ValueTable | undefined {
    const { sources } = this.#options;
    const shard = sources.models.shard(namespace, policy, workload);
    return shard === undefined ? undefined : valueTable(shard, sources);
  }

  decisions(query: Parameters<Routes['decisions']>[0]): ReturnType<Routes['decisions']> {
    return this.#feed.page(query);
  }

  story(id: string): ReturnType<Routes['story']> {
    const known = this.#feed.known(id);
    return known === undefined ? undefined : this.#options.sources.story(known);
  }

  experiment(): ReturnType<Routes['experiment']> {
    return this.#options.sources.experiment();
  }

  stream(response: ServerResponse): boolean {
    if (this.#hub.full) return false;
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      // Proxies that gather answers would hold events back.
      'X-Accel-Buffering': 'no',
    });
    this.#hub.add(response);
    return true;
  }

  async #asked(): Promise<void> {
    this.#askedAt = this.#options.elapsed();
    await this.#observer.first();
  }

  #isWatched(): boolean {
    const quiet = this.#options.elapsed() - this.#askedAt;
    return this.#hub.size > 0 || quiet < WATCHED_MILLISECONDS;
  }

  #input() {
    const { sources, windowSeconds, staleAfterSeconds } = this.#options;
    const { last: measurement, problem } = this.#observer;
    return { sources, measurement, problem, windowSeconds, staleAfterSeconds };
  }

  #workloadsNow(): WorkloadNow[] {
    return workloadsNow(this.#input());
  }

  #courseOf(name: string): WorkloadPoint[] {
    return this.#workloads.of(name).map(({ time, value }) => value ?? [time, null, null]);
  }

  #remember(): void {
    const input = this.#input();
    const time = input.measurement?.window.to ?? this.#options.now();
    const watts = [...this.#options.sources.view.nodes()].flatMap(({ name }) => {
      const { value } = wattsOf(name, input);
      return value === undefined ? [] : [[name, value] as const];
    });
    this.#watts.add(time, watts);
    const rows = this.#workloadsNow();
    this.#workloads.add(
      time,
      rows.map((row) => [
        workloadName(row),
        [time, row.p99Milliseconds.value ?? null, row.joulesPerRequest.value ?? null] as const,
      ]),
    );
    this.#measured = rows.map((row) => ({ ...row, history: this.#courseOf(workloadName(row)) }));
    this.#tell(['cluster', 'workloads']);
  }

  #tell(parts: readonly Part[]): void {
    this.#hub.send('changed', { parts });
  }

  #tellDecisions(ids: readonly string[]): void {
    const shown = ids.slice(-BURST_ROWS);
    const rows = shown.flatMap((id) => this.#feed.row(id) ?? []);
    const { held, seen } = this.#feed;
    this.#hub.send('decisions', { rows, skipped: ids.length - shown.length, held, seen });
  }
}
