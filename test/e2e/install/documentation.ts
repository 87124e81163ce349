// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

/** What a page tells to type under one heading. */
export interface Section {
  readonly heading: string;
  /** Its shell blocks, in order. */
  readonly blocks: readonly string[];
}

/** The shell blocks of a page by the nearest heading above them. */
export function sectionsOf(markdown: string): readonly Section[] {
  const sections: { heading: string; blocks: string[] }[] = [{ heading: '', blocks: [] }];
  const parts = markdown.matchAll(/^[ \t]*```(\w*)[^\n]*\n([^]*?)^[ \t]*```|^#+ ([^\n]+)$/gm);
  for (const [, language, code, heading] of parts) {
    if (heading !== undefined) sections.push({ heading, blocks: [] });
    else if (language === 'sh') sections.at(-1)!.blocks.push(withoutIndent(code ?? ''));
  }
  return sections;
}

/**
 * The blocks of one section of a page of this repository.
 *
 * @throws Error where the page has no such section, or nothing to type in it
 */
export function blocksOf(page: string, heading: string): readonly string[] {
  const file = new URL(`../../../${page}`, import.meta.url);
  const section = sectionsOf(readFileSync(file, 'utf8')).find((one) => one.heading === heading);
  if (section === undefined || section.blocks.length === 0) {
    throw new Error(`${page}: nothing to type under "${heading}"`);
  }
  return section.blocks;
}

/**
 * A block without the commands that this run cannot follow. A here document or a continued line
 * goes with its command.
 *
 * @param commands how these commands begin
 */
export function withoutCommands(block: string, commands: readonly string[]): string {
  const whole = block.match(/[^\n]*<<'?(\w+)'?\n[^]*?^\1$|(?:[^\n]*\\\n)*[^\n]+/gm) ?? [];
  return whole
    .filter((command) => !commands.some((start) => command.trimStart().startsWith(start)))
    .join('\n');
}

/** In a list a block is indented as its item is; a here document would not end otherwise. */
function withoutIndent(code: string): string {
  const indent = /^[ \t]*/.exec(code)?.[0] ?? '';
  return code
    .split('\n')
    .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
    .join('\n');
}
