// SPDX-License-Identifier: Apache-2.0
import { Backoff, type Sleep } from '#cluster/api/backoff.ts';
import type { KubeApi } from '#cluster/api/kube-api.ts';
import { KubernetesError } from '#cluster/api/kubernetes-error.ts';
import { asObject, asObjects, asText } from '#cluster/wire/json.ts';
import { Collection, type CollectionSource } from './collection.ts';
import { gathered, type GatherOptions } from './gathered.ts';
import type { ReflectorHappening, ReflectorObserver } from './happenings.ts';
import { Intake, type IntakeSource } from './intake.ts';
import type { WatchLine } from './lines.ts';
import { isAtLeast, ResourceVersionGate } from './resource-version.ts';
import type { Entry, Store } from './store.ts';
import { DEFAULT_REFLECTOR_TIMES, type ReflectorTimes } from './times.ts';

/** What a reflector mirrors, and how. */
export interface ReflectorSource<T> extends CollectionSource, IntakeSource<T> {
  /** A collection that is not there (404) counts as empty, and is looked for again. */
  readonly optional?: boolean;
}

/** What a reflector is given from outside. */
export interface ReflectorPorts {
  readonly api: KubeApi;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly sleep: Sleep;
  readonly observe?: ReflectorObserver;
}

/** Where a reflector is. */
export type ReflectorState = 'idle' | 'listing' | 'watching' | 'backoff' | 'stopped';

/** After as many failures in a row without progress, a watch gives way to a list. */
const FAILURES_BEFORE_RELIST = 3;

/** What a list or a watch leads to. */
interface Next {
  readonly step: 'list' | 'watch';
  readonly wait: boolean;
}

/** Where a watch began. */
interface Begin {
  readonly at: number;
  readonly resourceVersion: string | undefined;
}

/**
 * Mirrors one collection of the API server into a {@link Store}: a paged list, then a watch that
 * is resumed where it stopped, for as long as it is not stopped. One loop owns the state (idle,
 * listing, watching, backoff, stopped); no error of the server, the connection, an object or a
 * listener ends it.
 */
export class Reflector<T> {
  readonly store: Store<T>;
  /** True after the first complete list; false when stopped before it. Never rejects. */
  readonly synced: Promise<boolean>;
  readonly #source: ReflectorSource<T>;
  readonly #collection: Collection;
  readonly #intake: Intake<T>;
  readonly #ports: ReflectorPorts;
  readonly #times: ReflectorTimes;
  readonly #gather: GatherOptions;
  readonly #backoff: Backoff;
  readonly #stop = new AbortController();
  readonly #gate = new ResourceVersionGate();
  #settle: (synced: boolean) => void = () => undefined;
  #state: ReflectorState = 'idle';
  #isSynced = false;
  #resourceVersion: string | undefined;
  #listedAt = 0;
  #lastHeardAt: number | undefined;
  /** What the server asked for with its last refusal, until it was waited for. */
  #leastPause = 0;
  #loop: Promise<void> = Promise.resolve();

