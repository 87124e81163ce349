// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { oneLine } from './encode.ts';
import { LineBuffer } from './line-buffer.ts';
import type { ChainHead } from './sink.ts';

/** Version of the line format; rises when a reader of the old one would misread the new one. */
export const LINE_FORMAT = 1;

/** Where every chain begins. */
export const GENESIS: ChainHead = { seq: 0, hash: '0'.repeat(64) };

/** The chain's own fields of one line. */
export interface Link {
  /** Who wrote it; every writer has a chain of its own. */
  readonly source: string;
  readonly seq: number;
  /** Hash of the line before. */
  readonly prev: string;
  /** Hash that the line claims for itself. */
  readonly hash: string;
  /** Whether the line's bytes still have that hash. */
  readonly intact: boolean;
}

const COMMA = 0x2c;
const TAIL = /,"hash":"([0-9a-f]{64})"\}$/;
const HASH = /^[0-9a-f]{64}$/;

/**
 * Puts an encoded entry into the chain, as the next line of a batch:
 * `{"format":1,"source":…,"seq":…,"prev":…,…,"hash":…}`. The hash is SHA-256 over the UTF-8 bytes
 * of the line as written, without its hash field, so that verifying never depends on how a reader
 * would write the JSON again.
 *
 * @param payload one JSON object with at least one field, from `encodeEntry`.
 * @returns the head behind the line.
 */
export function writeLink(
  lines: LineBuffer,
  payload: string,
  source: string,
  head: ChainHead,
): ChainHead {
  const seq = head.seq + 1;
  const begin = lines.length;
  lines.add(
    `{"format":${LINE_FORMAT},"source":${oneLine(source)},"seq":${seq},"prev":"${head.hash}",`,
  );
  // The payload's own opening brace becomes the comma, and its closing one is hashed where it stands.
  lines.stepBack();
  const comma = lines.length;
  lines.add(payload);
  lines.overwrite(comma, COMMA);
  const hash = sha256(lines.from(begin));
  lines.stepBack();
  lines.add(`,"hash":"${hash}"}\n`);
  return { seq, hash };
}

/**
 * One line by itself.
 * @returns the line without its line end, and the head behind it.
 */
export function link(
  payload: string,
  source: string,
  head: ChainHead,
): { readonly line: string; readonly head: ChainHead } {
  const lines = new LineBuffer();
  const next = writeLink(lines, payload, source, head);
  return { line: lines.bytes.toString('utf8', 0, lines.length - 1), head: next };
}

/**
 * Reads the chain's fields of a line. Undefined if it is no line of an audit log at all: not a
 * JSON object, or one without a chain.
 */
export function readLink(line: string): Link | undefined {
  const tail = TAIL.exec(line);
  if (tail === null) return undefined;
  const fields = parseObject(line);
  if (fields === undefined) return undefined;
  const { source, seq, prev } = fields;
  if (typeof source !== 'string' || typeof prev !== 'string' || !HASH.test(prev)) return undefined;
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 1) return undefined;
  const hash = tail[1] ?? '';
  return { source, seq, prev, hash, intact: sha256(`${line.slice(0, tail.index)}}`) === hash };
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { ...value }
      : undefined;
  } catch {
    return undefined;
  }
}

function sha256(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}
