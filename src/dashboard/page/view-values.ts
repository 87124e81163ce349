// SPDX-License-Identifier: Apache-2.0
import type { ValueCell, ValueTable, ValueTableName, ValueTables } from '#dashboard/api/api.ts';
import { type Child, h } from './dom.ts';
import { actionWords, plural, samplesText, shortWorkload, signed } from './format.ts';
import { largest, sureness, toneOf } from './heat.ts';
import { empty, omitted, viewHead, wideTable } from './parts.ts';
import type { View } from './view.ts';

const SUMMARY =
  'Advantage over the default scheduler that the agent expects of each action in each state: above 0 ' +
  'is better, 0 is as good. The bar shows how many samples a value rests on.';

/** What the agent believes: the Q table of a workload as a heat map. */
export function valuesView(): View {
  let tables: ValueTables | undefined;
  let table: ValueTable | undefined;
  return {
    id: 'values',
    title: 'Learned values',
    parts: ['values'],
    async load({ client }, rest) {
      tables = await client.get<ValueTables>('/api/values');
      const chosen = tables.tables.find(
        (one) => addressOf(one) === rest.map(encodeURIComponent).join('/'),
      );
      const name = chosen ?? mostLearned(tables.tables);
      table = name === undefined ? undefined : await client.get<ValueTable>(pathOf(name));
    },
    actions: {
      table: (context, element) => context.go(`values/${(element as HTMLSelectElement).value}`),
    },
    render() {
      return tables === undefined ? [] : draw(tables, table);
    },
  };
}

function pathOf({ namespace, policy, workload }: ValueTableName): string {
  return `/api/values/table?${new URLSearchParams({ namespace, policy, workload }).toString()}`;
}

function addressOf({ namespace, policy, workload }: ValueTableName): string {
  return [namespace, policy, workload].map(encodeURIComponent).join('/');
}

function mostLearned(tables: readonly ValueTableName[]): ValueTableName | undefined {
  return tables.reduce<ValueTableName | undefined>(
    (best, one) => (best === undefined || one.samples > best.samples ? one : best),
    undefined,
  );
}

function draw(tables: ValueTables, table: ValueTable | undefined): Node[] {
  if (table === undefined) {
    return [
      viewHead('Learned values', SUMMARY),
      empty('Nothing is learned yet.', 'The first values come with the first settled rollout.'),
    ];
  }
  return [
    viewHead('Learned values', SUMMARY),
    h(
      'div',
      { class: 'toolbar' },
      h('label', { for: 'table-choice' }, 'Workload or tier'),
      chooser(tables, table),
      omitted(tables.tablesOmitted, 'tables'),
    ),
    h('p', { class: 'soft' }, standing(table)),
    table.values.length === 0
      ? empty('No value is learned yet.', 'Burn-in: the default scheduler is measured first.')
      : heatMap(table),
    legend(),
  ];
}

/** A tier is the prior of its workloads: nothing is measured for it, and it has no breaker. */
function standing({
  workload,
  rollouts,
  modelVersion,
  defaultSamples,
  circuit,
}: ValueTable): string {
  const from = `${plural(rollouts, 'rollout')}, model version ${modelVersion}`;
  if (workload.startsWith('Tier/')) return `${from}: stands in for what a workload has not tried.`;
  const measured = `${plural(defaultSamples, 'Pod')} of the default scheduler measured`;
  return `${from}, ${measured}; circuit breaker ${circuit}.`;
}

function chooser({ tables }: ValueTables, table: ValueTable): HTMLElement {
  return h(
    'select',
    { id: 'table-choice', 'data-do': 'table', 'data-key': addressOf(table) },
    tables.map((one) => {
      const address = addressOf(one);
      const samples = samplesText(one.samples);
      return h(
        'option',
        { value: address, selected: address === addressOf(table) },
        `${one.namespace}: ${shortWorkload(one.workload)} (${samples})`,
      );
    }),
  );
}

function heatMap({ workload, actions, states, values }: ValueTable): HTMLElement {
  const scale = largest(values.map(({ value }) => value));
  const most = largest(values.map(({ samples }) => samples));
  const at = new Map(values.map((cell) => [JSON.stringify([cell.state, cell.action]), cell]));
  return wideTable(
    `Learned values of ${workload}`,
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        h('th', { scope: 'col' }, 'State'),
        actions.map((action) => h('th', { scope: 'col', class: 'number' }, actionWords(action))),
      ),
    ),
    h(
      'tbody',
      { class: 'heat' },
      states.map(({ key, text }) =>
        h(
          'tr',
          { 'data-key': key },
          h('th', { scope: 'row' }, text, h('code', { class: 'small soft block' }, key)),
          actions.map((action) => heatCell(at.get(JSON.stringify([key, action])), scale, most)),
        ),
      ),
    ),
  );
}

function heatCell(cell: ValueCell | undefined, scale: number, most: number): Child {
  if (cell === undefined || !(cell.samples > 0)) {
    return h('td', { class: 'heat-cell none' }, h('span', { class: 'soft small' }, 'no sample'));
  }
  const { state, action, value, samples } = cell;
  return h(
    'td',
    {
      class: `heat-cell tone${toneOf(value, scale)} sure-${sureness(samples)}`,
      'data-state': state,
      'data-action': action,
      'data-value': String(value),
      'data-samples': String(samples),
    },
    h('span', { class: 'heat-value' }, signed(value)),
    h('span', { class: 'heat-samples' }, samplesText(samples)),
    h('span', {
      class: 'heat-bar',
      'aria-hidden': 'true',
      '--share': most > 0 ? Math.min(1, samples / most).toFixed(3) : '0',
    }),
  );
}

function legend(): HTMLElement {
  const steps = [-4, -2, 0, 2, 4] as const;
  return h(
    'div',
    { class: 'legend', 'aria-hidden': 'true' },
    h('span', {}, 'worse than the default'),
    steps.map((tone) => h('span', { class: `swatch tone${tone}` })),
    h('span', {}, 'better'),
    h('span', { class: 'swatch none' }),
    h('span', {}, 'no sample'),
  );
}
