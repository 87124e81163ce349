// SPDX-License-Identifier: Apache-2.0

/** Runs tasks, at most so many at once; the others wait their turn in order. */
export type Limiter = <T>(task: () => Promise<T>) => Promise<T>;

/** Builds a {@link Limiter} for `maximumInFlight` tasks at once (at least 1). */
export function createLimiter(maximumInFlight: number): Limiter {
  const waiting: (() => void)[] = [];
  let free = Math.max(1, maximumInFlight);
  return async (task) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await task();
    } finally {
      // The place is handed over directly, so that nobody can slip in between.
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
