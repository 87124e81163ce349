// SPDX-License-Identifier: Apache-2.0

/**
 * Gathers what changes into few messages: the first change is told after a short pause, and what
 * comes in between is told once, however often it changed.
 */
export class Burst {
  readonly #pauseMilliseconds: number;
  readonly #tell: (ids: readonly string[]) => void;
  /** Newest last. */
  readonly #pending = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(pauseMilliseconds: number, tell: (ids: readonly string[]) => void) {
    this.#pauseMilliseconds = pauseMilliseconds;
    this.#tell = tell;
  }

  /** Notes one change. */
  add(id: string): void {
    this.#pending.delete(id);
    this.#pending.add(id);
    this.#timer ??= setTimeout(() => this.flush(), this.#pauseMilliseconds).unref();
  }

  /** Tells now what is pending. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending.size === 0) return;
    const ids = [...this.#pending];
    this.#pending.clear();
    this.#tell(ids);
  }

  /** Forgets what is pending. */
  close(): void {
    clearTimeout(this.#timer);
    this.#pending.clear();
  }
}
