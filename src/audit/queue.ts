// SPDX-License-Identifier: Apache-2.0

/** Limits of an {@link EntryQueue}. */
export interface QueueLimits {
  readonly entries: number;
  readonly bytes: number;
}

/** Encoded entries that wait to be written: bounded in number and in bytes, first in first out. */
export class EntryQueue {
  readonly #limits: QueueLimits;
  #payloads: { readonly text: string; readonly bytes: number }[] = [];
  #bytes = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#payloads.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a payload at the end, or says which limit forbids it. O(1). */
  offer(text: string, bytes: number): 'queued' | 'queue-full' | 'queue-bytes' {
    if (this.#payloads.length >= this.#limits.entries) return 'queue-full';
    if (this.#bytes + bytes > this.#limits.bytes) return 'queue-bytes';
    this.#payloads.push({ text, bytes });
    this.#bytes += bytes;
    return 'queued';
  }

  /** The first payloads within the limits, at least one if there is any; they stay queued. */
  peek(limits: QueueLimits): string[] {
    const batch: string[] = [];
    let bytes = 0;
    for (const payload of this.#payloads) {
      bytes += payload.bytes;
      if (batch.length > 0 && (batch.length >= limits.entries || bytes > limits.bytes)) break;
      batch.push(payload.text);
    }
    return batch;
  }

  /** Removes the first payloads. O(length) once per batch. */
  drop(count: number): void {
    for (const { bytes } of this.#payloads.slice(0, count)) this.#bytes -= bytes;
    this.#payloads = this.#payloads.slice(count);
  }
}
