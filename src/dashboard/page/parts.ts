// SPDX-License-Identifier: Apache-2.0
import type { Adherence, Figure } from '#dashboard/api/api.ts';
import { type Child, h } from './dom.ts';
import { count, percent, STATUS_WORDS } from './format.ts';

/** The heading of a view, with one line on what is seen. */
export function viewHead(title: string, ...about: Child[]): HTMLElement {
  return h(
    'div',
    { class: 'view-head' },
    h('h2', { id: 'view-title', tabindex: '-1' }, title),
    h('p', { class: 'soft' }, ...about),
  );
}

/** A figure that is looked at first. */
export function tile(label: string, value: Child, note: Child, tone = ''): HTMLElement {
  return h(
    'div',
    { class: `tile ${tone}` },
    h('dt', {}, label),
    h('dd', { class: 'tile-value' }, value),
    h('dd', { class: 'tile-note' }, note),
  );
}

/** How good a number is, in a word; nothing where it is simply measured and `quiet`. */
export function badge({ status, detail }: Figure, quiet = false): Child {
  if (quiet && status === 'measured') return undefined;
  const words = STATUS_WORDS[status];
  return h('span', { class: `badge is-${status}`, title: detail }, words);
}

/** A share as a bar with its text beside it. */
export function meter(label: string, figure: Figure, note: string): HTMLElement {
  const { value } = figure;
  const text = value === undefined ? undefined : percent(value, 0);
  return h(
    'div',
    { class: 'meter' },
    h('span', { class: 'meter-label' }, label),
    h(
      'span',
      { class: `meter-track ${value === undefined ? 'unknown' : ''}`, 'aria-hidden': 'true' },
      value !== undefined &&
        h('span', {
          class: `meter-fill ${value > 0.85 ? 'high' : ''}`,
          '--share': Math.min(1, Math.max(0, value)).toFixed(4),
        }),
    ),
    h('span', { class: 'meter-text' }, text ?? badge(figure)),
    h('span', { class: 'meter-note soft' }, note),
  );
}

/** What stands where there is nothing to show, and why. */
export function empty(title: string, ...why: Child[]): HTMLElement {
  return h(
    'div',
    { class: 'empty' },
    h('p', { class: 'strong' }, title),
    h('p', { class: 'soft' }, ...why),
  );
}

/** A problem of the last answer, while the one before it is shown. */
export function problemNote(problem: string | undefined): Child {
  if (problem === undefined) return undefined;
  return h('p', { class: 'note bad', role: 'note' }, 'Telemetry does not answer: ', problem);
}

/** What was left out of a list. */
export function omitted(number: number, noun: string): Child {
  return number > 0 && h('p', { class: 'soft' }, `${count(number)} more ${noun} are not shown.`);
}

/** A table that may be wider than the page; scrolled by keyboard too. */
export function wideTable(label: string, ...children: Child[]): HTMLElement {
  return h(
    'div',
    { class: 'wide', tabindex: '0', role: 'region', 'aria-label': label },
    h('table', {}, h('caption', { class: 'visually-hidden' }, label), ...children),
  );
}

/** The head of a table. */
export function tableHead(
  columns: readonly (readonly [name: string, kind?: 'number'])[],
): HTMLElement {
  return h(
    'thead',
    {},
    h(
      'tr',
      {},
      columns.map(([name, kind]) => h('th', { scope: 'col', class: kind }, name)),
    ),
  );
}

/** `18 of 20 (90 %)`. */
export function adherenceText(adherence: Adherence | undefined): string {
  if (adherence === undefined) return 'nothing was asked for yet';
  const { followed, asked } = adherence;
  return `${count(followed)} of ${count(asked)} (${percent(followed / asked, 0)})`;
}
