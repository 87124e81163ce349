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

/**
 * The lines of a log over all its files, oldest first, without their line ends. Only `\\n` ends a
 * line, as in the writer: a stray `\\r` stays and shows up as a change. Rejects with the system's
 * error.
 */
export async function* readLog(path: string): AsyncGenerator<string> {
  for (const file of await logFiles(path)) yield* readLines(file);
}

async function* readLines(file: string): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of createReadStream(file)) {
    const parts = (rest + decoder.write(chunk as Buffer)).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  rest += decoder.end();
  if (rest !== '') yield rest;
}
