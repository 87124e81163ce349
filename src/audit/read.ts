// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';

/**
 * The files of a log, oldest first: `path.4 path.3 path.2 path.1 path`, those that exist. Rejects
 * with the system's error if the directory cannot be read.
 */
export async function logFiles(path: string): Promise<readonly string[]> {
  const base = basename(path);
  const directory = dirname(path);
  const rotated: number[] = [];
  let current = false;
  for (const name of await readdir(directory)) {
    if (name === base) current = true;
    if (!name.startsWith(`${base}.`)) continue;
    const suffix = name.slice(base.length + 1);
    if (/^[1-9]\d*$/.test(suffix)) rotated.push(Number(suffix));
  }
  const files = rotated.sort((a, b) => b - a).map((index) => join(directory, `${base}.${index}`));
  return current ? [...files, path] : files;
}

/** A line and where it stands. */
export interface LocatedLine {
  readonly file: string;
  /** Line number in the file, from 1. */
  readonly number: number;
  /** Without its line end. */
  readonly text: string;
}

/**
 * The lines of a log over all its files, oldest first, without their line ends. Only `\\n` ends a
 * line, as in the writer: a stray `\\r` stays and shows up as a change. Rejects with the system's
 * error.
 */
export async function* readLog(path: string): AsyncGenerator<string> {
  for await (const { text } of readLocatedLog(path)) yield text;
}

/** {@link readLog}, with the place of each line. */
export async function* readLocatedLog(path: string): AsyncGenerator<LocatedLine> {
  for (const file of await logFiles(path)) {
    let number = 0;
    for await (const text of linesOf(createReadStream(file))) {
      number += 1;
      yield { file, number, text };
    }
  }
}

/** The lines of a stream of bytes, without their line ends; the last one may have none. */
export async function* linesOf(stream: AsyncIterable<Buffer | string>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of stream) {
    const text = typeof chunk === 'string' ? chunk : decoder.write(chunk);
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  rest += decoder.end();
  if (rest !== '') yield rest;
}
