// SPDX-License-Identifier: Apache-2.0
import type { AuditEntry } from '#audit/entry.ts';
import type { AuditSink } from '#audit/sink.ts';

/** The same audit log, whose entries somebody else is shown as well. */
export function tappedSink(sink: AuditSink, tap: (entry: AuditEntry) => void): AuditSink {
  return {
    write(entry) {
      sink.write(entry);
      tap(entry);
    },
    flush: (timeoutMilliseconds) => sink.flush(timeoutMilliseconds),
    close: () => sink.close(),
    get stats() {
      return sink.stats;
    },
  };
}
