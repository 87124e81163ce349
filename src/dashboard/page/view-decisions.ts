// SPDX-License-Identifier: Apache-2.0
import type { StreamEvents } from '#dashboard/api/api-stream.ts';
import type { DecisionPage, DecisionRow, Story } from '#dashboard/api/api-decisions.ts';
import { type Child, h } from './dom.ts';
import {
  actionWords,
  count,
  joules,
  milliseconds,
  moment,
  NOTHING,
  shortWorkload,
  signed,
} from './format.ts';
import { empty, tableHead, viewHead, wideTable } from './parts.ts';
import { storyOf } from './story.ts';
import type { Context, View } from './view.ts';

const ROWS = 50;
const CHOICES = ['greedy', 'explore', 'holdout', 'burn-in', 'only-default', 'circuit-open'];
const STATUSES = ['open', 'looked-at', 'settled', 'censored', 'discarded'];
const TYPING_MILLISECONDS = 250;

/** Every decision as it is taken, and the story of each. */
export function decisionsView(): View {
  let page: DecisionPage | undefined;
  let story: Story | undefined;
  const filter = { text: '', choice: '', status: '' };
  /** Where each page begins that was turned; the last one is shown. */
  let turned: (string | undefined)[] = [undefined];
  let live = true;
  let missed = 0;
  let typing: ReturnType<typeof setTimeout> | undefined;
  const fromStart = (context: Context): void => {
    turned = [undefined];
    missed = 0;
    context.reload();
  };
  const plain = (): boolean => Object.values(filter).every((value) => value === '');
  return {
    id: 'decisions',
    title: 'Decisions',
    parts: [],
    async load({ client }, [id]) {
      const query = new URLSearchParams({ limit: String(ROWS), ...filter });
      const before = turned.at(-1);
      if (before !== undefined) query.set('before', before);
      [page, story] = await Promise.all([
        client.get<DecisionPage>(`/api/decisions?${query.toString()}`),
        id === undefined
          ? undefined
          : client.get<Story>(`/api/decisions/${encodeURIComponent(id)}`),
      ]);
    },
    onDecisions(context, news) {
      if (page === undefined) return;
      const shown = merged(page, news, live && turned.length === 1 && plain());
      missed += shown.missed;
      page = shown.page;
      const own = story?.decision.id;
      // The story of what has just been settled has a new end.
      if (own !== undefined && news.rows.some(({ id }) => id === own)) context.reload();
      else context.redraw();
    },
    actions: {
      older(context) {
        if (page?.next === undefined) return;
        turned.push(page.next);
        context.reload();
      },
      newer(context) {
        if (turned.length > 1) turned.pop();
        context.reload();
      },
      live(context) {
        live = !live;
        if (live) fromStart(context);
        else context.redraw();
      },
      'filter-text'(context, element) {
        filter.text = (element as HTMLInputElement).value;
        clearTimeout(typing);
        typing = setTimeout(() => fromStart(context), TYPING_MILLISECONDS);
      },
      'filter-choice'(context, element) {
        filter.choice = (element as HTMLSelectElement).value;
        fromStart(context);
      },
      'filter-status'(context, element) {
        filter.status = (element as HTMLSelectElement).value;
        fromStart(context);
      },
      newest: fromStart,
      'close-story'(context) {
        context.go('decisions');
      },
    },
    render(context) {
      if (page === undefined) return [];
      const asked = context.rest()[0] !== undefined;
      return [
        viewHead('Decisions', aboutOf(page)),
        toolbar({ live, missed }),
        page.rows.length === 0
          ? empty(
              plain() ? 'No decision was taken yet.' : 'No decision fits.',
              plain()
                ? 'The first Pod of a namespace that opted in makes the first one.'
                : 'Change the filter.',
            )
          : table(page, context.client.now),
        pager(page, turned.length),
        ...(asked && story !== undefined ? [storyOf(story, context.client.now)] : []),
      ];
    },
  };
}

function aboutOf({ held, seen, capacity }: DecisionPage): string {
  const kept = seen > held ? `; the newest ${count(capacity)} are held` : '';
  return `${count(seen)} seen by this process${kept}. Choose one for its story.`;
}

/** Puts news into the newest page. */
function merged(
  page: DecisionPage,
  news: StreamEvents['decisions'],
  follows: boolean,
): { page: DecisionPage; missed: number } {
  const { held, seen } = news;
  const known = new Map(page.rows.map((row) => [row.id, row]));
  const fresh = news.rows.filter(({ id }) => !known.has(id)).length + news.skipped;
  for (const row of news.rows) if (follows || known.has(row.id)) known.set(row.id, row);
  const rows = [...known.values()].sort((a, b) => b.time - a.time).slice(0, ROWS);
  const matching = follows ? held : page.matching;
  const next = follows && held > rows.length ? rows.at(-1)?.id : page.next;
  return { page: { ...page, rows, held, seen, matching, next }, missed: follows ? 0 : fresh };
}

