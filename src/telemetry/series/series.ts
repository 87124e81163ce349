// SPDX-License-Identifier: Apache-2.0

/** Label values by label name. */
export type Labels = Readonly<Record<string, string>>;

/** One line of an exposition: the value of one series at one instant. */
export interface Series {
  readonly name: string;
  readonly labels: Labels;
  /** May be NaN, +Infinity or -Infinity: what they mean is the reader's to say. */
  readonly value: number;
  /** Milliseconds since the epoch; undefined = the time of the scrape. */
  readonly timestamp: number | undefined;
}

/**
 * The identity of a series: its name and all its labels, in any order. A label with an empty
 * value is the same as no label, as in Prometheus.
 */
export function seriesKey(name: string, labels: Labels): string {
  const parts = [name];
  for (const label of Object.keys(labels).sort()) {
    const value = labels[label];
    if (value) parts.push(label, value);
  }
  return parts.join('\u0000');
}

/** The labels of `names` only; an absent label becomes the empty string. */
export function pickLabels(labels: Labels, names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) picked[name] = labels[name] ?? '';
  return picked;
}
