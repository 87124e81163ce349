// SPDX-License-Identifier: Apache-2.0

/** One common line; the buffer grows to the largest batch that there was. */
const FIRST_BYTES = 16 * 1024;

/** Longest UTF-8 of one UTF-16 unit. */
const BYTES_PER_UNIT = 3;

/**
 * Bytes of the lines of one batch, in memory that the next batch uses again: a fresh buffer per
 * append would be mapped and cleared by the system every time.
 */
export class LineBuffer {
  #memory = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** What was written, not copied: valid until {@link clear}, or until more is added. */
  get bytes(): Buffer {
    return this.from(0);
  }

  /** What was written from an offset on, not copied. */
  from(offset: number): Buffer {
    return this.#memory.subarray(offset, this.#length);
  }

  /** Appends a text as UTF-8. */
  add(text: string): void {
    this.#reserve(text.length * BYTES_PER_UNIT);
    this.#length += this.#memory.write(text, this.#length, 'utf8');
  }

  /** Forgets the last byte. */
  stepBack(): void {
    this.#length = Math.max(0, this.#length - 1);
  }

  /** Changes one byte. */
  overwrite(offset: number, byte: number): void {
    this.#memory[offset] = byte;
  }

  /** Forgets everything and keeps the memory. */
  clear(): void {
    this.#length = 0;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#memory.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#memory.length));
    this.#memory.copy(grown, 0, 0, this.#length);
    this.#memory = grown;
  }
}
