// SPDX-License-Identifier: Apache-2.0
import { decodeEntry } from '#audit/decode.ts';
import type { AuditEntry } from '#audit/entry.ts';
import { PerihelionError } from '#errors';
import { openLog, watchedLines } from '#cli/audit/log-input.ts';
import type { Terminal } from '#cli/command/command.ts';
import { plural, printable } from '#cli/terminal/style.ts';
import { type Course, CourseGatherer } from './course.ts';

/** Reading a line takes a hundred times as long as looking whether it can be meant. */
const NEEDLE = '"settlement"';

/**
 * The course of every workload in an audit log and the files rotated out of it. Lines that cannot be
 * read are left out and counted on standard error: `audit verify` names them.
 *
 * @param namespace undefined = all
 * @throws InputError when there is nothing to read
 */
export async function courseOf(
  file: string,
  namespace: string | undefined,
  terminal: Terminal,
): Promise<readonly Course[]> {
  const log = await openLog(file, terminal, '--audit');
  const gatherer = new CourseGatherer();
  let settled = 0;
  let unreadable = 0;
  for await (const { text } of watchedLines(log, terminal, () => performance.now())) {
    if (!text.includes(NEEDLE)) {
      if (!looksWhole(text)) unreadable += 1;
      continue;
    }
    const entry = readable(text);
    if (entry === undefined) unreadable += 1;
    if (entry?.kind !== 'settlement') continue;
    settled += 1;
    if (namespace === undefined || entry.namespace === namespace) gatherer.add(entry);
  }
  if (gatherer.omitted) terminal.stderr.write('more than 500 workloads: the first are shown\n');
  const name = printable(file);
  if (unreadable > 0) {
    const lines = plural(unreadable, 'line');
    terminal.stderr.write(`${name}: ${lines} left out, not of an audit log (audit verify)\n`);
  }
  if (settled === 0) {
    terminal.stderr.write(`${name}: nothing was settled in it; the learner's log has that\n`);
  }
  return gatherer.courses();
}

/** Whether a line that is not read any closer can be an entry: no foreign text, nothing cut off. */
function looksWhole(text: string): boolean {
  return text.startsWith('{') && text.trimEnd().endsWith('}') && text.includes('"kind":');
}

function readable(text: string): AuditEntry | undefined {
  try {
    return decodeEntry(text);
  } catch (error) {
    if (error instanceof PerihelionError) return undefined;
    throw error;
  }
}
