// SPDX-License-Identifier: Apache-2.0
import { type Labels, pickLabels } from './series.ts';

/** A combined value and the labels it was combined by. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** The answer to one question about many series. */
export type Vector = readonly Sample[];

/**
 * Which series of a metric are wanted and how they are combined. It is a value that both
 * backends understand: one writes PromQL from it, the other applies it to scraped series.
 */
export interface Selection {
  /** Unique among the questions; names the answer in memory and in warnings. */
  readonly name: string;
  readonly metric: string;
  /** Label -> values, of which the series must have one. */
  readonly where: Readonly<Record<string, readonly string[]>>;
  /** Label -> values, of which the series must have none. */
  readonly except?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Labels that must not be empty. */
  readonly present: readonly string[];
  /** Only series with exactly this value; undefined = any. */
  readonly equals: number | undefined;
  /** Labels to keep. */
  readonly by: readonly string[];
  readonly combine: 'sum' | 'max';
  /** Only where none of these has had a sample in the last five minutes, asked in one question. */
  readonly unless?: Selection | undefined;
  /** The same metric as a native histogram, asked for in the same question. */
  readonly native?: string | undefined;
  /** The reader's label -> the labels it may be found under; the first that is not empty counts. */
  readonly rename?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** The samples under the reader's own labels; without `rename` they stay as they are. */
export function renamed(selection: Selection, vector: Vector): Vector {
  const { rename } = selection;
  if (rename === undefined) return vector;
  return vector.map(({ labels, value }) => {
    const own: Record<string, string> = {};
    for (const [name, candidates] of Object.entries(rename)) {
      const found = candidates.find((candidate) => labels[candidate]);
      own[name] = found === undefined ? '' : (labels[found] ?? '');
    }
    if (labels[NATIVE_LABEL]) own[NATIVE_LABEL] = labels[NATIVE_LABEL];
    return { labels: own, value };
  });
}

/** Set on the buckets of a native histogram, so that they are not mixed with classic ones. */
export const NATIVE_LABEL = '__native__';

/** Whether a series' labels and value are selected. */
export function isSelected(selection: Selection, sample: Sample): boolean {
  if (selection.equals !== undefined && sample.value !== selection.equals) return false;
  for (const label of selection.present) if (!sample.labels[label]) return false;
  for (const [label, values] of Object.entries(selection.where)) {
    if (!values.includes(sample.labels[label] ?? '')) return false;
  }
  for (const [label, values] of Object.entries(selection.except ?? {})) {
    if (values.includes(sample.labels[label] ?? '')) return false;
  }
  return true;
}

/** Applies a selection: `sum by (...)` or `max by (...)` over the selected samples. */
export function combine(selection: Selection, samples: Iterable<Sample>): Vector {
  const selected: Sample[] = [];
  for (const sample of samples) if (isSelected(selection, sample)) selected.push(sample);
  return group(selection, selected);
}

/** Combines samples that are selected already. `max` and `min` ignore NaN where there is a number. */
export function group(
  selection: { readonly by: readonly string[]; readonly combine: 'sum' | 'max' | 'min' },
  samples: Iterable<Sample>,
): Vector {
  const groups = new Map<string, { labels: Labels; value: number }>();
  for (const { labels, value } of samples) {
    const key = groupKey(labels, selection.by);
    const found = groups.get(key);
    if (found === undefined) {
      groups.set(key, { labels: pickLabels(labels, selection.by), value });
    } else if (selection.combine === 'sum') {
      found.value += value;
    } else if (isBeyond(value, found.value, selection.combine)) {
      found.value = value;
    }
  }
  return [...groups.values()];
}

function isBeyond(value: number, other: number, combine: 'max' | 'min'): boolean {
  return Number.isNaN(other) || (combine === 'max' ? value > other : value < other);
}

/** One string for the values of `labels` under `names`. */
export function groupKey(labels: Labels, names: readonly string[]): string {
  return names.map((name) => labels[name] ?? '').join('\u0000');
}
