// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Figure } from '#cli/runs/figure.ts';

/** Every figure of a result file by its path, for example `ratioToBare`. */
export type Figures = ReadonlyMap<string, Figure>;

/** Digits after the point that a result file keeps; the interval is wider than that anyway. */
const DIGITS = 4;

/** Writes a result file, indented, with rounded figures. */
export function writeResults(path: string, results: object): void {
  mkdirSync(dirname(path), { recursive: true });
  const rounded = (_: string, value: unknown): unknown =>
    typeof value === 'number' ? Number(value.toFixed(DIGITS)) : value;
  writeFileSync(path, `${JSON.stringify(results, rounded, 2)}\n`);
}

/** Reads a result file; undefined where there is none. */
export function readResults(path: string): object | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as object;
  } catch {
    return undefined;
  }
}

/** The figures of a result, in the order in which they stand there. */
export function figuresOf(results: object, path = ''): Figures {
  const figures = new Map<string, Figure>();
  for (const [key, value] of Object.entries(results)) {
    if (typeof value !== 'object' || value === null) continue;
    const name = path === '' ? key : `${path}.${key}`;
    if (isFigure(value as object)) figures.set(name, value as Figure);
    else for (const [inner, figure] of figuresOf(value as object, name)) figures.set(inner, figure);
  }
  return figures;
}

/** A table for people: name, mean, interval, number of runs, unit. */
export function tableOf(figures: Figures): string {
  const rows = [...figures].map(([name, { mean, low, high, n, unit }]) => [
    name,
    short(mean),
    n > 1 ? `${short(low)} to ${short(high)}` : '',
    String(n),
    unit,
  ]);
  const head = ['figure', 'mean', '95 % interval', 'n', 'unit'];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(head), ...rows.map(line)].join('\n');
}

/** Unit by which two machines can be compared: figures are divided by it first. */
export interface Yardstick {
  readonly results: object;
  /** Path of the figure that stands for the speed of the machine. */
  readonly path: string;
}

/** A figure that moved. */
export interface Move {
  readonly name: string;
  /** New over old, both in units of their run's yardstick. */
  readonly ratio: number;
}

/** A move of less than this says nothing. */
const NOTABLE = 0.15;

/**
 * What moved against a baseline. Times are compared as multiples of the bare server of their own
 * run, so that another machine, or a busy one, does not look like a regression.
 *
 * @param names figures to look at
 */
export function movesOf(
  now: Yardstick,
  before: Yardstick,
  names: readonly string[],
): readonly Move[] {
  const present = figuresOf(now.results);
  const past = figuresOf(before.results);
  const unitNow = figuresOf(now.results).get(now.path)?.mean ?? 1;
  const unitBefore = figuresOf(before.results).get(before.path)?.mean ?? 1;
  return names.flatMap((name) => {
    const left = present.get(name);
    const right = past.get(name);
    if (left === undefined || right === undefined || right.mean === 0) return [];
    const timed = left.unit !== 'ratio' && left.unit !== 'bytes';
    const scale = timed ? unitBefore / unitNow : 1;
    const ratio = (left.mean / right.mean) * scale;
    return Math.abs(ratio - 1) > NOTABLE ? [{ name, ratio }] : [];
  });
}

function isFigure(value: object): boolean {
  return 'mean' in value && 'low' in value && 'high' in value && 'unit' in value;
}

function short(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-GB');
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 3);
}
