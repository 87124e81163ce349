// SPDX-License-Identifier: Apache-2.0
import type { Writable } from 'node:stream';
import { FileTarget } from './file-target.ts';
import { QueuedSink } from './queued-sink.ts';
import type { AuditSink } from './sink.ts';
import { StreamTarget } from './stream-target.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Settings of an audit log. Everything but the first three has a default. */
export interface AuditLogOptions {
  /** File to append to, or `-` for the stream. One file has one writer. */
  readonly path: string;
  /** Name of this writer, for example its Pod's. */
  readonly source: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** What `-` means. Default: standard output. */
  readonly stream?: Writable;
  /** Default 64 MiB. */
  readonly maxFileBytes?: number;
  /** Rotated files kept. Default 4: with the current one 320 MiB at most. */
  readonly keepFiles?: number;
  /** Default 4096. */
  readonly queueEntries?: number;
  /** Default 16 MiB. */
  readonly queueBytes?: number;
  /** Default 256 KiB. */
  readonly maxEntryBytes?: number;
  /** Default 256. */
  readonly batchEntries?: number;
  /** Default 1000. */
  readonly retryMilliseconds?: number;
  /** Default 10. */
  readonly gatherMilliseconds?: number;
  /** Default 5000. */
  readonly closeTimeoutMilliseconds?: number;
}

/**
 * Opens an audit log. Returns at once; the file is opened with the first entry, and an unusable
 * path shows in `stats`, never as an error.
 */
export function openAuditLog(options: AuditLogOptions): AuditSink {
  const { path, source, now, maxFileBytes = 64 * MIB, keepFiles = 4 } = options;
  const target =
    path === '-'
      ? new StreamTarget(options.stream ?? process.stdout)
      : new FileTarget({ path, source, maxFileBytes, keepFiles });
  return new QueuedSink({
    target,
    source,
    now,
    queue: { entries: options.queueEntries ?? 4096, bytes: options.queueBytes ?? 16 * MIB },
    batch: { entries: options.batchEntries ?? 256, bytes: Math.min(MIB, maxFileBytes) },
    maxEntryBytes: options.maxEntryBytes ?? 256 * KIB,
    retryMilliseconds: options.retryMilliseconds ?? 1000,
    gatherMilliseconds: options.gatherMilliseconds ?? 10,
    closeTimeoutMilliseconds: options.closeTimeoutMilliseconds ?? 5000,
  });
}
