// SPDX-License-Identifier: Apache-2.0
import type {
  Experiment,
  ExperimentCluster,
  ExperimentFigure,
  ExperimentFigures,
} from '#dashboard/api/api.ts';
import { stepChart, whiskers } from './charts.ts';
import { type Child, h } from './dom.ts';
import {
  age,
  count,
  digits,
  findingOf,
  joules,
  milliseconds,
  percentInterval,
  plural,
  signedPercent,
} from './format.ts';
import { tableHead, viewHead, wideTable } from './parts.ts';
import type { Context, View } from './view.ts';

type Metric = keyof ExperimentFigures;

interface MetricWords {
  readonly title: string;
  readonly better: 'above' | 'below';
  readonly write: (value: number) => string;
}

const METRICS: Readonly<Record<Metric, MetricWords>> = {
  joulesPerRequest: { title: 'Energy per request', better: 'below', write: joules },
  p99: { title: 'p99 latency', better: 'below', write: milliseconds },
  throughput: { title: 'Throughput', better: 'above', write: (value) => `${digits(value)} /s` },
};
const ORDER: readonly Metric[] = ['joulesPerRequest', 'p99', 'throughput'];

/** The scenarios of the experiment, beside the agent. */
export function experimentView(): View {
  let experiment: Experiment | undefined;
  return {
    id: 'experiment',
    title: 'Experiment',
    parts: [],
    async load({ client }) {
      experiment = await client.get<Experiment>('/api/experiment');
    },
    render(context) {
      if (experiment === undefined) return [];
      const { seeds, durationSeconds, clusters } = experiment;
      return [
        viewHead(
          'The experiment',
          `Three ways to place an application by hand or by default, and the agent. Means over ` +
            `${plural(seeds, 'seed')} with 95 % intervals; it took ${age(durationSeconds)}.`,
        ),
        ...clusters.map((cluster) => section(cluster, context)),
      ];
    },
  };
}

function section(cluster: ExperimentCluster, context: Context): HTMLElement {
  const { name, title } = cluster;
  return h(
    'section',
    { class: 'card', 'aria-label': title, 'data-key': name },
    h('div', { class: 'card-head' }, h('h3', {}, title)),
    h(
      'dl',
      { class: 'tiles small-tiles' },
      ORDER.map((metric) => change(cluster, metric)),
    ),
    h(
      'div',
      { class: 'panels' },
      ORDER.map((metric) => panel(cluster, metric, context)),
    ),
    scenarioTable(cluster),
    learning(cluster, context),
  );
}

function change({ agentToDefault }: ExperimentCluster, metric: Metric): HTMLElement {
  const { mean, low, high, n } = agentToDefault[metric];
  const difference = { mean: mean - 1, low: low - 1, high: high - 1 };
  const { title, better } = METRICS[metric];
  // One seed is one look at chance: it shows nothing, whatever it says.
  const finding = n > 1 ? findingOf(difference, better) : 'unclear';
  const words = { good: 'better', bad: 'worse', unclear: 'not shown either way' }[finding];
  return h(
    'div',
    { class: `tile ${finding}` },
    h('dt', {}, `${title}: the agent against the default`),
    h(
      'dd',
      { class: 'tile-value' },
      n > 1 ? percentInterval(difference) : signedPercent(difference.mean),
    ),
    h('dd', { class: 'tile-note' }, n > 1 ? words : 'one seed, no interval'),
  );
}

function panel({ scenarios }: ExperimentCluster, metric: Metric, context: Context): HTMLElement {
  const { title, better, write } = METRICS[metric];
  const rows = scenarios.map((scenario) => ({
    name: `${scenario.title}: ${write(scenario[metric].mean)}`,
    figure: scenario[metric],
    highlight: scenario.name === 'agent',
  }));
  const label = `${title} by scenario: ${rows.map(({ name }) => name).join('; ')}`;
  const hint = better === 'below' ? 'less is better' : 'more is better';
  const wide = context.width();
  const width = wide > 900 ? Math.floor((wide - 48) / 3) : wide;
  return h(
    'figure',
    {},
    h('figcaption', {}, h('b', {}, title), h('span', { class: 'soft' }, `, ${hint}`)),
    whiskers(rows, { label, width, yText: write }),
  );
}

function scenarioTable({ scenarios, title }: ExperimentCluster): HTMLElement {
  return wideTable(
    `Scenarios on ${title}`,
    tableHead([['Scenario'], ...ORDER.map((metric) => [METRICS[metric].title, 'number'] as const)]),
    h(
      'tbody',
      {},
      scenarios.map((scenario) =>
        h(
          'tr',
          { class: scenario.name === 'agent' ? 'chosen' : '', 'data-scenario': scenario.name },
          h('th', { scope: 'row' }, scenario.title),
          ORDER.map((metric) =>
            h(
              'td',
              {
                class: 'number',
                'data-metric': metric,
                'data-value': String(scenario[metric].mean),
              },
              spread(scenario[metric], METRICS[metric].write),
            ),
          ),
        ),
      ),
    ),
  );
}

function spread({ mean, low, high, n }: ExperimentFigure, write: (value: number) => string): Child {
  return [
    write(mean),
    n > 1 &&
      h('span', { class: 'soft small block' }, `${write(low)} to ${write(high)}, n ${count(n)}`),
  ];
}

function learning(
  { learning: points, scenarios, title }: ExperimentCluster,
  context: Context,
): Child {
  if (points.length < 2) return undefined;
  const byDefault = scenarios.find(({ name }) => name === 'default');
  const width = context.width() > 900 ? Math.floor((context.width() - 24) / 2) : context.width();
  const charts = (['joulesPerRequest', 'p99'] as const).map((metric) => {
    const { title: what, write } = METRICS[metric];
    const level = byDefault && {
      name: `default ${write(byDefault[metric].mean)}`,
      value: byDefault[metric].mean,
    };
    const label =
      `${what} of the agent, rollout by rollout: first ${write(points[0]?.[metric].mean ?? 0)}, ` +
      `last ${write(points.at(-1)?.[metric].mean ?? 0)}`;
    return h(
      'figure',
      {},
      h('figcaption', {}, h('b', {}, what), h('span', { class: 'soft' }, ' while it learns')),
      stepChart(
        { name: what, points: points.map((one) => one[metric]), level },
        { label, width, xText: (step) => `rollout ${step}`, yText: write },
      ),
    );
  });
  return h(
    'div',
    { class: 'panels two', role: 'group', 'aria-label': `Learning on ${title}` },
    charts,
  );
}
