// SPDX-License-Identifier: Apache-2.0
import type { Figure } from '#cli/runs/figure.ts';
import { ACCOUNTINGS, WEIGHTINGS } from './plan.ts';
import { cheapest, priceRows, trulyCheapest } from './prices.ts';
import { INTRODUCTION, READING } from './words.ts';
import {
  verdictOf,
  type AccountingFigures,
  type AccountingResults,
  type AccountingWorld,
} from './results.ts';
import { markdownTable } from '../shared/markdown.ts';

const DEFAULT_NAME = 'default scheduler';

/** `docs/explanation/accounting.md`. */
export function accountingPage({ seeds, rollouts, last, worlds }: AccountingResults): string {
  const parts = [
    INTRODUCTION.replace('SEEDS', `${seeds.length} seeds from ${seeds[0] ?? ''} on`)
      .replace('ROLLOUTS', String(rollouts))
      .replace('LAST', String(last)),
    ...worlds.map(worldSection),
    READING,
  ];
  return parts.join('\n');
}

function worldSection(world: AccountingWorld): string {
  const { name, background, cores, prices, agents } = world;
  const busy = Object.entries(background).map(
    ([node, used]) => `${((100 * used) / cores).toFixed(0)} % of \`${node}\``,
  );
  const best = trulyCheapest(prices);
  const says = ACCOUNTINGS.map((one) => `\`${one}\` on \`${cheapest(prices, one)}\``);
  return [
    `## ${titleOf(name)}`,
    '',
    `Others use ${busy.join(' and ')}. Joules per core-second of the application, if all of it stands on one node:`,
    '',
    markdownTable(
      ['node', 'load before', 'with it', ...ACCOUNTINGS, 'added'],
      priceRows(prices).map(([node = '', ...rest]) => [`\`${node}\``, ...rest]),
    ),
    `Cheapest: ${says.join(', ')}; in truth on \`${best}\`.`,
    '',
    ...WEIGHTINGS.flatMap((weighting) => {
      const by = agents[weighting.name];
      if (by === undefined) return [];
      const rows: [string, AccountingFigures][] = [
        [DEFAULT_NAME, world.default],
        ...ACCOUNTINGS.map((one): [string, AccountingFigures] => [`agent, \`${one}\``, by[one]]),
        [
          world.search === 'exhaustive' ? 'best of all placements' : 'best of a long search',
          world.best,
        ],
      ];
      return [`With ${weighting.meaning}:`, '', figureTable(rows)];
    }),
  ].join('\n');
}

function figureTable(rows: readonly (readonly [string, AccountingFigures])[]): string {
  const nodes = Object.keys(rows[0]?.[1].shares ?? {});
  return markdownTable(
    ['', 'J/request, all nodes', 'to default', 'p99 ms', ...nodes.map((node) => `on ${node}`), ''],
    rows.map(([name, one]) => {
      const isDefault = name === DEFAULT_NAME;
      return [
        name,
        spread(one.joulesPerRequest, 4),
        isDefault ? '' : percent(one.joulesToDefault, 1),
        spread(one.p99, 1),
        ...nodes.map((node) => share(one.shares[node])),
        isDefault || !name.startsWith('agent') ? '' : verdictText(one),
      ];
    }),
  );
}

function verdictText(figures: AccountingFigures): string {
  const verdict = verdictOf(figures);
  return verdict === 'misleads' ? '**misleads**' : verdict;
}

/** `one-busy` as a heading. */
function titleOf(name: string): string {
  const words = name.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function spread({ mean, high }: Figure, digits: number): string {
  return `${mean.toFixed(digits)} ± ${(high - mean).toFixed(digits)}`;
}

function percent({ mean, high }: Figure, digits: number): string {
  const sign = mean > 0 ? '+' : '';
  return `${sign}${(100 * mean).toFixed(digits)} ± ${(100 * (high - mean)).toFixed(digits)} %`;
}

function share(figure: Figure | undefined): string {
  return figure === undefined ? '' : `${(100 * figure.mean).toFixed(0)} %`;
}
