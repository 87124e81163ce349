// SPDX-License-Identifier: Apache-2.0
import type { Reading } from '#telemetry/reading/reading.ts';
import type { Figure, FigureStatus } from '#dashboard/api/api.ts';

/** Faults of a node's power, as they are named elsewhere and here. */
const FAULTS: ReadonlySet<string> = new Set<FigureStatus>([
  'stale',
  'absent',
  'too-few-samples',
  'not-a-number',
  'zero',
  'fake',
  'absurd',
]);

/** No number, and what people are told about it. */
export function missing(status: FigureStatus, detail: string): Figure {
  return { status, detail };
}

/**
 * A reading as it is shown. A value that is old or no number is not shown as a value at all, so
 * that nobody adds it up or compares it.
 *
 * @param what names the reading where it is in no answer
 */
export function figureOf(
  reading: Reading | undefined,
  staleAfterSeconds: number,
  what: string,
): Figure {
  if (reading === undefined) return missing('absent', `${what} is in no answer`);
  if (reading.kind === 'missing') return missing(reading.reason, reading.detail);
  const { value, ageSeconds, quality } = reading;
  if (!Number.isFinite(value)) return missing('not-a-number', `${what} is not a number`);
  if (ageSeconds > staleAfterSeconds) {
    const detail = `${what}: the newest sample is ${ageSeconds.toFixed(0)} s old`;
    return { status: 'stale', ageSeconds, detail };
  }
  return { status: quality, value, ageSeconds };
}

/**
 * A node's power as it is shown: beside what holds of every reading, a node that draws nothing or
 * more than any machine does is not believed.
 *
 * @param health `healthy`, or the name of the fault
 */
export function powerFigure(figure: Figure, health: string): Figure {
  if (figure.value === undefined || health === 'healthy') return figure;
  const status = FAULTS.has(health) ? (health as FigureStatus) : 'absurd';
  return missing(status, `the meter says ${figure.value} W`);
}

/** The worst quality of some figures with a value; `measured` where there is none. */
export function worstQuality(figures: readonly Figure[]): 'measured' | 'modelled' {
  return figures.some(({ status }) => status === 'modelled') ? 'modelled' : 'measured';
}
