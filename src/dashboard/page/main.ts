// SPDX-License-Identifier: Apache-2.0
import type { StreamEvents } from '#dashboard/api/api-stream.ts';
import type { Overview, Part } from '#dashboard/api/api.ts';
import { Client, HttpError } from './client.ts';
import { byId, h } from './dom.ts';
import { age, clock, zone } from './format.ts';
import { morph } from './morph.ts';
import { empty } from './parts.ts';
import { signIn } from './sign-in.ts';
import { storeOf } from './store.ts';
import { type Connection, EventStream } from './stream.ts';
import { nextTheme, storedTheme, themeWords, useTheme } from './theme.ts';
import { clusterView } from './view-cluster.ts';
import { decisionsView } from './view-decisions.ts';
import { experimentView } from './view-experiment.ts';
import { savingsView } from './view-savings.ts';
import { valuesView } from './view-values.ts';
import { workloadsView } from './view-workloads.ts';
import type { Context, View } from './view.ts';

const client = new Client(storeOf('sessionStorage'));
const store = storeOf('localStorage');
const main = byId('main');
const VIEWS: readonly View[] = [
  clusterView(),
  savingsView(),
  workloadsView(),
  valuesView(),
  decisionsView(),
  experimentView(),
];
const FIRST = VIEWS[0] as View;

/** What the page knows of itself. */
const page = {
  overview: undefined as Overview | undefined,
  view: FIRST,
  /** View whose tab was scrolled to last. */
  tab: '',
  rest: [] as readonly string[],
  connection: { kind: 'connecting' } as Connection,
  stream: undefined as EventStream | undefined,
  refused: undefined as HttpError | undefined,
  /** Loads are numbered: an answer that comes after a later one is dropped. */
  load: 0,
  drawing: false,
  /** When the last drawing was over and how long it took, milliseconds. */
  drawnAt: 0,
  drawMilliseconds: 0,
  problem: undefined as string | undefined,
};

const context: Context = {
  client,
  width: () => Math.max(300, Math.min(1180, main.clientWidth) - 48),
  rest: () => page.rest,
  redraw,
  reload: () => void reload(),
  go: (hash) => {
    location.hash = hash;
  },
};

/** Of the time, ages may take one part in so many: a view of a thousand rows has to be read, too. */
const AGES_SHARE = 20;

/** Draws soon, once for everything that happens until then. */
function redraw(): void {
  if (page.drawing) return;
  page.drawing = true;
  requestAnimationFrame(() => {
    page.drawing = false;
    const begin = performance.now();
    draw();
    page.drawnAt = performance.now();
    page.drawMilliseconds = page.drawnAt - begin;
  });
}

function draw(): void {
  const nodes =
    page.refused !== undefined ? signIn(page.refused, client.signedIn) : page.view.render(context);
  const loading = h('p', { class: 'soft loading' }, page.problem ?? 'Loading…');
  morph(main, h('main', {}, ...(nodes.length === 0 ? [loading] : nodes)));
  drawNav();
  drawFoot();
  openDialog();
}

/** Dialogs are shown by a call: only then do they hold the focus. */
function openDialog(): void {
  const dialog = main.querySelector('dialog');
  if (dialog === null || dialog.open) return;
  dialog.addEventListener('cancel', (event) => {
    event.preventDefault();
    context.go('decisions');
  });
  dialog.showModal();
  dialog.querySelector<HTMLElement>('#story-title')?.focus();
}

function drawNav(): void {
  const shown = VIEWS.filter(({ id }) => id !== 'experiment' || page.overview?.experiment === true);
  const list = h(
    'ul',
    {},
    shown.map(({ id, title }) =>
      h(
        'li',
        {},
        h('a', { href: `#${id}`, 'aria-current': id === page.view.id ? 'page' : undefined }, title),
      ),
    ),
  );
  morph(byId('views'), h('nav', {}, list));
  showTab();
}

/** On a narrow screen the list of views is scrolled: the present one is to be seen. */
function showTab(): void {
  if (page.tab === page.view.id) return;
  const tab = byId('views').querySelector('[aria-current]');
  tab?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  if (tab !== null) page.tab = page.view.id;
}

function drawFoot(): void {
  const { overview } = page;
  const foot =
    overview === undefined
      ? h('footer', {})
      : h(
          'footer',
          {},
          h(
            'p',
            {},
            `Perihelion ${overview.version}, served by ${overview.identity}` +
              (overview.leads ? ' (leader)' : '') +
              (overview.user === undefined ? '' : ` to ${overview.user}`),
            client.signedIn &&
              h('button', { type: 'button', class: 'link', 'data-do': 'sign-out' }, 'Sign out'),
          ),
          h('p', {}, `Times are those of your zone, ${zone(client.now)}; audit lines are in UTC.`),
          overview.limits.map((limit) => h('p', {}, limit)),
        );
  morph(byId('foot'), foot);
}

function drawConnection(): void {
  const { connection } = page;
  const text = byId('connection-text');
  const words =
    connection.kind === 'live'
      ? 'Live'
      : connection.kind === 'connecting'
        ? 'Connecting…'
        : 'Connection lost.';
  // Said once by a screen reader; the seconds are for the eye.
  if (text.textContent !== words) text.textContent = words;
  byId('connection').dataset['kind'] = connection.kind;
  byId('connection-age').textContent = ageText(connection);
}

