// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { format } from 'prettier';
import { reportOf, type Block } from './report.ts';
import type { ExperimentResults } from './results.ts';

const FOLDER = 'docs/explanation';

/** Writes the page of the documentation and its plots from the results; returns the file's name. */
export async function writePage(results: ExperimentResults): Promise<string> {
  const blocks = reportOf(results);
  for (const block of blocks) {
    if (block.kind === 'plot') writeFileSync(`${FOLDER}/experiment-${block.name}.svg`, block.svg);
  }
  const file = `${FOLDER}/experiment.md`;
  writeFileSync(file, await format(markdown(blocks), { parser: 'markdown', printWidth: 100 }));
  return file;
}

/** The report as Markdown; plots stand in files of their own. */
export function markdown(blocks: readonly Block[]): string {
  return [
    '# The experiment, repeated',
    '<!-- Written by `make experiment` from out/experiment/results.json. Do not edit by hand. -->',
    ...blocks.map(written),
  ].join('\n\n');
}

function written(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `## ${block.text}`;
    case 'text':
      return wrapped(block.text);
    case 'list':
      return block.items.map((item) => `- ${wrapped(item, '  ')}`).join('\n');
    case 'table':
      return table(block.header, block.rows);
    case 'plot':
      return `![${block.alt}](experiment-${block.name}.svg)`;
  }
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(header),
    line(header.map((_, i) => (i === 0 ? '---' : '--:'))),
    ...rows.map(line),
  ].join('\n');
}

const LINE = 100;

/** Breaks a paragraph between words; no line begins like a list or a heading. */
function wrapped(text: string, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const full = line !== '' && indent.length + line.length + 1 + word.length > LINE;
    if (full && !/^([-+*#>]|\d+[.)])/.test(word)) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${indent}`);
}
