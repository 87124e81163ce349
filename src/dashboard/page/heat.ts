// SPDX-License-Identifier: Apache-2.0

/** How a learned value is shown: a tone from -4 (worse) to 4 (better), 0 for as good. */
export type Tone = -4 | -3 | -2 | -1 | 0 | 1 | 2 | 3 | 4;

/** The value with the largest size, for the scale of a table; 0 where all are 0. */
export function largest(values: Iterable<number>): number {
  let most = 0;
  for (const value of values) if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
  return most;
}

/**
 * The tone of a value on a scale that is the same on both sides of 0, so that equal sizes look
 * equal. A value that is not quite 0 gets a tone: which side it is on is the first thing to see.
 */
export function toneOf(value: number, scale: number): Tone {
  if (!(scale > 0) || !Number.isFinite(value) || value === 0) return 0;
  const step = Math.min(4, Math.max(1, Math.ceil((Math.abs(value) / scale) * 4)));
  return (value < 0 ? -step : step) as Tone;
}

/** How sure a value is, in steps: no sample, a few, some, many. */
export function sureness(samples: number): 'none' | 'few' | 'some' | 'many' {
  if (!(samples > 0)) return 'none';
  if (samples < 3) return 'few';
  return samples < 15 ? 'some' : 'many';
}