function ageText(connection: Connection): string {
  if (connection.kind === 'live') return clock(client.now);
  if (connection.kind === 'connecting') return '';
  const { heardAt, retryAt } = connection;
  const last =
    heardAt === undefined ? 'no data yet' : `last data ${age((Date.now() - heardAt) / 1000)} old`;
  return `${last}; next try in ${age((retryAt - Date.now()) / 1000)}`;
}

/** Loads the present view. What fails leaves on the screen what was there. */
async function reload(): Promise<void> {
  page.load += 1;
  const { load, view, rest } = page;
  try {
    await view.load(context, rest);
    if (load !== page.load) return;
    page.problem = undefined;
  } catch (error) {
    if (load !== page.load) return;
    if (isRefusal(error)) {
      refuse(error);
      return;
    }
    const gone = error instanceof HttpError && error.status === 404;
    page.problem = gone ? 'There is no such thing (any more).' : 'No answer yet; trying again.';
    if (gone && rest.length > 0) context.go(view.id);
  }
  redraw();
}

async function loadOverview(): Promise<void> {
  try {
    page.overview = await client.get<Overview>('/api/overview');
  } catch (error) {
    if (isRefusal(error)) refuse(error);
  }
  redraw();
}

function isRefusal(error: unknown): error is HttpError {
  return error instanceof HttpError && (error.status === 401 || error.status === 403);
}

function refuse(error: HttpError): void {
  page.stream?.end();
  page.stream = undefined;
  page.refused = error;
  redraw();
}

/** Begins (again): with a right to read, or to find out whether there is one. */
async function begin(): Promise<void> {
  page.refused = undefined;
  await loadOverview();
  if (isRefused()) return;
  page.stream = new EventStream(client, {
    onConnection(connection) {
      page.connection = connection;
      drawConnection();
    },
    onReconnected() {
      void loadOverview();
      void reload();
    },
    onEvent: (name, data) => hear(name, data),
    onRefused: refuse,
  });
  void page.stream.run();
  await reload();
}

function isRefused(): boolean {
  return page.refused !== undefined;
}

function hear<E extends keyof StreamEvents>(name: E, data: StreamEvents[E]): void {
  if (name === 'beat') client.setNow((data as StreamEvents['beat']).time);
  if (name === 'changed') changed((data as StreamEvents['changed']).parts);
  if (name === 'decisions') {
    page.view.onDecisions?.(context, data as StreamEvents['decisions']);
  }
}

function changed(parts: readonly Part[]): void {
  if (parts.includes('overview')) void loadOverview();
  if (page.view.parts.some((part) => parts.includes(part))) void reload();
}

/** Follows the address. @param byHand somebody chose it, who is taken there */
function route(byHand: boolean): void {
  const [name, ...rest] = location.hash.replace(/^#/, '').split('/').map(decoded);
  const view = VIEWS.find(({ id }) => id === name) ?? FIRST;
  const moved = view !== page.view;
  const closed = page.view === view && page.rest.length > 0 && rest.length === 0;
  const returnTo = closed ? page.rest[0] : undefined;
  page.view = view;
  page.rest = rest;
  document.title = `${view.title} · Perihelion`;
  redraw();
  if (page.refused !== undefined) return;
  void reload().then(() => {
    requestAnimationFrame(() => {
      if (byHand && moved) document.getElementById('view-title')?.focus();
      if (returnTo !== undefined) focusRow(returnTo);
    });
  });
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Back where the story was opened from. */
function focusRow(id: string): void {
  for (const row of main.querySelectorAll<HTMLElement>('tr[data-id]')) {
    if (row.dataset['id'] === id) row.querySelector('a')?.focus();
  }
}

function act(event: Event): void {
  const element = (event.target as Element | null)?.closest<HTMLElement>('[data-do]');
  const name = element?.dataset['do'];
  if (element === null || element === undefined || name === undefined) return;
  const field = element instanceof HTMLInputElement || element instanceof HTMLSelectElement;
  if (field !== (event.type === 'input')) return;
  if (name === 'theme') changeTheme();
  else if (name === 'sign-out') signOut();
  else page.view.actions?.[name]?.(context, element);
}

function changeTheme(): void {
  const theme = nextTheme(storedTheme(store));
  useTheme(theme, store);
  byId('theme').textContent = themeWords(theme);
}

function signOut(): void {
  client.setToken('');
  page.overview = undefined;
  refuse(new HttpError(401, 'signed out'));
}

document.addEventListener('click', act);
document.addEventListener('input', act);
document.addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.target as HTMLFormElement;
  const token = new FormData(form).get('token');
  client.setToken(typeof token === 'string' ? token.trim() : '');
  void begin();
});
addEventListener('hashchange', () => route(true));
addEventListener('resize', redraw);
addEventListener('online', () => page.stream?.retryNow());
setInterval(() => {
  drawConnection();
  // Ages of what is shown grow; nothing is asked for it.
  const rested = performance.now() - page.drawnAt >= AGES_SHARE * page.drawMilliseconds;
  if (page.refused === undefined && !document.hidden && rested) redraw();
}, 1000);

useTheme(storedTheme(store), store);
byId('theme').textContent = themeWords(storedTheme(store));
main.replaceChildren(empty('Loading…'));
route(false);
void begin();