  constructor(
    source: ReflectorSource<T>,
    ports: ReflectorPorts,
    times: Partial<ReflectorTimes> = {},
  ) {
    this.#source = source;
    this.#collection = new Collection(ports.api, source);
    this.#ports = ports;
    this.#times = { ...DEFAULT_REFLECTOR_TIMES, ...times };
    this.#gather = {
      pauseMilliseconds: this.#times.gatherMilliseconds,
      now: ports.now,
    };
    this.#backoff = new Backoff(
      {
        baseMilliseconds: this.#times.backoffBaseMilliseconds,
        capMilliseconds: this.#times.backoffCapMilliseconds,
      },
      ports.random,
    );
    this.synced = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#intake = new Intake(source, (happening, error) => this.#observe(happening, error));
    this.store = this.#intake.store;
  }

  get state(): ReflectorState {
    return this.#state;
  }

  /** Whether the first list is complete. */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** The last resourceVersion seen; undefined before the first list. */
  get resourceVersion(): string | undefined {
    return this.#resourceVersion;
  }

  /** When the server was last heard, milliseconds since the epoch; undefined = never. */
  get lastHeardAt(): number | undefined {
    return this.#lastHeardAt;
  }

  /** Begins to mirror; a second call does nothing. */
  start(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'listing';
    this.#loop = this.#run();
  }

  /** Ends it at any moment; afterwards no connection of it is open and no listener is called. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#stop.abort();
    this.#settle(false);
    this.#gate.close();
    await this.#loop;
  }

  /**
   * Waits until the mirror has taken in everything up to `resourceVersion`, for example that of an
   * object just written. False when the reflector was stopped first.
   */
  untilResourceVersion(resourceVersion: string): Promise<boolean> {
    return this.#gate.until(resourceVersion);
  }

  async #run(): Promise<void> {
    let next: Next = { step: 'list', wait: false };
    while (!this.#isStopped()) {
      if (next.wait) {
        this.#enter('backoff');
        const pause = this.#leastPause + this.#backoff.next();
        this.#leastPause = 0;
        await this.#ports.sleep(pause, this.#stop.signal);
        if (this.#isStopped()) return;
      }
      this.#enter(next.step === 'list' ? 'listing' : 'watching');
      next = next.step === 'list' ? await this.#list() : await this.#watch();
    }
  }

  async #list(): Promise<Next> {
    const { pageSize } = this.#times;
    const found = new Map<string, Entry<T>>();
    let token: string | undefined;
    let resourceVersion = '';
    try {
      do {
        const page = await this.#collection.page(pageSize, token, this.#stop.signal);
        this.#lastHeardAt = this.#ports.now();
        const metadata = asObject(page['metadata']);
        for (const raw of asObjects(page['items'])) this.#intake.collect(found, raw);
        token = asText(metadata['continue']) || undefined;
        resourceVersion = asText(metadata['resourceVersion']);
      } while (token !== undefined);
    } catch (error) {
      return this.#listFailed(error);
    }
    if (this.#isStopped()) return { step: 'list', wait: false };
    this.#complete(found, resourceVersion);
    return { step: 'watch', wait: false };
  }

  #complete(found: ReadonlyMap<string, Entry<T>>, resourceVersion: string | undefined): void {
    this.store.replace(found);
    this.#listedAt = this.#ports.now();
    this.#resourceVersion = undefined;
    if (resourceVersion !== undefined) this.#advance(resourceVersion);
    this.#isSynced = true;
    this.#settle(true);
    this.#observe('listed');
  }

  #listFailed(error: unknown): Next {
    if (this.#isStopped()) return { step: 'list', wait: false };
    this.#leastPause = KubernetesError.leastPauseOf(error);
    this.#observe(KubernetesError.is(error, 410) ? 'expired' : 'failed', error);
    if (this.#source.optional === true && KubernetesError.is(error, 404)) {
      this.#complete(new Map(), undefined);
    }
    return { step: 'list', wait: true };
  }

  async #watch(): Promise<Next> {
    const begin: Begin = { at: this.#ports.now(), resourceVersion: this.#resourceVersion };
    const idle = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, idle.signal]);
    const timer = setTimeout(() => idle.abort(), this.#times.inactivityMilliseconds);
    const heard = (): void => {
      this.#lastHeardAt = this.#ports.now();
      timer.refresh();
    };
    try {
      const body = await this.#collection.watch(this.#from(), signal);
      this.#observe('watched');
      const reader = this.#collection.readerOf(body.contentType);
      for await (const chunks of gathered(body.stream, this.#gather)) {
        heard();
        const lines = chunks.flatMap((chunk) => reader.push(chunk));
        if (!this.#takeIn(lines, signal)) return this.#resume(begin, true);
        if (signal.aborted) break;
      }
      if (!this.#takeIn(reader.end(), signal)) return this.#resume(begin, true);
      if (idle.signal.aborted) this.#observe('idle');
      return this.#resume(begin, false);
    } catch (error) {
      return this.#watchFailed(error, begin, idle.signal.aborted);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Takes in events; false at the first that is none: the watch is to be opened again.
   * @throws KubernetesError for an ERROR event
   */
  #takeIn(lines: readonly WatchLine[], signal: AbortSignal): boolean {
    for (const line of lines) {
      if (signal.aborted) return true;
      if (line.kind === 'garbage') {
        this.#observe('garbage');
        return false;
      }
      this.#advance(this.#intake.apply(line.type, line.object));
    }
    return true;
  }

  #from(): { readonly resourceVersion: string | undefined; readonly timeoutSeconds: number } {
    const { watchSeconds } = this.#times;
    return {
      resourceVersion: this.#resourceVersion,
      timeoutSeconds: Math.ceil(watchSeconds * (1 + this.#ports.random())),
    };
  }

  #watchFailed(error: unknown, begin: Begin, idle: boolean): Next {
    if (this.#isStopped()) return { step: 'watch', wait: false };
    if (idle) {
      this.#observe('idle');
      return this.#resume(begin, false);
    }
    if (KubernetesError.is(error, 410)) {
      this.#observe('expired', error);
      return { step: 'list', wait: this.#resourceVersion === begin.resourceVersion };
    }
    this.#leastPause = KubernetesError.leastPauseOf(error);
    this.#observe('failed', error);
    // Not served any more, for example a CRD that was deleted: only a list can tell.
    if (KubernetesError.is(error, 404)) return { step: 'list', wait: true };
    return this.#resume(begin, true);
  }

  /**
   * After the end of a watch: on where it stopped. Without progress (no event, and hardly
   * begun) there is a wait, and after a few failures a list; else the backoff begins anew.
   */
  #resume(begin: Begin, failed: boolean): Next {
    const now = this.#ports.now();
    const { relistMilliseconds, backoffBaseMilliseconds } = this.#times;
    if (now - this.#listedAt >= relistMilliseconds) return { step: 'list', wait: failed };
    const lived = now - begin.at >= 10 * backoffBaseMilliseconds;
    if (lived || this.#resourceVersion !== begin.resourceVersion) {
      this.#backoff.reset();
      return { step: 'watch', wait: failed };
    }
    const exhausted = failed && this.#backoff.attempt >= FAILURES_BEFORE_RELIST;
    return { step: exhausted ? 'list' : 'watch', wait: true };
  }

  #advance(resourceVersion: string): void {
    if (resourceVersion === '') return;
    const known = this.#resourceVersion;
    if (known !== undefined && isAtLeast(known, resourceVersion)) return;
    this.#resourceVersion = resourceVersion;
    this.#gate.reached(resourceVersion);
  }

  #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  #enter(state: ReflectorState): void {
    if (this.#state !== 'stopped') this.#state = state;
  }

  #observe(happening: ReflectorHappening, error?: unknown): void {
    this.#ports.observe?.(happening, error);
  }
}