function toolbar({ live, missed }: { live: boolean; missed: number }): HTMLElement {
  const choice = (id: string, label: string, words: readonly string[]): Child => [
    h('label', { for: id, class: 'visually-hidden' }, label),
    h(
      'select',
      { id, 'data-do': id },
      h('option', { value: '' }, label),
      words.map((word) => h('option', { value: word }, word)),
    ),
  ];
  return h(
    'div',
    { class: 'toolbar', role: 'search', 'aria-label': 'Decisions' },
    h(
      'label',
      { for: 'filter-text', class: 'visually-hidden' },
      'Find by namespace, Pod, workload or target',
    ),
    h('input', {
      id: 'filter-text',
      type: 'search',
      placeholder: 'Namespace, Pod, workload, target…',
      'data-do': 'filter-text',
      autocomplete: 'off',
      spellcheck: 'false',
    }),
    choice('filter-choice', 'Any choice', CHOICES),
    choice('filter-status', 'Any state', STATUSES),
    h(
      'button',
      {
        type: 'button',
        'data-do': 'live',
        'aria-pressed': String(live),
        class: live ? 'is-live' : '',
      },
      live ? 'Live' : 'Paused',
    ),
    missed > 0 &&
      h('button', { type: 'button', 'data-do': 'newest' }, `${count(missed)} newer: show`),
  );
}

function table({ rows }: DecisionPage, now: number): HTMLElement {
  return wideTable(
    'Decisions, newest first',
    tableHead([
      ['Time'],
      ['Pod'],
      ['Asked for'],
      ['How'],
      ['Landed'],
      ['State'],
      ['Advantage', 'number'],
      ['p99', 'number'],
      ['Energy per request', 'number'],
    ]),
    h(
      'tbody',
      { class: 'decisions' },
      rows.map((row) => rowOf(row, now)),
    ),
  );
}

function rowOf(row: DecisionRow, now: number): HTMLElement {
  const {
    id,
    time,
    namespace,
    workload,
    pod,
    action,
    choice,
    landed,
    status,
    signed: believed,
  } = row;
  return h(
    'tr',
    { 'data-key': id, 'data-id': id },
    h('td', { class: 'number' }, moment(time, now)),
    h(
      'th',
      { scope: 'row' },
      h(
        'a',
        { href: `#decisions/${encodeURIComponent(id)}` },
        pod ?? `a Pod of ${shortWorkload(workload)}`,
      ),
      h('span', { class: 'soft small block' }, `${namespace}, ${shortWorkload(workload)}`),
    ),
    h('td', {}, actionWords(action), row.shadow && h('span', { class: 'badge' }, 'shadow')),
    h(
      'td',
      {},
      h('span', { class: `choice is-${choice ?? 'unknown'}` }, choice ?? 'not known here'),
      !believed && h('span', { class: 'badge is-fake' }, 'not signed'),
    ),
    h('td', {}, landedText(row), followMark(action, landed)),
    h('td', {}, status),
    h('td', { class: 'number' }, row.advantage === undefined ? NOTHING : signed(row.advantage)),
    h(
      'td',
      { class: 'number' },
      row.p99Milliseconds === undefined ? NOTHING : milliseconds(row.p99Milliseconds),
    ),
    h(
      'td',
      { class: 'number' },
      row.joulesPerRequest === undefined ? NOTHING : joules(row.joulesPerRequest),
    ),
  );
}

function landedText({ landed }: DecisionRow): string {
  return landed ?? 'not bound yet';
}

function followMark(action: string, landed: string | undefined): Child {
  if (landed === undefined || action === '(default)') return undefined;
  const followed = action === landed;
  return h(
    'span',
    { class: `follow ${followed ? 'yes' : 'no'}` },
    followed ? ' ✓ as asked' : ' ≠ not as asked',
  );
}

function pager({ matching, next, rows }: DecisionPage, pages: number): HTMLElement {
  return h(
    'nav',
    { class: 'pager', 'aria-label': 'Pages of decisions' },
    h('button', { type: 'button', 'data-do': 'newer', disabled: pages === 1 }, '← Newer'),
    h('span', { class: 'soft' }, `Page ${pages}: ${count(rows.length)} of ${count(matching)}`),
    h('button', { type: 'button', 'data-do': 'older', disabled: next === undefined }, 'Older →'),
  );
}
