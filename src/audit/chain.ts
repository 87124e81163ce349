// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { oneLine } from './encode.ts';
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

const TAIL = /,"hash":"([0-9a-f]{64})"\}$/;
const HASH = /^[0-9a-f]{64}$/;

/**
 * Puts an encoded entry into the chain: `{"format":1,"source":…,"seq":…,"prev":…,…,"hash":…}`.
 * The hash is SHA-256 over the UTF-8 bytes of the line as written, without its hash field, so
 * that verifying never depends on how a reader would write the JSON again.
 *
 * @param payload one JSON object with at least one field, from `encodeEntry`.
 * @returns the line without its line end, and the head behind it.
 */
export function link(
  payload: string,
  source: string,
  head: ChainHead,
): { readonly line: string; readonly head: ChainHead } {
  const seq = head.seq + 1;
  const open = `{"format":${LINE_FORMAT},"source":${oneLine(source)},"seq":${seq},"prev":"${head.hash}",${payload.slice(1, -1)}`;
  const hash = sha256(`${open}}`);
  return { line: `${open},"hash":"${hash}"}`, head: { seq, hash } };
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

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
