// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';

/** A failure that another try may mend. */
export class Transient extends PerihelionError {
  /** The server asks to be left alone for so long. */
  readonly retryAfterMilliseconds: number;

  constructor(message: string, more: ErrorOptions & { readonly retryAfterMilliseconds?: number }) {
    super('PERI_TELEMETRY_UNAVAILABLE', message, more);
    this.retryAfterMilliseconds = more.retryAfterMilliseconds ?? 0;
  }
}

/** No answer within the time limit. */
export class Silence extends Transient {}

/**
 * Counts the queries in a row that had no answer. A server that is silent must not cost every query
 * its time limits: the rest of the learner's cycle waits for them. Once as many
 * as may be under way were not answered, the next are tried once only; after as many again, those
 * that wait fail with them. Those that are asked later have their one try, so that an answer ends it.
 */
export class Silences {
  readonly #inFlight: number;
  #inARow = 0;
  #givenUp: Silence | undefined;

  constructor(inFlight: number) {
    this.#inFlight = inFlight;
  }

  /** Whether a query is tried once only. */
  get lasting(): boolean {
    return this.#inARow >= this.#inFlight;
  }

  /** The silence that those who waited through it fail with; undefined = none yet. */
  get givenUp(): Silence | undefined {
    return this.#givenUp;
  }

  /** Passes the outcome of a query on, and counts it. */
  async counted<T>(outcome: Promise<T>): Promise<T> {
    try {
      const answer = await outcome;
      this.#inARow = 0;
      return answer;
    } catch (error) {
      this.#inARow = error instanceof Silence ? this.#inARow + 1 : 0;
      if (error instanceof Silence && this.#inARow >= 2 * this.#inFlight) {
        this.#givenUp = error;
        this.#inARow = this.#inFlight;
      }
      throw error;
    }
  }
}
