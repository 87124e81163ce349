// SPDX-License-Identifier: Apache-2.0
import type { Figure } from '#cli/runs/figure.ts';
import { renderTable } from '#cli/terminal/table.ts';
import { CLUSTERS, type ClusterName, type ScenarioName } from './job.ts';
import { type DemoResults, TABLE_ORDER } from './results.ts';

/** What each cluster is, for people. */
export const CLUSTER_TITLES: Readonly<Record<ClusterName, string>> = {
  seed: 'Three equal machines (a master and two workers), as many requests as they can serve',
  mixed:
    'Three unequal machines (Fujitsu TX1320 M2, Dell R240, Dell R710), a steady stream of users',
};

/** What each scenario is, for people. */
export const SCENARIO_TITLES: Readonly<Record<ScenarioName, string>> = {
  default: 'default scheduler',
  split: 'data | business split',
  'data-pinned': 'data pinned, business default',
  agent: 'the agent',
};

/** The table at the end of the demo. */
export function renderReport(results: DemoResults): string {
  const parts: string[] = [];
  for (const name of CLUSTERS) {
    const cluster = results.clusters[name];
    if (cluster === undefined) continue;
    const rows = TABLE_ORDER.map((scenario) => {
      const { throughput, p99, joulesPerRequest } = cluster.scenarios[scenario];
      return [
        SCENARIO_TITLES[scenario],
        spread(throughput, 0),
        spread(p99, 1),
        spread(joulesPerRequest, 4),
      ];
    });
    parts.push(
      CLUSTER_TITLES[name],
      renderTable(['', 'requests/s', 'p99 ms', 'joules/request'], rows),
      `agent against default: ${[
        change('joules/request', cluster.agentToDefault.joulesPerRequest),
        change('p99', cluster.agentToDefault.p99),
        change('throughput', cluster.agentToDefault.throughput),
      ].join(', ')}`,
      cluster.adherence === undefined
        ? ''
        : `adherence ${percent(cluster.adherence.mean)} of asked Pods landed on their target; ` +
            `decisions: ${counts(cluster.decisions)}`,
      '',
    );
  }
  return parts.join('\n');
}

function spread(figure: Figure, digits: number): string {
  if (figure.n === 1) return figure.mean.toFixed(digits);
  return `${figure.mean.toFixed(digits)} ± ${(figure.high - figure.mean).toFixed(digits)}`;
}

function change(what: string, ratio: Figure): string {
  const signed = (value: number): string => `${value >= 0 ? '+' : ''}${(value * 100).toFixed(1)}`;
  const interval = `[${signed(ratio.low - 1)}, ${signed(ratio.high - 1)}]`;
  return `${what} ${signed(ratio.mean - 1)} %${ratio.n === 1 ? '' : ` ${interval}`}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

function counts(by: Readonly<Record<string, number>>): string {
  return Object.entries(by)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${String(count)}`)
    .join(', ');
}
