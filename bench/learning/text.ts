// SPDX-License-Identifier: Apache-2.0
import type { Figure } from '#cli/runs/figure.ts';
import { renderTable } from '#cli/terminal/table.ts';
import { payingName } from './paying.ts';
import type { LearningResults, PolicyFigures } from './results.ts';

/** `mean ± half of the 95 % interval`. */
export function spread({ mean, high, n }: Figure, digits: number): string {
  return n === 1
    ? mean.toFixed(digits)
    : `${mean.toFixed(digits)} ± ${(high - mean).toFixed(digits)}`;
}

/** Columns of a table of policies. */
export const COLUMNS: readonly (readonly [
  title: string,
  cellOf: (figures: PolicyFigures) => string,
])[] = [
  ['regret at 100', (one) => spread(one.regretAt100, 1)],
  ['of default', (one) => `${(100 * one.regretToDefault.mean).toFixed(0)} %`],
  ['regret at 300', (one) => (one.regretAt300 === undefined ? '' : spread(one.regretAt300, 1))],
  ['gap to oracle', (one) => spread(one.gapToOracle, 3)],
  ['joules/request', (one) => spread(one.joulesPerRequest, 4)],
  ['p99 ms', (one) => spread(one.p99, 1)],
  ['requests/s', (one) => spread(one.throughput, 0)],
  ['SLO missed', (one) => `${(100 * one.sloBreachShare.mean).toFixed(1)} %`],
  [
    'rollouts to final',
    (one) => (one.rolloutsToFinal === undefined ? '' : spread(one.rolloutsToFinal, 0)),
  ],
];

/** The tables for a terminal. */
export function renderLearning({ settings, changes }: LearningResults): string {
  const tables = settings.map((one) => {
    const { application, cluster, load, policies, ablations } = one;
    const paying = Object.entries(one.paying).map(
      ([name, figures]) => [payingName(name), figures] as const,
    );
    const rows = [...Object.entries({ ...policies, ...ablations }), ...paying].map(
      ([name, figures]) => [name, ...COLUMNS.map(([, cellOf]) => cellOf(figures))],
    );
    const header = ['', ...COLUMNS.map(([title]) => title)];
    return `\n${application} on ${cluster}, ${load}\n${renderTable(header, rows)}`;
  });
  if (changes.length === 0) return tables.join('');
  const rows = changes.map((one) => [
    `${one.application} on ${one.cluster}: ${one.name}`,
    spread(one.gapBefore, 3),
    spread(one.gapAtFirst, 3),
    spread(one.gapAtLast, 3),
    spread(one.rolloutsToRecover, 0),
  ]);
  const header = ['change', 'gap before', 'right after', 'at last', 'rollouts to recover'];
  return `${tables.join('')}\n${renderTable(header, rows)}`;
}
