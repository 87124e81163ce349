// SPDX-License-Identifier: Apache-2.0
import type { Figure, WorkloadNow, Workloads } from '#dashboard/api/api.ts';
import { sparkline } from './charts.ts';
import { type Child, h } from './dom.ts';
import {
  age,
  clock,
  digits,
  figureText,
  joules,
  milliseconds,
  NOTHING,
  shortWorkload,
} from './format.ts';
import { badge, empty, omitted, problemNote, tableHead, viewHead, wideTable } from './parts.ts';
import type { Context, View } from './view.ts';

/** So small that all columns stand side by side on a page of 1280 pixels. */
const COURSE = { width: 104 } as const;

/** Latency and energy of every workload. */
export function workloadsView(): View {
  let answer: Workloads | undefined;
  return {
    id: 'workloads',
    title: 'Workloads',
    parts: ['workloads'],
    async load({ client }) {
      answer = await client.get<Workloads>('/api/workloads');
    },
    render(context) {
      return answer === undefined ? [] : draw(answer, context);
    },
  };
}

function draw(answer: Workloads, { client }: Context): Node[] {
  const { workloads, observedAt, windowSeconds } = answer;
  const when =
    observedAt === undefined
      ? 'Nothing was measured yet.'
      : `Means over ${windowSeconds} s, up to ${clock(observedAt)}, ${age((client.now - observedAt) / 1000)} ago. `;
  return [
    viewHead(
      'Workloads',
      when,
      'p99 is the mean over its Pods, weighted by requests; energy is what Kepler attributes to them.',
    ),
    h('div', {}, problemNote(answer.problem)),
    workloads.length === 0
      ? empty(
          'No workload runs in a namespace that opted in.',
          h('code', {}, 'kubectl label namespace NAME perihelion.dev/placement=enabled'),
        )
      : wideTable(
          'Latency and energy of the workloads',
          tableHead([
            ['Workload'],
            ['Pods', 'number'],
            ['Requests per second', 'number'],
            ['p99', 'number'],
            ['its course'],
            ['slowest Pod', 'number'],
            ['Energy per request', 'number'],
            ['its course'],
          ]),
          h('tbody', {}, [...workloads].sort(byKnowledge).map(row)),
        ),
    h('div', {}, omitted(answer.workloadsOmitted, 'workloads')),
  ];
}

/** Those with figures first; within both, the order of the names stays. */
function byKnowledge(a: WorkloadNow, b: WorkloadNow): number {
  const unknown = ({ p99Milliseconds: { value } }: WorkloadNow): number =>
    Number(value === undefined);
  return unknown(a) - unknown(b);
}

function row(one: WorkloadNow): HTMLElement {
  const { namespace, workload, tier, pods, scope, history } = one;
  const name = shortWorkload(workload);
  return h(
    'tr',
    { 'data-key': `${namespace}/${workload}`, 'data-workload': workload },
    h(
      'th',
      { scope: 'row', class: 'roomy' },
      h('span', { class: 'strong' }, name),
      h('span', { class: 'soft small block' }, `${namespace}, ${tier}`),
      scope !== 'pod' && h('span', { class: 'soft small block' }, SCOPE_WORDS[scope]),
    ),
    h(
      'td',
      { class: 'number' },
      pods,
      one.youngPods > 0 && h('span', { class: 'soft small block' }, `${one.youngPods} just came`),
    ),
    cell(one.requestsPerSecond, digits),
    cell(one.p99Milliseconds, milliseconds, against(one.defaultP99Milliseconds, milliseconds)),
    h(
      'td',
      {},
      sparkline(
        history.map(([, p99]) => p99),
        `p99 of ${name} in the last windows`,
        COURSE,
      ),
    ),
    cell(one.worstP99Milliseconds, milliseconds),
    cell(one.joulesPerRequest, joules, against(one.defaultJoulesPerRequest, joules)),
    h(
      'td',
      {},
      sparkline(
        history.map(([, , energy]) => energy),
        `Energy per request of ${name} in the last windows`,
        COURSE,
      ),
    ),
  );
}

const SCOPE_WORDS = {
  workload: 'latency of all its Pods together',
  application: 'requests and latency of its application',
} as const;

function against(value: number | undefined, write: (value: number) => string): string | undefined {
  return value === undefined ? undefined : `default ${write(value)}`;
}

function cell(figure: Figure, write: (value: number) => string, note?: string): Child {
  return h(
    'td',
    { class: 'number' },
    figure.value === undefined ? badge(figure) : figureText(figure, write),
    figure.value !== undefined && badge(figure, true),
    note !== undefined && h('span', { class: 'soft small block' }, note),
    figure.value !== undefined &&
      figure.detail !== undefined &&
      h('span', { class: 'soft small block' }, figure.detail),
    figure.value === undefined && figure.detail === undefined && NOTHING,
  );
}
