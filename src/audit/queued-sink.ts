// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import { GENESIS, writeLink } from './chain.ts';
import { encodeEntry } from './encode.ts';
import type { AuditEntry } from './entry.ts';
import { LineBuffer } from './line-buffer.ts';
import { EntryQueue, type QueueLimits } from './queue.ts';
import {
  DROP_REASONS,
  type AuditSink,
  type AuditStats,
  type ChainHead,
  type DropReason,
} from './sink.ts';
import type { LineTarget } from './target.ts';

/** Settings of a {@link QueuedSink}. */
export interface QueuedSinkOptions {
  readonly target: LineTarget;
  /** Name of this writer, for example its Pod's; stands in every line. */
  readonly source: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly queue: QueueLimits;
  readonly batch: QueueLimits;
  /** A longer entry is dropped as `too-large`. */
  readonly maxEntryBytes: number;
  /** Pause after a failed append. */
  readonly retryMilliseconds: number;
  /**
   * How long an entry may wait for others: an append costs the same for one line as for fifty.
   * Also how much a crash can lose beyond what it would. Default 0.
   */
  readonly gatherMilliseconds?: number | undefined;
  /** How long `close` tries to write the rest. */
  readonly closeTimeoutMilliseconds: number;
}

interface Waiter {
  /** Resolved once this many entries have left the queue. */
  readonly upTo: number;
  readonly resolve: () => void;
}

/**
 * An audit sink in front of a target. Entries are encoded at once (what is logged is what was
 * true), queued, and appended in batches by one loop. While the target fails the batch stays in
 * the queue and is tried again; what does not fit is counted, and a `drop` line says so in the
 * log itself as soon as it can be written.
 */
export class QueuedSink implements AuditSink {
  readonly #options: QueuedSinkOptions;
  readonly #queue: EntryQueue;
  /** Of the batch under way; not touched before its append is over. */
  readonly #lines = new LineBuffer();
  readonly #dropped: Record<DropReason, number> = zeroes();
  /** Drops already told in the log. */
  #told: Record<DropReason, number> = zeroes();
  #head: ChainHead = GENESIS;
  #opened = false;
  #running = false;
  #closing: Promise<void> | undefined;
  #abandoned = false;
  #accepted = 0;
  #written = 0;
  #writeErrors = 0;
  #lastError: string | undefined;
  #waiters: Waiter[] = [];
  #retry = new AbortController();

  constructor(options: QueuedSinkOptions) {
    this.#options = options;
    this.#queue = new EntryQueue(options.queue);
  }

  get stats(): AuditStats {
    return {
      written: this.#written,
      dropped: { ...this.#dropped },
      queued: this.#queue.length,
      queuedBytes: this.#queue.bytes,
      writeErrors: this.#writeErrors,
      lastError: this.#lastError,
      rotations: this.#options.target.rotations,
      head: this.#head,
    };
  }

  write(entry: AuditEntry): void {
    const refused = this.#closing === undefined ? this.#offer(entry) : 'closed';
    if (refused === undefined) this.#accepted += 1;
    else this.#dropped[refused] += 1;
    if (refused !== 'closed') this.#start();
  }

  flush(timeoutMilliseconds: number): Promise<void> {
    if (!this.#pending || this.#abandoned) return Promise.resolve();
    const upTo = this.#accepted;
    return new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        resolve();
      };
      const waiter: Waiter = { upTo, resolve: settle };
      const timer = setTimeout(settle, timeoutMilliseconds);
      this.#waiters.push(waiter);
      this.#retry.abort();
      this.#start();
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  get #pending(): boolean {
    return this.#queue.length > 0 || DROP_REASONS.some((reason) => this.#untold(reason) > 0);
  }

  #untold(reason: DropReason): number {
    return reason === 'closed' ? 0 : this.#dropped[reason] - this.#told[reason];
  }

