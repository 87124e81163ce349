// SPDX-License-Identifier: Apache-2.0
import { stat } from 'node:fs/promises';
import { InputError, PerihelionError } from '#errors';
import { decodeEntry } from '#audit/decode.ts';
import type { AuditEntry } from '#audit/entry.ts';
import type { Command, FlagValues, Terminal } from '#cli/command/command.ts';
import { choiceFlag, integerFlag, listFlag } from '#cli/command/flags.ts';
import { OUTPUT_FLAG } from '#cli/terminal/output.ts';
import { printable, styleOf } from '#cli/terminal/style.ts';
import { follow } from './follow.ts';
import { outcomeOf, readableLine } from './line.ts';
import { openLog, watchedLines } from './log-input.ts';

const POLL_MILLISECONDS = 250;

/** `perihelion audit tail`: the log for people. */
export const tailCommand: Command = {
  name: 'tail',
  summary: 'Show the last lines of an audit log in readable form, and follow it.',
  operands: { usage: 'FILE', minimum: 1, maximum: 1 },
  flags: {
    follow: { type: 'boolean', short: 'f', help: 'Wait for new lines, over rotations, until ^C.' },
    lines: { type: 'string', placeholder: 'N', help: 'Lines to begin with (default 10).' },
    namespace: {
      type: 'string',
      multiple: true,
      short: 'n',
      placeholder: 'NAME',
      help: 'Only of these namespaces; may be repeated.',
    },
    outcome: {
      type: 'string',
      multiple: true,
      placeholder: 'WORD',
      choices: [
        'injected',
        'skipped',
        'dry-run',
        'failed',
        'settled',
        'censored',
        'discarded',
        'deleted',
        'dropped',
      ],
      help: 'Only these outcomes: injected, skipped, dry-run, failed, settled, censored, ...',
    },
    reason: {
      type: 'string',
      multiple: true,
      placeholder: 'WORD',
      help: 'Only these reasons, for example explore or daemon-set.',
    },
    ...OUTPUT_FLAG,
  },
  notes: [
    'With --output json the lines are printed as they stand in the log, one object per line.',
    'Of the outcome injected, `annotated` are Pods left to the default scheduler: they got no term.',
  ],
  examples: [
    'perihelion audit tail /var/log/perihelion/audit.jsonl --follow',
    'perihelion audit tail audit.jsonl --lines 100 --namespace shop --outcome injected',
    'perihelion audit tail audit.jsonl --reason holdout,explore --output json',
  ],
  run: tail,
};

/** What the flags select. */
interface Selection {
  readonly namespaces: ReadonlySet<string>;
  readonly outcomes: ReadonlySet<string>;
  readonly reasons: ReadonlySet<string>;
}

async function tail(
  flags: FlagValues,
  terminal: Terminal,
  [path = '']: readonly string[],
): Promise<number> {
  const format = choiceFlag(flags, 'output', ['table', 'json']);
  const count = integerFlag(flags, 'lines', { default: 10, minimum: 0, maximum: 1_000_000 });
  const following = flags['follow'] === true;
  if (following && path === '-') {
    const expected = 'a file, because --follow is given';
    throw new InputError('PERI_SETTINGS_INVALID', 'FILE', path, expected);
  }
  const selection = selectionOf(flags);
  const met = { entries: 0, selected: 0, outcomes: new Set<string>() };
  const style = styleOf(terminal);
  const shown = (line: string): string | undefined => {
    const entry = readable(line);
    if (entry === undefined) {
      // Foreign lines are never hidden, but they are nothing for a program.
      return format === 'json' ? undefined : style.fit(`unreadable: ${printable(line)}`);
    }
    met.entries += 1;
    met.outcomes.add(outcomeOf(entry));
    if (!selects(selection, entry)) return undefined;
    met.selected += 1;
    return format === 'json' ? line : readableLine(entry, style);
  };
  // The size comes first: what is written from here on is followed, nothing twice.
  const from = following ? await sizeOf(path) : 0;
  const last = await lastLines(path, terminal, { count, shown });
  for (const line of last) terminal.stdout.write(`${line}\n`);
  if (!following) {
    if (met.entries > 0 && met.selected === 0) {
      const outcomes = [...met.outcomes].sort().join(', ');
      const none = `perihelion: none of ${met.entries} entries is selected; their outcomes: ${outcomes}`;
      terminal.stderr.write(`${none}\n`);
    }
    return 0;
  }
  const ended = new AbortController();
  const end = (): void => ended.abort();
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  terminal.stdout.once('error', end);
  try {
    const { signal } = ended;
    for await (const line of follow(path, { from, signal, pollMilliseconds: POLL_MILLISECONDS })) {
      const text = shown(line);
      if (text !== undefined) terminal.stdout.write(`${text}\n`);
    }
  } finally {
    process.off('SIGINT', end);
    process.off('SIGTERM', end);
  }
  return 0;
}

async function lastLines(
  path: string,
  terminal: Terminal,
  what: { readonly count: number; readonly shown: (line: string) => string | undefined },
): Promise<readonly string[]> {
  const { count, shown } = what;
  const kept: string[] = [];
  const input = await openLog(path, terminal);
  for await (const { text } of watchedLines(input, terminal, () => performance.now())) {
    const line = shown(text);
    if (line === undefined) continue;
    kept.push(line);
    // Cut now and then: a shift for every line would move the whole list every time.
    if (kept.length > 2 * count + 64) kept.splice(0, kept.length - count);
  }
  return count === 0 ? [] : kept.slice(-count);
}

function selectionOf(flags: FlagValues): Selection {
  return {
    namespaces: new Set(listFlag(flags, 'namespace')),
    outcomes: new Set(listFlag(flags, 'outcome')),
    reasons: new Set(listFlag(flags, 'reason')),
  };
}

function selects({ namespaces, outcomes, reasons }: Selection, entry: AuditEntry): boolean {
  const matches = (wanted: ReadonlySet<string>, value: string | undefined): boolean =>
    wanted.size === 0 || (value !== undefined && wanted.has(value));
  const dropped = entry.kind === 'drop';
  return (
    matches(namespaces, dropped ? undefined : entry.namespace) &&
    matches(outcomes, outcomeOf(entry)) &&
    matches(reasons, reasonOf(entry))
  );
}

function reasonOf(entry: AuditEntry): string | undefined {
  if (entry.kind === 'drop' || entry.kind === 'forgotten') return undefined;
  return entry.kind === 'enforcement' ? entry.result : entry.reason;
}

function readable(line: string): AuditEntry | undefined {
  try {
    return decodeEntry(line);
  } catch (error) {
    if (error instanceof PerihelionError) return undefined;
    throw error;
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    // A file that is missing is refused where its lines are read.
    return 0;
  }
}
