// SPDX-License-Identifier: Apache-2.0

/** Prints one line per step, each with the seconds since the start of the run. */
export class Progress {
  readonly #startedAt = performance.now();

  /** Seconds since the run began. */
  get elapsedSeconds(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  /** One line for people. */
  say(text: string): void {
    process.stdout.write(`[${this.elapsedSeconds.toFixed(1).padStart(6)} s] ${text}\n`);
  }

  /** Announces a step, runs it and says how long it took; answers with its seconds too. */
  async step<T>(name: string, work: () => Promise<T>): Promise<{ value: T; seconds: number }> {
    this.say(`${name} ...`);
    const begin = performance.now();
    const value = await work();
    const seconds = (performance.now() - begin) / 1000;
    this.say(`${name}: done in ${seconds.toFixed(1)} s`);
    return { value, seconds };
  }
}
