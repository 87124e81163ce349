// SPDX-License-Identifier: Apache-2.0
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CheckResult } from './checks.ts';

/** A figure with its 95 % interval; `low` = `high` = `mean` where n is 1. */
export interface Figure {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
  readonly unit: string;
}

/** What the acts of a run have found out, beside their checks. */
export interface Findings {
  /** Share of Pods that landed on the target they were asked to prefer; null = nothing settled. */
  readonly adherence: Figure | null;
  /** Injected patches that are the same in the product's and the API server's audit logs. */
  readonly auditMatched: Figure;
  /** Patches that are not, or that only one of the two logs holds. */
  readonly auditDiffering: Figure;
  readonly timings: Readonly<Record<string, Figure>>;
}

/** The content of `out/e2e/results.json`. */
export interface Results extends Findings {
  readonly checks: readonly CheckResult[];
}

/** What one act has found out, added to what the ones before it have. */
export function mergeFindings(before: Findings, found: Partial<Findings>): Findings {
  return { ...before, ...found, timings: { ...before.timings, ...found.timings } };
}

/** Nothing found out yet. */
export const NO_FINDINGS: Findings = {
  adherence: null,
  auditMatched: oneFigure(0, 'patches'),
  auditDiffering: oneFigure(0, 'patches'),
  timings: {},
};

/** A number that was counted or timed once. */
export function oneFigure(value: number, unit: string): Figure {
  return { mean: value, low: value, high: value, n: 1, unit };
}

/** A share with Wilson's 95 % interval. */
export function ratioFigure(hits: number, n: number): Figure {
  const z = 1.959964;
  const mean = hits / n;
  const centre = (mean + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((mean * (1 - mean)) / n + (z * z) / (4 * n * n));
  // Rounding must not put the mean outside of its interval.
  return {
    mean,
    low: Math.min(mean, Math.max(0, centre - half)),
    high: Math.max(mean, Math.min(1, centre + half)),
    n,
    unit: 'ratio',
  };
}

/** Mean with a 95 % interval (normal approximation). */
export function meanFigure(values: readonly number[], unit: string): Figure {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, n);
  if (n < 2) return oneFigure(mean, unit);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const half = 1.959964 * Math.sqrt(variance / n);
  return { mean, low: mean - half, high: mean + half, n, unit };
}

/** Writes the results; the folder is made where it is missing. */
export async function writeResults(file: string, results: Results): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(results, undefined, 2)}\n`);
}
