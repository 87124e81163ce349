// SPDX-License-Identifier: Apache-2.0
import type { ClusterNow, NodeNow, NodePod, Savings } from '#dashboard/api/api.ts';
import { sparkline } from './charts.ts';
import { type Child, h } from './dom.ts';
import {
  age,
  bytes,
  clock,
  count,
  digits,
  figureText,
  findingOf,
  percent,
  percentInterval,
  plural,
  shortWorkload,
  signedPercent,
  watts,
} from './format.ts';
import {
  badge,
  empty,
  meter,
  omitted,
  problemNote,
  tableHead,
  tile,
  viewHead,
  wideTable,
} from './parts.ts';
import type { Context, View } from './view.ts';

/** Cards drawn at first; a large cluster asks for more. */
const CARDS = 60;

/** Watts, load and Pods of every node, now. */
export function clusterView(): View {
  let cluster: ClusterNow | undefined;
  let savings: Savings | undefined;
  let cards = CARDS;
  return {
    id: 'cluster',
    title: 'Cluster',
    parts: ['cluster', 'savings'],
    async load({ client }) {
      [cluster, savings] = await Promise.all([
        client.get<ClusterNow>('/api/cluster'),
        client.get<Savings>('/api/savings'),
      ]);
    },
    actions: {
      'more-nodes': (context) => {
        cards += CARDS;
        context.redraw();
      },
    },
    render(context) {
      if (cluster === undefined || savings === undefined) return [];
      return draw(cluster, savings, cards, context);
    },
  };
}

function draw(cluster: ClusterNow, savings: Savings, cards: number, { client }: Context): Node[] {
  const { observedAt, windowSeconds, nodes } = cluster;
  const when =
    observedAt === undefined
      ? 'Nothing was measured yet.'
      : `Means over ${windowSeconds} s, up to ${clock(observedAt)}, ${age((client.now - observedAt) / 1000)} ago.`;
  return [
    viewHead('Cluster now', when),
    h('div', {}, problemNote(cluster.problem)),
    tiles(cluster, savings),
    nodes.length === 0
      ? empty('There are no nodes.', 'The API server knows of none.')
      : h('ul', { class: 'cards' }, nodes.slice(0, cards).map(nodeCard)),
    h(
      'div',
      {},
      nodes.length > cards &&
        h(
          'button',
          { type: 'button', 'data-do': 'more-nodes' },
          `Show more of ${count(nodes.length)} nodes`,
        ),
      omitted(cluster.nodesOmitted, 'nodes'),
    ),
  ];
}

function tiles({ totals }: ClusterNow, savings: Savings): HTMLElement {
  const { watts: power, wattsNodes, modelledNodes, nodes, adherence, pods, placedPods } = totals;
  const modelled = modelledNodes > 0 ? `, ${modelledNodes} of them modelled` : '';
  return h(
    'dl',
    { class: 'tiles' },
    tile(
      'Power',
      power === undefined ? 'unknown' : watts(power),
      `${wattsNodes} of ${plural(nodes, 'node')} known${modelled}`,
      'sun',
    ),
    savedTile(savings),
    tile(
      'Adherence',
      adherence === undefined ? 'none asked' : percent(adherence.followed / adherence.asked, 0),
      adherence === undefined
        ? 'no Pod was asked to prefer a target yet'
        : `${count(adherence.followed)} of ${count(adherence.asked)} Pods landed where asked`,
    ),
    tile('Pods decided', count(placedPods), `of ${plural(pods, 'Pod')} on the nodes`),
  );
}

/** Of the namespace with the most evidence: sums over namespaces would mix unlike things. */
function savedTile({ namespaces }: Savings): HTMLElement {
  const estimated = namespaces.flatMap(({ namespace, savings }) =>
    savings.kind === 'estimated' && savings.savedRatio !== undefined
      ? [{ namespace, decisions: savings.decisions, ratio: savings.savedRatio }]
      : [],
  );
  const [most] = estimated.sort((a, b) => b.decisions - a.decisions);
  if (most === undefined) {
    return tile('Saved', 'no figure yet', 'which is not a saving of 0');
  }
  const finding = findingOf(most.ratio, 'above');
  const words = { good: 'saved', bad: 'cost more', unclear: 'not shown either way' }[finding];
  const note = `${most.namespace}: ${percentInterval(most.ratio)}, ${words}`;
  return tile('Saved against the holdout', signedPercent(most.ratio.mean), note, finding);
}

function nodeCard(node: NodeNow): HTMLElement {
  const { name, ready, unschedulable, cores, memoryBytes, watts: power, wattsHistory } = node;
  return h(
    'li',
    { class: `card node ${ready ? '' : 'down'}`, 'data-key': name },
    h(
      'div',
      { class: 'card-head' },
      h('h3', {}, name),
      h('span', { class: `state ${ready ? 'ok' : 'off'}` }, ready ? 'Ready' : 'Not ready'),
      unschedulable && h('span', { class: 'state off' }, 'cordoned'),
    ),
    h(
      'div',
      { class: 'power' },
      h(
        'p',
        { class: 'power-now' },
        h('span', { class: 'visually-hidden' }, 'Power: '),
        h('span', { class: 'big', 'data-node': name }, figureText(power, watts)),
        power.value !== undefined && badge(power),
      ),
      sparkline(wattsHistory, `Power of ${name} in the last ${wattsHistory.length} windows`, {
        width: 132,
        height: 40,
      }),
    ),
    power.value === undefined && h('p', { class: 'soft small' }, power.detail),
    meter('CPU', node.cpuRatio, plural(Number(digits(cores)), 'core')),
    meter('Memory', node.memoryRatio, bytes(memoryBytes)),
    podList(node),
  );
}

function podList({ name, pods, podsOmitted }: NodeNow): Child {
  const decided = pods.filter(({ decision }) => decision !== undefined);
  const groups = new Map<string, number>();
  for (const { workload } of decided) groups.set(workload, (groups.get(workload) ?? 0) + 1);
  return [
    h(
      'p',
      { class: 'small soft pods-sum' },
      `${plural(pods.length + podsOmitted, 'Pod')}, ${count(decided.length)} decided by Perihelion`,
    ),
    groups.size > 0 &&
      h(
        'ul',
        { class: 'chips', 'aria-label': `Workloads decided on ${name}` },
        [...groups].map(([workload, number]) =>
          h(
            'li',
            { class: 'chip' },
            shortWorkload(workload),
            number > 1 && h('b', {}, ` ×${number}`),
          ),
        ),
      ),
    pods.length > 0 &&
      h(
        'details',
        {},
        h('summary', {}, `All Pods on ${name}`),
        wideTable(
          `Pods on ${name}`,
          tableHead([['Pod'], ['Workload'], ['Asked for'], ['State']]),
          h(
            'tbody',
            {},
            pods.map((pod) => podRow(pod)),
          ),
        ),
        omitted(podsOmitted, 'Pods'),
      ),
  ];
}

function podRow({
  namespace,
  name,
  workload,
  phase,
  ready,
  decision,
  asked,
}: NodePod): HTMLElement {
  const full = `${namespace}/${name}`;
  return h(
    'tr',
    { 'data-key': full },
    h(
      'th',
      { scope: 'row' },
      decision === undefined
        ? full
        : h('a', { href: `#decisions/${encodeURIComponent(decision)}` }, full),
    ),
    h('td', {}, workload),
    h('td', {}, decision === undefined ? 'no decision' : (asked ?? 'left to the scheduler')),
    h('td', {}, ready ? phase : `${phase}, not ready`),
  );
}
