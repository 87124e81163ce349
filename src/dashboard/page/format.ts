// SPDX-License-Identifier: Apache-2.0
import type { Figure, FigureStatus, IntervalFigure } from '#dashboard/api/api.ts';

/** What stands where there is no number. */
export const NOTHING = '–';

/** Three digits: `0.0123`, `45.6`, `1,234`. */
export function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return grouped(value.toFixed(0));
  if (size >= 100) return value.toFixed(0);
  return String(Number(value.toPrecision(3)));
}

/** The same with a sign; a true minus. */
export function signed(value: number): string {
  return value < 0 ? `−${digits(-value)}` : `+${digits(value)}`;
}

/** A whole number with thousands apart. */
export function count(value: number): string {
  return grouped(value.toFixed(0));
}

function grouped(text: string): string {
  return text.replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Watts, with a prefix where there are many. */
export function watts(value: number): string {
  return value >= 10_000 ? `${digits(value / 1000)} kW` : `${value.toFixed(1)} W`;
}

/** Joules with a prefix: `3.21 mJ`, `1.5 kJ`. */
export function joules(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0 J';
  if (size < 1) return `${digits(value * 1000)} mJ`;
  if (size < 10_000) return `${digits(value)} J`;
  return size < 1e7 ? `${digits(value / 1000)} kJ` : `${digits(value / 1e6)} MJ`;
}

/** Milliseconds. */
export function milliseconds(value: number): string {
  return `${digits(value)} ms`;
}

/** A share: `12.3 %`. */
export function percent(share: number, decimals = 1): string {
  return `${(share * 100).toFixed(decimals)} %`;
}

/** A share at a mark of an axis, as exact as the mark is: `−0.5 %`. */
export function markPercent(share: number): string {
  return `${share < 0 ? '−' : ''}${digits(Math.abs(share) * 100)} %`;
}

/** A share with a sign. */
export function signedPercent(share: number): string {
  return `${signed(share * 100)} %`;
}

/** `+12.3 % [−3.1, +27.6]`, from a share. */
export function percentInterval({ mean, low, high }: IntervalFigure): string {
  return `${signedPercent(mean)} [${signed(low * 100)}, ${signed(high * 100)}]`;
}

/** `−4.2 ms [−9.1, +0.7]`. */
export function unitInterval({ mean, low, high }: IntervalFigure, unit: string): string {
  return `${signed(mean)} ${unit} [${signed(low)}, ${signed(high)}]`;
}

/** Bytes in binary units: `15.6 GiB`. */
export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = value <= 0 ? 0 : Math.min(4, Math.floor(Math.log2(value) / 10));
  return `${digits(value / 1024 ** step)} ${units[step] ?? ''}`;
}

/** A length of time for people: `8 s`, `3 min`, `2 h`, `4 d`. */
export function age(seconds: number): string {
  if (seconds < 100) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800
    ? `${Math.round(seconds / 3600)} h`
    : `${Math.round(seconds / 86_400)} d`;
}

/** Time of day, in the reader's own zone: `14:03:27`. */
export function clock(time: number): string {
  const at = new Date(time);
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}

/** The reader's zone at a time, by its distance: `UTC`, `UTC+02:00`. */
export function zone(time: number): string {
  const minutes = -new Date(time).getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const parts = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const distance = parts.map((part) => String(part).padStart(2, '0')).join(':');
  return `UTC${minutes < 0 ? '−' : '+'}${distance}`;
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** The same, with the day where it is not today's: `12 Nov 14:03:27`. */
export function moment(time: number, now: number): string {
  const [at, today] = [new Date(time), new Date(now)];
  const same = at.toDateString() === today.toDateString();
  return same ? clock(time) : `${at.getDate()} ${MONTHS[at.getMonth()] ?? ''} ${clock(time)}`;
}

/** Words for a status; colour alone says nothing. */
export const STATUS_WORDS: Readonly<Record<FigureStatus, string>> = {
  measured: 'measured',
  modelled: 'modelled',
  stale: 'stale',
  absent: 'absent',
  'too-few-samples': 'too few samples',
  'not-a-number': 'not a number',
  zero: 'zero',
  fake: 'fake',
  absurd: 'absurd',
};

/** The number of a figure, or the word for why there is none. */
export function figureText(figure: Figure, write: (value: number) => string): string {
  return figure.value === undefined ? STATUS_WORDS[figure.status] : write(figure.value);
}

/** What an interval shows. */
export type Finding = 'good' | 'bad' | 'unclear';

/** @param better on which side of 0 it is good */
export function findingOf({ low, high }: IntervalFigure, better: 'above' | 'below'): Finding {
  if (low > 0) return better === 'above' ? 'good' : 'bad';
  if (high < 0) return better === 'above' ? 'bad' : 'good';
  return 'unclear';
}

/** `1 sample`, `2.5 samples`. */
export function samplesText(samples: number): string {
  return `${digits(samples)} sample${samples === 1 ? '' : 's'}`;
}

/** `1 Pod`, `2 Pods`. */
export function plural(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** `Deployment/frontend` without its kind, where that goes without saying. */
export function shortWorkload(workload: string): string {
  return workload.replace(/^(Deployment|StatefulSet)\//, '');
}

/** The word for an action. */
export function actionWords(action: string): string {
  return action === '(default)' ? 'left to the scheduler' : action;
}
