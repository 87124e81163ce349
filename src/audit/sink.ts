// SPDX-License-Identifier: Apache-2.0
import type { AuditEntry } from './entry.ts';

/** Why an entry did not become a line. */
export const DROP_REASONS = [
  'queue-full',
  'queue-bytes',
  'too-large',
  'marshal',
  'write-error',
  'closed',
] as const;

/** See {@link DROP_REASONS}. */
export type DropReason = (typeof DROP_REASONS)[number];

/** Where a hash chain stands: what the next line will continue. */
export interface ChainHead {
  /** Sequence number of the last line; 0 = none yet. */
  readonly seq: number;
  /** Its hash, 64 hexadecimal digits; all zeros before the first line. */
  readonly hash: string;
}

/** A snapshot of a sink, for metrics and readiness. Counts since the sink was opened. */
export interface AuditStats {
  /** Entries that reached the file or stream; the sink's own `drop` lines are not counted. */
  readonly written: number;
  /** Entries that did not, by reason. Every reason is present from the start. */
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** Entries waiting. */
  readonly queued: number;
  /** Bytes waiting. */
  readonly queuedBytes: number;
  /** Failed attempts to append; the batch is kept and tried again. */
  readonly writeErrors: number;
  /** Message of the last failed attempt; undefined once an append succeeds. */
  readonly lastError: string | undefined;
  readonly rotations: number;
  /** Publish it somewhere else and a cut-off tail becomes visible. */
  readonly head: ChainHead;
}

/**
 * The audit log as its writers see it. `write` neither blocks nor throws, whatever the disk does:
 * an admission never waits for its audit line.
 */
export interface AuditSink {
  /** Queues one entry, or counts it as dropped. */
  write(entry: AuditEntry): void;
  /** Resolves when all that was queued before is on disk or the time is over. Never rejects. */
  flush(timeoutMilliseconds: number): Promise<void>;
  /** Flushes within the sink's own limit, counts the rest as dropped. Idempotent; never rejects. */
  close(): Promise<void>;
  readonly stats: AuditStats;
}
