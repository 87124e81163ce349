// SPDX-License-Identifier: Apache-2.0
import type { Selection } from '#telemetry/series/selection.ts';
import type { Window } from '#telemetry/reading/source.ts';

/** How far an instant query looks back unless its server is told otherwise. */
const LOOKBACK_MILLISECONDS = 300_000;

/** The newest value of every series, combined. */
export function valueQuery(selection: Selection): string {
  const classic = combined(selection, `${selector(selection)}${comparison(selection)}`);
  if (selection.native === undefined) return classic;
  const native = { ...selection, metric: selection.native };
  const by = selection.by.filter((label) => label !== 'le');
  return `${classic} or ${combined({ by, combine: 'sum' }, selector(native))}`;
}

/** One sample for each selection that any series answers, its name in the label `question`. */
export function presenceQuery(selections: readonly Selection[]): string {
  return selections
    .map((selection) => {
      const count = `count(${selector(selection)}${comparison(selection)})`;
      return `label_replace(${count},"question",${JSON.stringify(selection.name)},"","")`;
    })
    .join(' or ');
}

/**
 * The time of the newest sample, seconds since the epoch. An instant query looks back five
 * minutes and answers with the time of the question; only `timestamp` of a bare selector tells
 * how old the sample is.
 */
export function sampledAtQuery(selection: Selection): string {
  const series = selector(selection);
  const filter = selection.equals === undefined ? '' : ` and ${series}${comparison(selection)}`;
  const times = combined({ ...selection, combine: 'max' }, `timestamp(${series})${filter}`);
  if (selection.unless === undefined) return times;
  const shown = `count_over_time(${selector(selection.unless)}[${LOOKBACK_MILLISECONDS}ms])`;
  return `${times} unless ${combined({ by: selection.by, combine: 'max' }, shown)}`;
}

/** The sum of the samples of the window that ends at the time of the question. */
export function sumQuery(selection: Selection, window: Window): string {
  return combined(selection, `sum_over_time(${selector(selection)}[${range(window)}])`);
}

/** The least of them. */
export function leastQuery(selection: Selection, window: Window): string {
  const { by } = selection;
  return `min by (${by.join(',')}) (min_over_time(${selector(selection)}[${range(window)}]))`;
}

/** How many samples those are. */
export function countQuery(selection: Selection, window: Window): string {
  return combined(selection, `count_over_time(${selector(selection)}[${range(window)}])`);
}

function combined(selection: Pick<Selection, 'by' | 'combine'>, expression: string): string {
  return `${selection.combine} by (${selection.by.join(',')}) (${expression})`;
}

function comparison(selection: Selection): string {
  return selection.equals === undefined ? '' : ` == ${selection.equals}`;
}

function range(window: Window): string {
  return `${Math.max(1, Math.round(window.to - window.from))}ms`;
}

function selector(selection: Selection): string {
  const matchers = Object.entries(selection.where).map(([label, values]) => {
    const [only, ...others] = values;
    return only !== undefined && others.length === 0
      ? `${label}=${JSON.stringify(only)}`
      : `${label}=~${JSON.stringify(values.map(escapeRegExp).join('|'))}`;
  });
  for (const [label, values] of Object.entries(selection.except ?? {})) {
    matchers.push(`${label}!~${JSON.stringify(values.map(escapeRegExp).join('|'))}`);
  }
  for (const label of selection.present) matchers.push(`${label}!=""`);
  return `${selection.metric}{${matchers.join(',')}}`;
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
