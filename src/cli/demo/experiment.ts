// SPDX-License-Identifier: Apache-2.0
import type { Experiment, ExperimentFigures } from '#dashboard/api/api.ts';
import { CLUSTERS } from './job.ts';
import { CLUSTER_TITLES, SCENARIO_TITLES } from './report.ts';
import { type DemoResults, type ScenarioFigures, TABLE_ORDER } from './results.ts';

/** The results of the demo as the page shows them. */
export function experimentOf(results: DemoResults): Experiment {
  const seeds = results.settings['seeds'];
  return {
    startedAt: results.startedAt,
    durationSeconds: results.durationSeconds,
    seeds: Array.isArray(seeds) ? seeds.length : 0,
    clusters: CLUSTERS.flatMap((name) => {
      const cluster = results.clusters[name];
      if (cluster === undefined) return [];
      const scenarios = TABLE_ORDER.map((scenario) => ({
        name: scenario,
        title: SCENARIO_TITLES[scenario],
        ...figuresOf(cluster.scenarios[scenario]),
      }));
      return [
        {
          name,
          title: CLUSTER_TITLES[name],
          scenarios,
          agentToDefault: figuresOf(cluster.agentToDefault),
          learning: cluster.learning.map(figuresOf),
        },
      ];
    }),
  };
}

function figuresOf({ throughput, p99, joulesPerRequest }: ScenarioFigures): ExperimentFigures {
  return { throughput, p99, joulesPerRequest };
}
