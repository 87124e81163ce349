// SPDX-License-Identifier: Apache-2.0
import { InputError } from '#errors';

/**
 * How requests come. `open`: a Poisson stream of so many per second (wrk2, real users). `closed`:
 * so many connections, each sends its next request when the answer is there (wrk). `trace`: a
 * Poisson stream whose rate changes every `stepSeconds`; after its last step it begins again.
 */
export type Load =
  | { readonly kind: 'open'; readonly requestsPerSecond: number }
  | { readonly kind: 'closed'; readonly connections: number }
  | { readonly kind: 'trace'; readonly stepSeconds: number; readonly rates: readonly number[] };

/** @throws InputError `PERI_SIMULATION_INVALID` where the number is impossible. */
export function checkLoad(load: Load): void {
  switch (load.kind) {
    case 'open':
      if (!isRate(load.requestsPerSecond)) {
        throw invalid('load.requestsPerSecond', load.requestsPerSecond, 'a number of at least 0');
      }
      return;
    case 'closed':
      if (!Number.isInteger(load.connections) || load.connections < 0) {
        throw invalid('load.connections', load.connections, 'a whole number of at least 0');
      }
      return;
    case 'trace':
      checkTrace(load);
  }
}

/**
 * When the next request of a trace comes after `now`: the rate is integrated from step to step
 * until it reaches `units`, an exponential number of mean 1. That is exact for a Poisson stream
 * whose rate is constant within each step. Seconds.
 */
export function nextOfTrace(
  { stepSeconds, rates }: Extract<Load, { kind: 'trace' }>,
  now: number,
  units: number,
): number {
  let left = units;
  let step = Math.floor(now / stepSeconds);
  let time = now;
  for (;;) {
    const rate = rates[step % rates.length] ?? 0;
    const end = (step + 1) * stepSeconds;
    const room = rate * (end - time);
    if (room >= left && rate > 0) return time + left / rate;
    left -= Math.max(0, room);
    time = end;
    step++;
  }
}

function checkTrace({ stepSeconds, rates }: Extract<Load, { kind: 'trace' }>): void {
  if (!(stepSeconds > 0) || !Number.isFinite(stepSeconds)) {
    throw invalid('load.stepSeconds', stepSeconds, 'a number above 0');
  }
  const wrong = rates.findIndex((rate) => !isRate(rate));
  if (wrong >= 0) throw invalid(`load.rates[${wrong}]`, rates[wrong], 'a number of at least 0');
  if (!rates.some((rate) => rate > 0)) {
    throw invalid('load.rates', rates, 'at least one number above 0');
  }
}

function isRate(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

function invalid(field: string, found: unknown, expected: string): InputError {
  return new InputError('PERI_SIMULATION_INVALID', field, found, expected);
}
