// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';
import { decodeEntry } from '#audit/decode.ts';
import type { AuditEntry, CapacityEntry } from '#audit/entry.ts';
import type { LocatedLine } from '#audit/read.ts';
import { type CapacityDifference, replayCapacity } from '#audit/replay-capacity.ts';
import { type Difference, replayDecision } from '#audit/replay.ts';
import type { Command, FlagValues, Terminal } from '#cli/command/command.ts';
import { choiceFlag } from '#cli/command/flags.ts';
import { jsonText, OUTPUT_FLAG } from '#cli/terminal/output.ts';
import { plural, printable, styleOf } from '#cli/terminal/style.ts';
import { openLog, watchedLines } from './log-input.ts';

/** Lines named one by one; the rest is counted. */
const NAMED_LIMIT = 1000;

/** `perihelion audit replay`: does every decision come out again as it stands in the log? */
export const replayCommand: Command = {
  name: 'replay',
  summary: 'Take every decision of an audit log once more and compare, bit for bit.',
  operands: { usage: 'FILE', minimum: 1, maximum: 1 },
  flags: { ...OUTPUT_FLAG },
  notes: [
    'FILE is read together with the files rotated out of it (FILE.1, FILE.2, ...); `-` is standard',
    'input. Exit codes: 0 every decision came out the same, 1 one differs or a line cannot be read,',
    '2 bad input. Lines of versions that did not write `draw` are counted, not replayed.',
  ],
  examples: [
    'perihelion audit replay /var/log/perihelion/audit.jsonl',
    'perihelion audit replay audit.jsonl --output json',
  ],
  run: replay,
};

/** One line that did not come out as it stands. */
interface Deviation {
  readonly file: string;
  readonly line: number;
  /** Decision id; undefined where the line cannot be read. */
  readonly id: string | undefined;
  readonly differences: readonly (Difference | CapacityDifference)[];
  /** Why the line could not be read; undefined where it could. */
  readonly unreadable: string | undefined;
}

/** What was counted. */
interface Report {
  lines: number;
  decisions: number;
  matched: number;
  differing: number;
  /** Not replayed: inputs are missing. By reason. */
  readonly incomplete: Record<string, number>;
  unreadable: number;
  /** At most {@link NAMED_LIMIT}. */
  readonly deviations: Deviation[];
}

async function replay(
  flags: FlagValues,
  terminal: Terminal,
  [path = '']: readonly string[],
): Promise<number> {
  const format = choiceFlag(flags, 'output', ['table', 'json']);
  const input = await openLog(path, terminal);
  const report: Report = {
    lines: 0,
    decisions: 0,
    matched: 0,
    differing: 0,
    incomplete: {},
    unreadable: 0,
    deviations: [],
  };
  for await (const line of watchedLines(input, terminal, () => performance.now())) {
    add(line, report);
  }
  terminal.stdout.write(format === 'json' ? jsonText(report) : textOf(report, terminal));
  return report.differing + report.unreadable > 0 ? 1 : 0;
}

function add(line: LocatedLine, report: Report): void {
  report.lines += 1;
  const entry = entryOf(line, report);
  if (entry?.kind === 'capacity') {
    addCapacity(line, entry, report);
    return;
  }
  if (entry?.kind !== 'admission' || entry.decision === undefined) return;
  report.decisions += 1;
  const result = replayDecision(entry.decision);
  if (result.kind === 'matched') report.matched += 1;
  else if (result.kind === 'incomplete') {
    report.incomplete[result.reason] = (report.incomplete[result.reason] ?? 0) + 1;
  } else {
    report.differing += 1;
    deviate(report, line, { id: entry.decision.id, differences: result.differences });
  }
}

function addCapacity(line: LocatedLine, entry: CapacityEntry, report: Report): void {
  report.decisions += 1;
  const differences = replayCapacity(entry);
  if (differences.length === 0) {
    report.matched += 1;
    return;
  }
  report.differing += 1;
  deviate(report, line, { id: entry.id, differences });
}

function entryOf(line: LocatedLine, report: Report): AuditEntry | undefined {
  try {
    return decodeEntry(line.text);
  } catch (error) {
    if (!(error instanceof PerihelionError)) throw error;
    report.unreadable += 1;
    deviate(report, line, { unreadable: error.message });
    return undefined;
  }
}

function deviate(report: Report, line: LocatedLine, what: Partial<Deviation>): void {
  if (report.deviations.length >= NAMED_LIMIT) return;
  const { file, number } = line;
  const none = { id: undefined, differences: [], unreadable: undefined };
  report.deviations.push({ file, line: number, ...none, ...what });
}

function textOf(report: Report, terminal: Terminal): string {
  const style = styleOf(terminal);
  const lines: string[] = [];
  for (const { file, line, id, differences, unreadable } of report.deviations) {
    const place = `${printable(file)}:${line}`;
    if (unreadable !== undefined) lines.push(`${place}: ${printable(unreadable)}`);
    for (const { field, recorded, replayed } of differences) {
      const values = `recorded ${shown(recorded)}, replayed ${shown(replayed)}`;
      lines.push(`${place}: decision ${printable(id ?? '')}: ${field}: ${values}`);
    }
  }
  const left = report.differing + report.unreadable - report.deviations.length;
  if (left > 0) lines.push(`... and ${plural(left, 'more line')}`);
  for (const [reason, count] of Object.entries(report.incomplete)) {
    lines.push(`${plural(count, 'decision')} not replayed: ${printable(reason)}`);
  }
  const broken = report.differing + report.unreadable > 0;
  const { lines: read, decisions, matched, differing, unreadable } = report;
  lines.push(
    `${style.paint(broken ? 'bad' : 'good', broken ? 'differing' : 'matching')}: ` +
      `${matched} of ${plural(decisions, 'decision')} matched, ${differing} differing` +
      `${unreadable > 0 ? `, ${plural(unreadable, 'unreadable line')}` : ''}; ${plural(read, 'line')} read`,
  );
  return `${lines.join('\n')}\n`;
}

function shown(value: string | number | boolean): string {
  return printable(typeof value === 'string' ? JSON.stringify(value) : String(value));
}