  #offer(entry: AuditEntry): DropReason | undefined {
    let payload: string;
    try {
      payload = encodeEntry(entry);
    } catch {
      return 'marshal';
    }
    const bytes = Buffer.byteLength(payload);
    if (bytes > this.#options.maxEntryBytes) return 'too-large';
    const answer = this.#queue.offer(payload, bytes);
    return answer === 'queued' ? undefined : answer;
  }

  #start(): void {
    if (this.#running || this.#abandoned) return;
    this.#running = true;
    // One turn of the event loop later, so that a burst becomes one batch.
    setImmediate(() => void this.#run());
  }

  async #run(): Promise<void> {
    while (this.#pending && !this.#abandoned) {
      try {
        await this.#gather();
        await this.#appendBatch();
        this.#lastError = undefined;
      } catch (error) {
        this.#writeErrors += 1;
        this.#lastError = error instanceof Error ? error.message : String(error);
        await this.#pause(this.#options.retryMilliseconds, false);
      }
    }
    this.#running = false;
    this.#wake();
  }

  async #appendBatch(): Promise<void> {
    const { target, source, batch } = this.#options;
    if (!this.#opened) {
      this.#head = await target.open();
      this.#opened = true;
      if (this.#abandoned) return target.close();
    }
    const payloads = this.#queue.peek(batch);
    const told = { ...this.#dropped };
    const notice = this.#dropNotice();
    let head = this.#head;
    this.#lines.clear();
    for (const payload of notice === undefined ? payloads : [notice, ...payloads]) {
      head = writeLink(this.#lines, payload, source, head);
    }
    await target.append(this.#lines.bytes);
    if (this.#abandoned) return;
    this.#head = head;
    this.#told = told;
    this.#queue.drop(payloads.length);
    this.#written += payloads.length;
    this.#wake();
  }

  #dropNotice(): string | undefined {
    const dropped: Record<string, number> = {};
    for (const reason of DROP_REASONS) {
      const count = this.#untold(reason);
      if (count > 0) dropped[reason] = count;
    }
    if (Object.keys(dropped).length === 0) return undefined;
    const time = new Date(this.#options.now()).toISOString();
    return encodeEntry({ kind: 'drop', time, dropped });
  }

  /** Lets a batch fill up, unless somebody waits for it or it is half full already. */
  async #gather(): Promise<void> {
    const { gatherMilliseconds = 0, batch } = this.#options;
    const hurry = this.#waiters.length > 0 || this.#closing !== undefined;
    if (gatherMilliseconds === 0 || hurry || 2 * this.#queue.length >= batch.entries) return;
    await this.#pause(gatherMilliseconds, true);
  }

  /** Waits; a flush cuts it short. @param ref whether the process stays alive for it */
  async #pause(milliseconds: number, ref: boolean): Promise<void> {
    this.#retry = new AbortController();
    const { signal } = this.#retry;
    await delay(milliseconds, undefined, { signal, ref }).catch(() => undefined);
  }

  #wake(): void {
    const ready = this.#waiters.filter(({ upTo }) => !this.#pending || upTo <= this.#written);
    for (const waiter of ready) waiter.resolve();
  }

  async #shutDown(): Promise<void> {
    const { target, closeTimeoutMilliseconds } = this.#options;
    await this.flush(closeTimeoutMilliseconds);
    this.#abandoned = true;
    this.#retry.abort();
    this.#dropped['write-error'] += this.#queue.length;
    this.#queue.drop(this.#queue.length);
    // A hanging disk may hang here too; it must not hold up the end of the process.
    const limit = new AbortController();
    await Promise.race([
      target.close().catch(() => undefined),
      delay(closeTimeoutMilliseconds, undefined, { signal: limit.signal }).catch(() => undefined),
    ]);
    limit.abort();
  }
}

function zeroes(): Record<DropReason, number> {
  return {
    'queue-full': 0,
    'queue-bytes': 0,
    'too-large': 0,
    marshal: 0,
    'write-error': 0,
    closed: 0,
  };
}
