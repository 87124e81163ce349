// SPDX-License-Identifier: Apache-2.0

/** One sample of a metrics page. */
export interface Sample {
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly value: number;
}

/** A small reader of the text format: enough for pages without escapes in label values. */
export function readSamples(page: string): Sample[] {
  return page
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const match = /^([a-z_:]+)(?:\{(.*)\})? (\S+)$/i.exec(line);
      if (match === null) throw new Error(`unreadable: ${line}`);
      const labels = [...(match[2] ?? '').matchAll(/([a-z_]+)="([^"]*)"/g)];
      return {
        name: match[1]!,
        labels: Object.fromEntries(labels.map((label) => [label[1]!, label[2]!])),
        value: Number(match[3]),
      };
    });
}

/** Samples of one metric whose labels include these. */
export function pick(
  samples: readonly Sample[],
  name: string,
  labels: Record<string, string> = {},
): Sample[] {
  return samples.filter(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  );
}

/** Sum of the values of {@link pick}. */
export function total(
  samples: readonly Sample[],
  name: string,
  labels: Record<string, string> = {},
): number {
  return pick(samples, name, labels).reduce((sum, sample) => sum + sample.value, 0);
}
