// SPDX-License-Identifier: Apache-2.0
import type { FileHandle } from 'node:fs/promises';
import { readLink } from './chain.ts';
import type { ChainHead } from './sink.ts';

const CHUNK_BYTES = 64 * 1024;
/** How far back to look for a good line before giving up. */
const LOOK_BACK_BYTES = 16 * 1024 * 1024;
const LINE_END = 0x0a;

/** What the end of a log file says. */
export interface Tail {
  /** The last intact line of the writer; undefined if there is none within reach. */
  readonly head: ChainHead | undefined;
  /** Bytes up to and including the last line end; what lies behind is half a line. */
  readonly wholeBytes: number;
}

/**
 * Reads a log file backwards to the last intact line of `source`, so that a chain continues over
 * a restart, also after a crash in the middle of a line. Rejects with the system's error.
 */
export async function readTail(handle: FileHandle, source: string): Promise<Tail> {
  const { size } = await handle.stat();
  const floor = Math.max(0, size - LOOK_BACK_BYTES);
  let wholeBytes: number | undefined;
  let rest = Buffer.alloc(0);
  for (let end = size; end > floor;) {
    const start = Math.max(floor, end - CHUNK_BYTES);
    rest = Buffer.concat([await readAt(handle, start, end - start), rest]);
    if (wholeBytes === undefined) {
      const last = rest.lastIndexOf(LINE_END);
      if (last >= 0) {
        wholeBytes = start + last + 1;
        rest = rest.subarray(0, last + 1);
      }
    }
    const firstWhole = start === 0 ? 0 : rest.indexOf(LINE_END) + 1;
    if (wholeBytes !== undefined && (start === 0 || firstWhole > 0)) {
      const head = lastHead(rest.subarray(firstWhole), source);
      if (head !== undefined) return { head, wholeBytes };
      rest = rest.subarray(0, firstWhole);
    }
    end = start;
  }
  return { head: undefined, wholeBytes: wholeBytes ?? 0 };
}

function lastHead(lines: Buffer, source: string): ChainHead | undefined {
  for (const line of lines.toString('utf8').split('\n').reverse()) {
    const link = readLink(line);
    if (link?.intact === true && link.source === source) return { seq: link.seq, hash: link.hash };
  }
  return undefined;
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
