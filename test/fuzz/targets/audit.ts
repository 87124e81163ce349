// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { link, GENESIS, readLink } from '#audit/chain.ts';
import { decodeEntry } from '#audit/decode.ts';
import { encodeEntry } from '#audit/encode.ts';
import { LineVerifier } from '#audit/verify.ts';
import { PerihelionError } from '#errors';
import type { AuditEntry } from '#audit/entry.ts';
import { admission, settlement } from '../../unit/audit/entries.ts';
import { mutateJson } from '../mutate.ts';
import type { FuzzTarget } from '../target.ts';

const ENTRIES: readonly AuditEntry[] = [
  admission(),
  settlement(),
  { kind: 'drop', time: '2026-01-02T03:04:05.678Z', dropped: { 'queue-full': 3 } },
];

/**
 * Lines of the audit log: decoding and verifying say `PERI_AUDIT_MALFORMED` or give an entry,
 * whatever stands in the file; an entry that comes out can be written and read again.
 */
export function auditTarget(): FuzzTarget {
  const payloads = ENTRIES.map((entry) => encodeEntry(entry));
  const lines = payloads.map((payload) => link(payload, 'fuzz', GENESIS).line);
  const documents = lines.map((line) => JSON.parse(line) as unknown);
  return {
    name: 'audit',
    seeds: lines.map((line) => Buffer.from(line)),
    generate: (random) => Buffer.from(JSON.stringify(mutateJson(random.pick(documents), random))),
    run: (input) => {
      const verifier = new LineVerifier();
      for (const line of input.toString('utf8').split('\n')) {
        verifier.add(line);
        readLink(line);
        decodeAgain(line);
      }
      verifier.finish();
    },
  };
}

function decodeAgain(line: string): void {
  try {
    const entry = decodeEntry(line);
    assert.deepEqual(decodeEntry(encodeEntry(entry)), JSON.parse(JSON.stringify(entry)));
  } catch (error) {
    assert.ok(
      error instanceof PerihelionError && error.code === 'PERI_AUDIT_MALFORMED',
      error as Error,
    );
  }
}
