// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:fs';
import { mkdir, open, rename, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GENESIS } from './chain.ts';
import type { ChainHead } from './sink.ts';
import { readTail } from './tail.ts';
import type { LineTarget } from './target.ts';

/** Settings of a {@link FileTarget}. */
export interface FileTargetOptions {
  readonly path: string;
  /** Name of the writer, to find its own chain at the end of the file. */
  readonly source: string;
  /** A file does not grow beyond this, unless one batch alone is larger. */
  readonly maxFileBytes: number;
  /** Rotated files kept beside the current one: `path.1` (newest) to `path.N`. 0 = none. */
  readonly keepFiles: number;
}

const OPEN_FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND;
const OWNER_ONLY = 0o600;

interface OpenFile {
  readonly handle: FileHandle;
  readonly device: number;
  readonly inode: number;
  /** Devices and pipes are written to, never read back, cut or rotated. */
  readonly regular: boolean;
  /** Bytes of whole lines; anything behind them is left over from a failed append. */
  bytes: number;
}

/** Lines in a file that rotates by size. Mode 0600; the directory is made when it is missing. */
export class FileTarget implements LineTarget {
  rotations = 0;
  readonly #options: FileTargetOptions;
  #file: OpenFile | undefined;

  constructor(options: FileTargetOptions) {
    this.#options = options;
  }

  async open(): Promise<ChainHead> {
    const { path, source } = this.#options;
    const file = await this.#reopen();
    if (!file.regular) return GENESIS;
    const tail = await readTail(file.handle, source);
    // Half a line is what a crash leaves behind; it says nothing and would spoil the next line.
    file.bytes = tail.wholeBytes;
    await repair(file);
    return tail.head ?? (await headOf(`${path}.1`, source)) ?? GENESIS;
  }

  async append(bytes: Uint8Array): Promise<void> {
    let file = await this.#current();
    if (file.regular && file.bytes > 0 && file.bytes + bytes.length > this.#options.maxFileBytes) {
      file = await this.#rotate();
    }
    await repair(file);
    await writeAll(file.handle, bytes);
    file.bytes += bytes.length;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.handle.close();
  }

  /** The open file, unless it was removed or renamed behind our back. */
  async #current(): Promise<OpenFile> {
    const file = this.#file;
    if (file === undefined) return this.#reopen();
    const there = await stat(this.#options.path).catch(() => undefined);
    if (there?.ino !== file.inode || there.dev !== file.device) return this.#reopen();
    // Cut behind our back (logrotate's `copytruncate`): what is gone is neither full nor half a line.
    file.bytes = Math.min(file.bytes, there.size);
    return file;
  }

  async #reopen(): Promise<OpenFile> {
    await this.close().catch(() => undefined);
    const { path } = this.#options;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const handle = await open(path, OPEN_FLAGS, OWNER_ONLY);
    try {
      const found = await handle.stat();
      const regular = found.isFile();
      if (regular && (found.mode & 0o077) !== 0) await handle.chmod(OWNER_ONLY);
      const bytes = regular ? found.size : 0;
      this.#file = { handle, device: found.dev, inode: found.ino, regular, bytes };
      return this.#file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async #rotate(): Promise<OpenFile> {
    const { path, keepFiles } = this.#options;
    await this.close();
    for (let index = keepFiles; index >= 1; index -= 1) {
      await renameIfThere(index === 1 ? path : `${path}.${index - 1}`, `${path}.${index}`);
    }
    const file = await this.#reopen();
    if (keepFiles === 0) {
      file.bytes = 0;
      await repair(file);
    }
    this.rotations += 1;
    return file;
  }
}

/** Cuts off what a failed append left behind the last whole line. */
async function repair(file: OpenFile): Promise<void> {
  if (!file.regular) return;
  const { size } = await file.handle.stat();
  if (size > file.bytes) await file.handle.truncate(file.bytes);
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let offset = 0;
  while (offset < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, offset, bytes.length - offset);
    offset += bytesWritten;
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

async function headOf(path: string, source: string): Promise<ChainHead | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    return (await readTail(handle, source)).head;
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
