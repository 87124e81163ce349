// SPDX-License-Identifier: Apache-2.0
import { decodeEntry } from '#audit/decode.ts';
import type { AuditEntry } from '#audit/entry.ts';
import { PerihelionError } from '#errors';
import { openLog, watchedLines } from '../audit/log-input.ts';
import type { Terminal } from '../command.ts';
import { type Course, CourseGatherer } from './course.ts';

/** Reading a line takes a hundred times as long as looking whether it can be meant. */
const NEEDLE = '"settlement"';

/**
 * The course of every workload in an audit log and the files rotated out of it. Lines that cannot be
 * read are left out: `audit verify` is for those.
 *
 * @param namespace undefined = all
 * @throws InputError when there is nothing to read
 */
export async function courseOf(
  file: string,
  namespace: string | undefined,
  terminal: Terminal,
): Promise<readonly Course[]> {
  const log = await openLog(file, terminal);
  const gatherer = new CourseGatherer();
  for await (const { text } of watchedLines(log, terminal, () => performance.now())) {
    const entry = text.includes(NEEDLE) ? readable(text) : undefined;
    if (entry?.kind !== 'settlement') continue;
    if (namespace === undefined || entry.namespace === namespace) gatherer.add(entry);
  }
  if (gatherer.omitted) terminal.stderr.write('more than 500 workloads: the first are shown\n');
  return gatherer.courses();
}

function readable(text: string): AuditEntry | undefined {
  try {
    return decodeEntry(text);
  } catch (error) {
    if (error instanceof PerihelionError) return undefined;
    throw error;
  }
}
