// SPDX-License-Identifier: Apache-2.0
import { InputError } from '#errors';
import type { ChainHead } from '#audit/sink.ts';
import { LineVerifier, type Problem, type Verification } from '#audit/verify.ts';
import type { Command, FlagValues, Terminal } from '#cli/command/command.ts';
import { choiceFlag, listFlag } from '#cli/command/flags.ts';
import { plural, printable, styleOf } from '#cli/terminal/style.ts';
import { OUTPUT_FLAG } from '#cli/terminal/output.ts';
import { openLog, watchedLines } from './log-input.ts';

/** `perihelion audit verify`: is the log as it was written? */
export const verifyCommand: Command = {
  name: 'verify',
  summary: 'Check the hash chain of an audit log: names every changed, dropped or moved line.',
  operands: { usage: 'FILE', minimum: 1, maximum: 1 },
  flags: {
    expect: {
      type: 'string',
      multiple: true,
      placeholder: 'SOURCE:SEQ:HASH',
      help: 'A head known from elsewhere, so that a cut-off end shows; may be repeated.',
    },
    ...OUTPUT_FLAG,
  },
  notes: [
    'FILE is read together with the files rotated out of it (FILE.1, FILE.2, ...); `-` is standard',
    'input. Exit codes: 0 every line is as it was written, 1 the chain is broken, 2 bad input.',
  ],
  examples: [
    'perihelion audit verify /var/log/perihelion/audit.jsonl',
    'perihelion audit verify audit.jsonl --output json',
    'perihelion audit verify - < audit.jsonl',
  ],
  run: verify,
};

/** A problem and the place of its line. */
interface LocatedProblem extends Problem {
  readonly file: string;
  /** Line number in that file. */
  readonly lineInFile: number;
}

async function verify(
  flags: FlagValues,
  terminal: Terminal,
  [path = '']: readonly string[],
): Promise<number> {
  const format = choiceFlag(flags, 'output', ['table', 'json']);
  const expectedHeads = expectedOf(flags);
  const input = await openLog(path, terminal);
  const verifier = new LineVerifier();
  /** First line of each file, counted over all of them. */
  const starts: { readonly file: string; readonly first: number }[] = [];
  let count = 0;
  for await (const { file, number, text } of watchedLines(input, terminal, () =>
    performance.now(),
  )) {
    count += 1;
    if (number === 1) starts.push({ file, first: count });
    verifier.add(text);
  }
  const found = verifier.finish({ expectedHeads });
  const problems = found.problems.map((problem): LocatedProblem => {
    const start = starts.findLast(({ first }) => first <= problem.line);
    const file = start?.file ?? input.files.at(-1) ?? path;
    return { ...problem, file, lineInFile: problem.line - (start?.first ?? 1) + 1 };
  });
  if (format === 'json') terminal.stdout.write(jsonOf(input.files, found, problems));
  else terminal.stdout.write(textOf(input.files.length, found, problems, terminal));
  return found.ok ? 0 : 1;
}

function textOf(
  files: number,
  found: Verification,
  problems: readonly LocatedProblem[],
  terminal: Terminal,
): string {
  const style = styleOf(terminal);
  const read = `${plural(found.lines, 'line')} in ${plural(files, 'file')}`;
  const lines = problems.map(
    ({ file, lineInFile, kind, detail }) =>
      `${printable(file)}:${lineInFile}: ${style.paint('bad', kind)}: ${printable(detail)}`,
  );
  for (const [source, { seq, hash }] of found.heads) {
    lines.push(`${printable(source)} ends at seq ${seq}, hash ${hash}`);
  }
  lines.push(
    found.ok
      ? `${style.paint('good', 'intact')}: ${read}`
      : `${style.paint('bad', 'broken')}: ${plural(problems.length, 'problem')}, ${read}`,
  );
  return `${lines.join('\n')}\n`;
}

function jsonOf(
  files: readonly string[],
  found: Verification,
  problems: readonly LocatedProblem[],
): string {
  const { ok, lines } = found;
  const heads = Object.fromEntries(found.heads);
  return `${JSON.stringify({ ok, files, lines, problems, heads }, undefined, 2)}\n`;
}

/** @throws InputError when a head is not of the form SOURCE:SEQ:HASH */
function expectedOf(flags: FlagValues): Map<string, ChainHead> {
  const heads = new Map<string, ChainHead>();
  for (const text of listFlag(flags, 'expect')) {
    const match = /^(.+):([1-9]\d*):([0-9a-f]{64})$/.exec(text);
    const [, source, seq, hash] = match ?? [];
    if (source === undefined || seq === undefined || hash === undefined) {
      const expected = 'SOURCE:SEQ:HASH with a hash of 64 hexadecimal digits';
      throw new InputError('PERI_SETTINGS_INVALID', '--expect', text, expected);
    }
    heads.set(source, { seq: Number(seq), hash });
  }
  return heads;
}
