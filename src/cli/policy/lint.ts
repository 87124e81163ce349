// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { LineCounter, parseAllDocuments } from 'yaml';
import { InputError } from '#errors';
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
    'groups are left out. Exit codes: 0 no mistake, 2 a mistake, or a file that cannot be read.',
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
  const report: Report = { policies: 0, others: 0, mistakes: [], seen: new Map() };
  for (const file of files) lintFile(file, await textOf(file, terminal), report);
  const { policies, others, mistakes } = report;
  const ok = mistakes.length === 0;
  if (format === 'json') terminal.stdout.write(jsonText({ ok, files, policies, others, mistakes }));
  else {
    const style = styleOf(terminal);
    const lines = mistakes.map(({ file, line, document, message }) => {
      const place = `${printable(file)}${line === undefined ? '' : `:${line}`}`;
      return `${place}: document ${document}: ${printable(message)}`;
    });
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

async function textOf(file: string, terminal: Terminal): Promise<string> {
  if (file === '-' && terminal.stdin !== undefined) {
    const chunks: Buffer[] = [];
    for await (const chunk of terminal.stdin) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks).toString('utf8');
  }
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'an error';
    throw new InputError('PERI_SETTINGS_INVALID', 'FILE', file, `a readable file (${code})`);
  }
}
