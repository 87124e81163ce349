// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { LineCounter, parseAllDocuments } from 'yaml';
import type { Command, FlagValues, Terminal } from '#cli/command/command.ts';
import { choiceFlag } from '#cli/command/flags.ts';
import { jsonText, OUTPUT_FLAG } from '#cli/terminal/output.ts';
import { plural, printable, styleOf } from '#cli/terminal/style.ts';
import { lintDocument } from './lint-document.ts';
import { messageOf, type Mistake } from './mistake.ts';

/** `perihelion policy lint`: are these policies what they are meant to be? */
export const lintCommand: Command = {
  name: 'lint',
  summary: 'Check PlacementPolicy files: every mistake in one line, before the cluster sees it.',
  operands: { usage: 'FILE...', minimum: 1, maximum: Infinity },
  flags: { ...OUTPUT_FLAG },
  notes: [
    'Files are YAML with any number of documents; `-` is standard input. Objects of other API',
    'groups are left out, and so is a file without any PlacementPolicy where another file has',
    'one. Exit codes: 0 no mistake; 2 a mistake, a file that cannot be read, or no PlacementPolicy',
    'in all of them.',
  ],
  examples: [
    'perihelion policy lint policy.yaml',
    'kustomize build overlays/production | perihelion policy lint - --output json',
  ],
  run: lint,
};

/** What was found in all files. */
interface Report {
  policies: number;
  /** Objects of other API groups. */
  others: number;
  /** Files that were read and have nothing to check. */
  readonly withoutPolicy: string[];
  readonly mistakes: Mistake[];
  /** `namespace/name` of every policy so far and where it stands. */
  readonly seen: Map<string, string>;
}

async function lint(
  flags: FlagValues,
  terminal: Terminal,
  files: readonly string[],
): Promise<number> {
  const format = choiceFlag(flags, 'output', ['table', 'json']);
  const report = await reportOf(files, terminal);
  const { policies, others, withoutPolicy, mistakes } = report;
  const ok = mistakes.length === 0;
  if (format === 'json') {
    terminal.stdout.write(jsonText({ ok, files, policies, others, withoutPolicy, mistakes }));
  } else {
    const style = styleOf(terminal);
    const lines = withoutPolicy.map((file) => `${printable(file)}: ${NONE_FOUND}, left out`);
    lines.push(...mistakes.map(lineOf));
    const verdict = ok
      ? style.paint('good', 'no mistakes')
      : style.paint('bad', plural(mistakes.length, 'mistake'));
    const left = others === 0 ? '' : `, ${plural(others, 'other object')} left out`;
    lines.push(
      `${verdict} in ${policies} PlacementPolicy ${policies === 1 ? 'object' : 'objects'}${left}`,
    );
    terminal.stdout.write(`${lines.join('\n')}\n`);
  }
  return ok ? 0 : 2;
}

const NONE_FOUND = 'no PlacementPolicy found';

/** Every file; one that cannot be read is a mistake and does not keep the others from being read. */
async function reportOf(files: readonly string[], terminal: Terminal): Promise<Report> {
  const report: Report = {
    ...{ policies: 0, others: 0 },
    ...{ withoutPolicy: [], mistakes: [], seen: new Map() },
  };
  for (const file of files) {
    const before = report.policies + report.mistakes.length;
    const read = await textOf(file, terminal);
    if (typeof read === 'string') lintFile(file, read, report);
    else report.mistakes.push(read);
    if (report.policies + report.mistakes.length === before) report.withoutPolicy.push(file);
  }
  if (report.policies > 0 || report.mistakes.length > 0) return report;
  // Nothing was checked, so that nothing may be said to be right.
  const mistakes = report.withoutPolicy.map((file) => wholeFile(file, NONE_FOUND));
  return { ...report, withoutPolicy: [], mistakes };
}

function wholeFile(file: string, message: string): Mistake {
  return { file, line: undefined, document: undefined, message };
}

function lineOf({ file, line, document, message }: Mistake): string {
  const place = `${printable(file)}${line === undefined ? '' : `:${line}`}`;
  const where = document === undefined ? place : `${place}: document ${document}`;
  return `${where}: ${printable(message)}`;
}

function lintFile(file: string, text: string, report: Report): void {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  // An empty stream of documents is no array of them.
  if (!Array.isArray(documents)) return;
  for (const [index, document] of documents.entries()) {
    const number = index + 1;
    const [syntax] = document.errors;
    if (syntax !== undefined) {
      const { line } = lines.linePos(syntax.pos[0]);
      const message = messageOf('document', syntax.message, 'YAML');
      report.mistakes.push({ file, line, document: number, message });
      continue;
    }
    const linted = lintDocument(document, lines);
    if (linted.kind === 'other') report.others += 1;
    if (linted.kind !== 'policy') continue;
    report.policies += 1;
    for (const mistake of linted.mistakes) {
      report.mistakes.push({ file, document: number, ...mistake });
    }
    const place = `document ${number} of ${file}`;
    const former = report.seen.get(linted.name);
    if (former !== undefined && linted.name !== '') {
      const message = messageOf('metadata.name', linted.name, `another name than ${former}`);
      report.mistakes.push({ file, line: undefined, document: number, message });
    }
    report.seen.set(linted.name, place);
  }
}

/** The text of a file, or why it cannot be read. */
async function textOf(file: string, terminal: Terminal): Promise<string | Mistake> {
  if (file === '-' && terminal.stdin !== undefined) {
    const chunks: Buffer[] = [];
    for await (const chunk of terminal.stdin) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks).toString('utf8');
  }
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'an error';
    return wholeFile(file, messageOf('file', file, `a readable file (${code})`));
  }
}
