// SPDX-License-Identifier: Apache-2.0

/*
 * Kubernetes promises since 1.35 (and has always kept) that the resourceVersions of one resource
 * are decimal numbers that grow; they may exceed 2^53, so they are compared as text.
 */

/** Whether `seen` is `wanted` or later. */
export function isAtLeast(seen: string, wanted: string): boolean {
  const left = seen.replace(/^0+(?=\d)/, '');
  const right = wanted.replace(/^0+(?=\d)/, '');
  return left.length === right.length ? left >= right : left.length > right.length;
}

/** Lets callers wait until a resourceVersion has been seen. */
export class ResourceVersionGate {
  #seen: string | undefined;
  #closed = false;
  readonly #waiting = new Set<{ wanted: string; resolve: (reached: boolean) => void }>();

  /** True once that resourceVersion or a later one was seen; false when closed before. */
  until(wanted: string): Promise<boolean> {
    if (this.#seen !== undefined && isAtLeast(this.#seen, wanted)) return Promise.resolve(true);
    if (this.#closed) return Promise.resolve(false);
    return new Promise((resolve) => this.#waiting.add({ wanted, resolve }));
  }

  /** Notes a resourceVersion. */
  reached(seen: string): void {
    this.#seen = seen;
    for (const waiter of this.#waiting) {
      if (isAtLeast(seen, waiter.wanted)) {
        this.#waiting.delete(waiter);
        waiter.resolve(true);
      }
    }
  }

  /** Ends every wait. */
  close(): void {
    this.#closed = true;
    for (const waiter of this.#waiting) waiter.resolve(false);
    this.#waiting.clear();
  }
}
