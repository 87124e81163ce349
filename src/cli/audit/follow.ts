// SPDX-License-Identifier: Apache-2.0
import { open, stat, type FileHandle } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as pause } from 'node:timers/promises';

const CHUNK_BYTES = 64 * 1024;

/** How a file is followed. */
export interface FollowOptions {
  /** Byte to begin at. */
  readonly from: number;
  /** Ends the following. */
  readonly signal: AbortSignal;
  /** Between two looks at the file. */
  readonly pollMilliseconds: number;
}

/**
 * The lines that are appended to a file, as they come, without their line ends; half a line waits
 * for its end. When the file is rotated away, its rest is read first, then the new one from its
 * beginning. A file that is missing is waited for. Ends with the signal.
 */
export async function* follow(path: string, options: FollowOptions): AsyncGenerator<string> {
  const { signal, pollMilliseconds } = options;
  let position = options.from;
  while (!signal.aborted) {
    const handle = await opened(path);
    if (handle === undefined) {
      await rest(pollMilliseconds, signal);
      continue;
    }
    try {
      yield* fileLines(handle, path, { ...options, from: position });
    } finally {
      await handle.close();
    }
    position = 0;
  }
}

async function* fileLines(
  handle: FileHandle,
  path: string,
  { from, signal, pollMilliseconds }: FollowOptions,
): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  const buffer = Buffer.alloc(CHUNK_BYTES);
  const { ino, dev } = await handle.stat();
  let position = from;
  let text = '';
  while (!signal.aborted) {
    // Asked before reading: what is written until the file is gone is read still.
    const there = await stat(path).catch(() => undefined);
    const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, position);
    position += bytesRead;
    const parts = (text + decoder.write(buffer.subarray(0, bytesRead))).split('\n');
    text = parts.pop() ?? '';
    yield* parts;
    if (bytesRead > 0) continue;
    if (there?.ino !== ino || there.dev !== dev || there.size < position) return;
    await rest(pollMilliseconds, signal);
  }
}

async function opened(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Waits, but not longer than the signal lets it. */
async function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  await pause(milliseconds, undefined, { signal }).catch(() => undefined);
}
