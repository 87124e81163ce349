// SPDX-License-Identifier: Apache-2.0
import type {
  NamespaceSavings,
  SavedFigure,
  Savings,
  WorkloadSavings,
} from '#dashboard/api/api.ts';
import { bandChart, intervalPlot } from './charts.ts';
import { type Child, h } from './dom.ts';
import {
  count,
  type Finding,
  findingOf,
  joules,
  markPercent,
  moment,
  percentInterval,
  plural,
  shortWorkload,
  signed,
  signedPercent,
  unitInterval,
} from './format.ts';
import { adherenceText, empty, omitted, tableHead, viewHead, wideTable } from './parts.ts';
import type { Context, View } from './view.ts';

const SAVED: Readonly<Record<Finding, string>> = {
  good: 'saved',
  bad: 'cost more',
  unclear: 'not shown either way',
};
const QUICKER: Readonly<Record<Finding, string>> = {
  good: 'quicker',
  bad: 'slower',
  unclear: 'not shown either way',
};

/** What was saved against the Pods that were left to the default scheduler. */
export function savingsView(): View {
  let savings: Savings | undefined;
  return {
    id: 'savings',
    title: 'Savings',
    parts: ['savings'],
    async load({ client }) {
      savings = await client.get<Savings>('/api/savings');
    },
    render(context) {
      if (savings === undefined) return [];
      const { namespaces, namespacesOmitted, unreadable, since } = savings;
      return [
        viewHead(
          'Savings against the holdout',
          'Pods that the agent decided, compared with Pods that a draw left to the default scheduler. ' +
            'Intervals are 95 % confidence sequences: look as often as you like.',
        ),
        ...(namespaces.length === 0
          ? [
              empty(
                'Nothing is learned yet.',
                'A namespace appears with its first settled decision.',
              ),
            ]
          : namespaces.map((one) => section(one, since, context))),
        h(
          'div',
          {},
          omitted(namespacesOmitted, 'namespaces'),
          unreadable.map((line) => h('p', { class: 'note bad' }, line)),
        ),
      ];
    },
  };
}

function section(one: NamespaceSavings, since: number, context: Context): HTMLElement {
  const { namespace, mode, policy, savings, workloads } = one;
  return h(
    'section',
    { class: 'card', 'aria-label': `Namespace ${namespace}`, 'data-key': namespace },
    h(
      'div',
      { class: 'card-head' },
      h('h3', {}, namespace),
      h('span', { class: 'soft' }, `policy ${policy ?? 'unknown'}, mode ${mode ?? 'unknown'}`),
    ),
    savings.kind === 'refused'
      ? h('p', { class: 'figure-none' }, h('b', {}, 'No figure yet: '), savings.reason, '.')
      : headline(savings),
    h(
      'dl',
      { class: 'facts' },
      fact('Adherence', adherenceText(one.adherence)),
      fact('Settled', `${plural(one.settled, 'decision')} remembered`),
      savings.kind === 'estimated' && [
        fact(
          'Compared',
          `${count(savings.decisions)} Pods, ${count(savings.holdouts)} of them held out`,
        ),
        fact('Baseline', `${joules(savings.baselineJoulesPerRequest)} per request`),
        fact('Energy', `${signedJoules(savings)} over ${count(savings.requests)} requests`),
      ],
    ),
    history(one, since, context),
    workloadTable(workloads, namespace),
    omitted(one.workloadsOmitted, 'workloads'),
  );
}

function fact(name: string, text: string): Child {
  return h('div', {}, h('dt', {}, name), h('dd', {}, text));
}

function signedJoules({ savedJoules: { mean } }: SavedFigure): string {
  return mean < 0 ? `${joules(-mean)} more` : `${joules(mean)} less`;
}

