// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';
import { COMMANDS } from '#cli/program/command-line.ts';
import { type Command, isGroup, parseArgsOptions } from '#cli/command/command.ts';

/** What commands may be called by the pages: those that exist. */
export interface Known {
  readonly makeTargets: ReadonlySet<string>;
  readonly npmScripts: ReadonlySet<string>;
}

/** A command of a page, split into words. */
export interface CommandLine {
  readonly tool: 'perihelion' | 'make' | 'npm run';
  readonly words: readonly string[];
  readonly text: string;
}

const SHELLS = new Set(['sh', 'bash', 'shell', 'console']);

/** Every call of the product, of make and of npm scripts in a page's shell blocks and code spans. */
export function commandLinesOf(markdown: string): CommandLine[] {
  const blocks: string[] = [];
  const prose = markdown.replace(
    /^([ \t]*)```(\w*)[^\n]*\n([^]*?)^\1```/gm,
    (_all, _indent: string, language: string, code: string) => {
      if (SHELLS.has(language)) blocks.push(code);
      return '';
    },
  );
  const spans = [...prose.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span.replace(/\s+/g, ' '));
  const lines = blocks.flatMap((code) => withoutHereDocuments(code).split('\n'));
  return [...lines, ...spans].flatMap(callsIn);
}

function withoutHereDocuments(code: string): string {
  return code.replace(/\\\n\s*/g, ' ').replace(/<<'?(\w+)'?\n[^]*?^\s*\1$/gm, '');
}

function callsIn(line: string): CommandLine[] {
  const bare = line
    .replace(/(^|\s)#.*$/, '')
    .replace(/\d?>&\d/g, '')
    .replace(/^\s*\$ /, '');
  const calls: CommandLine[] = [];
  for (const part of splitCommands(bare)) {
    const words = wordsOf(part);
    while (/^\w+=/.test(words[0] ?? '')) words.shift();
    const call = callOf(words);
    if (call !== undefined) calls.push({ ...call, text: part.trim() });
  }
  return calls;
}

/** Splits at `|`, `&&`, `;`, `{`, `}` and substitutions, not inside quotes. */
function splitCommands(line: string): string[] {
  const parts = line.match(/"[^"]*"|'[^']*'|[$<]\(|[|;&(){}]|[^"'|;&(){}$<]+|[$<]/g) ?? [];
  const commands: string[] = [];
  let command = '';
  for (const part of parts) {
    if (/^([$<]\(|[|;&(){}])$/.test(part)) {
      commands.push(command);
      command = '';
    } else command += part;
  }
  return [...commands, command];
}

function wordsOf(text: string): string[] {
  const plain = text.replace(/\s[<>]+\s*\S+/g, ' ');
  return (plain.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? []).map((word) =>
    word.replace(/["']/g, ''),
  );
}

function callOf(words: readonly string[]): Omit<CommandLine, 'text'> | undefined {
  const [first, second] = words;
  const bundle = words.findIndex((word) => word.endsWith('/perihelion.mjs'));
  if (bundle >= 0) return { tool: 'perihelion', words: words.slice(bundle + 1) };
  if (first === 'perihelion') return { tool: 'perihelion', words: words.slice(1) };
  if (first === 'kubectl' && second === 'perihelion') {
    return { tool: 'perihelion', words: words.slice(2) };
  }
  if (first === 'make') return { tool: 'make', words: words.slice(1) };
  if (first === 'npm' && second === 'run') return { tool: 'npm run', words: words.slice(2) };
  return undefined;
}

/** What is wrong with a command line; undefined = it would run. */
export function problemOf({ tool, words }: CommandLine, known: Known): string | undefined {
  if (tool === 'make') {
    const targets = words.filter((word) => !word.startsWith('-') && !word.includes('='));
    const wrong = targets.find((target) => !known.makeTargets.has(target));
    return wrong === undefined ? undefined : `no make target ${wrong}`;
  }
  if (tool === 'npm run') {
    const rest = words.filter((word) => !['--silent', '-s'].includes(word));
    const [script = '', separator, ...args] = rest;
    if (!known.npmScripts.has(script)) return `no npm script ${script}`;
    const passedOn = script !== 'start' || separator !== '--' || args[0] === '$@';
    return passedOn ? undefined : problemOfProduct(args);
  }
  return problemOfProduct(words);
}

function problemOfProduct([name, ...rest]: readonly string[]): string | undefined {
  if (name === undefined || ['help', 'version', '--help', '--version'].includes(name)) {
    return undefined;
  }
  const entry = COMMANDS.find((command) => command.name === name);
  if (entry === undefined) return `no command ${name}`;
  if (!isGroup(entry)) return problemOfFlags(entry, rest);
  const [part, ...others] = rest;
  const command = entry.commands.find((one) => one.name === part);
  return command === undefined
    ? `no command ${name} ${part ?? ''}`
    : problemOfFlags(command, others);
}

function problemOfFlags(command: Command, args: readonly string[]): string | undefined {
  const options = parseArgsOptions(command);
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options,
      strict: true,
      allowPositionals: true,
    });
    const { minimum, maximum } = command.operands ?? { minimum: 0, maximum: 0 };
    if (values['help'] === true) return undefined;
    if (positionals.length < minimum || positionals.length > maximum) {
      return `${positionals.length} operands`;
    }
    for (const [name, { choices }] of Object.entries(command.flags)) {
      const value = values[name];
      if (choices === undefined || typeof value !== 'string') continue;
      if (!choices.includes(value)) return `--${name} ${value}`;
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