function headline({ savedRatio, p99DifferenceMilliseconds: p99 }: SavedFigure): HTMLElement {
  const energy = savedRatio === undefined ? undefined : findingOf(savedRatio, 'above');
  const slower = p99 === undefined ? undefined : findingOf(p99, 'below');
  return h(
    'div',
    { class: 'headline' },
    savedRatio !== undefined &&
      energy !== undefined &&
      h(
        'div',
        {},
        h('p', { class: 'soft small' }, 'Energy per request'),
        h('p', { class: `huge ${energy}`, 'data-figure': 'saved' }, signedPercent(savedRatio.mean)),
        h('p', { class: 'small' }, `${percentInterval(savedRatio)}: ${SAVED[energy]}`),
      ),
    h(
      'div',
      {},
      h('p', { class: 'soft small' }, 'p99 latency'),
      p99 === undefined || slower === undefined
        ? h('p', { class: 'soft' }, 'no figure yet')
        : [
            h('p', { class: `huge ${slower}` }, `${signed(p99.mean)} ms`),
            h('p', { class: 'small' }, `${unitInterval(p99, 'ms')}: ${QUICKER[slower]}`),
          ],
    ),
  );
}

function history(
  { history: points, namespace }: NamespaceSavings,
  since: number,
  context: Context,
): Child {
  const known = points.filter(({ ratio }) => ratio !== undefined);
  const last = known.at(-1)?.ratio;
  const from = `since this process started, ${moment(since, context.client.now)}`;
  if (last === undefined || known.length < 2) {
    return h(
      'p',
      { class: 'soft small' },
      `Its course is drawn once the figure has changed (${from}).`,
    );
  }
  const label = `Energy saved in ${namespace} over time, with its interval; now ${percentInterval(last)}`;
  return h(
    'figure',
    {},
    bandChart(
      known.map(({ time, ratio }) => ({ x: time, interval: ratio })),
      {
        label,
        width: context.width(),
        most: 1,
        xText: (time) => moment(time, context.client.now),
        yText: markPercent,
      },
    ),
    h(
      'figcaption',
      { class: 'soft small' },
      `Share of the energy per request that was saved, ${from}. Above 0 is better.`,
    ),
    h(
      'details',
      {},
      h('summary', {}, 'The same as a table'),
      wideTable(
        `Course of the savings in ${namespace}`,
        tableHead([['Time'], ['Pods', 'number'], ['Held out', 'number'], ['Saved']]),
        h(
          'tbody',
          {},
          known
            .slice(-60)
            .map(({ time, decisions, holdouts, ratio }) =>
              h(
                'tr',
                {},
                h('th', { scope: 'row' }, moment(time, context.client.now)),
                h('td', { class: 'number' }, count(decisions)),
                h('td', { class: 'number' }, count(holdouts)),
                h('td', {}, ratio === undefined ? '' : percentInterval(ratio)),
              ),
            ),
        ),
      ),
    ),
  );
}

/** A share beyond this leaves the plot: a wide interval must not flatten all others. */
const MOST_RATIO = 1;

function workloadTable(rows: readonly WorkloadSavings[], namespace: string): Child {
  const bounds = rows.flatMap(({ savings }) =>
    savings.kind === 'estimated' && savings.savedRatio !== undefined
      ? [Math.abs(savings.savedRatio.low), Math.abs(savings.savedRatio.high)]
      : [],
  );
  const scale = Math.min(MOST_RATIO, Math.max(0.01, ...bounds));
  return wideTable(
    `Savings of the workloads of ${namespace}`,
    tableHead([['Workload'], ['Energy saved'], ['Adherence'], ['Circuit breaker']]),
    h(
      'tbody',
      {},
      rows.map(({ workload, policy, savings, adherence, circuit }) =>
        h(
          'tr',
          { 'data-key': `${workload} ${policy}` },
          h('th', { scope: 'row' }, shortWorkload(workload)),
          h('td', {}, savedCell(savings, scale)),
          h('td', {}, adherenceText(adherence)),
          h('td', {}, circuit),
        ),
      ),
    ),
  );
}

function savedCell(savings: WorkloadSavings['savings'], scale: number): Child {
  if (savings.kind === 'refused')
    return h('span', { class: 'soft' }, `No figure: ${savings.reason}`);
  const { savedRatio: ratio } = savings;
  if (ratio === undefined) return h('span', { class: 'soft' }, 'No figure: the baseline is 0');
  const finding = findingOf(ratio, 'above');
  const label = `${percentInterval(ratio)}, ${SAVED[finding]}`;
  return [
    intervalPlot(ratio, scale, { finding, label }),
    h('span', { class: `small ${finding}` }, label),
  ];
}
