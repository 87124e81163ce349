// SPDX-License-Identifier: Apache-2.0
import type { Figure } from '#cli/runs/figure.ts';

/** One line of a plot: a figure for every x. */
export interface Series {
  readonly name: string;
  readonly values: readonly Figure[];
}

/** What a plot says beside its lines. */
export interface PlotText {
  readonly title: string;
  /** What x is. */
  readonly axis: string;
  /** One for each value of a series; an empty text leaves the place without a label. */
  readonly labels: readonly (number | string)[];
  /** How the interval is drawn: a bar at each point, or a band for many of them. */
  readonly interval: 'bars' | 'band';
}

const WIDTH = 640;
const HEIGHT = 360;
const LEFT = 56;
const RIGHT = 190;
const TOP = 30;
const BOTTOM = 44;
/** Dark enough on white and light enough on black; no two neighbours alike in grey. */
const COLOURS = ['#4477aa', '#ee6677', '#228833', '#b8a200', '#66ccee', '#aa3377', '#888888'];

/**
 * A plot as SVG: x in equal steps, y from 0, intervals as thin bars or as a band. Text takes the
 * colour of the page in both light and dark themes, wherever the picture stands.
 */
export function plot(text: PlotText, series: readonly Series[]): string {
  const { title, axis, labels } = text;
  const highest = Math.max(...series.flatMap(({ values }) => values.map(({ high }) => high)));
  const top = highest > 0 ? 1.05 * highest : 1;
  const tick = niceStep(top);
  const px = (i: number): string =>
    (LEFT + (i * (WIDTH - LEFT - RIGHT)) / Math.max(1, labels.length - 1)).toFixed(1);
  const py = (value: number): string =>
    (HEIGHT - BOTTOM - (Math.max(0, value) / top) * (HEIGHT - TOP - BOTTOM)).toFixed(1);
  const parts: string[] = [];
  for (let value = 0; value <= top; value += tick) {
    const y = py(value);
    parts.push(
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}" stroke="#8888" stroke-width="0.5"/>`,
      `<text x="${LEFT - 6}" y="${y}" dy="4" text-anchor="end">${Number(value.toPrecision(3))}</text>`,
    );
  }
  labels.forEach((label, i) => {
    if (label === '') return;
    parts.push(
      `<text x="${px(i)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${label}</text>`,
    );
  });
  series.forEach(({ name, values }, k) => {
    const colour = COLOURS[k % COLOURS.length] ?? '#888888';
    parts.push(...interval(values, text.interval, colour, { px, py }));
    const points = values.map(({ mean }, i) => `${px(i)},${py(mean)}`).join(' ');
    const y = TOP + 10 + 20 * k;
    parts.push(
      `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      `<line x1="${WIDTH - RIGHT + 12}" x2="${WIDTH - RIGHT + 32}" y1="${y}" y2="${y}" stroke="${colour}" stroke-width="2"/>`,
      `<text x="${WIDTH - RIGHT + 38}" y="${y}" dy="4">${name}</text>`,
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">`,
    `<title>${title}</title>`,
    '<style>svg text{font:12px sans-serif;fill:#222}@media(prefers-color-scheme:dark){svg text{fill:#ddd}}</style>',
    `<text x="${LEFT}" y="18" font-weight="bold">${title}</text>`,
    ...parts,
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 6}" text-anchor="middle">${axis}</text>`,
    '</svg>',
    '',
  ].join('\n');
}

interface Scales {
  readonly px: (i: number) => string;
  readonly py: (value: number) => string;
}

function interval(
  values: readonly Figure[],
  kind: PlotText['interval'],
  colour: string,
  { px, py }: Scales,
): string[] {
  if (kind === 'bars') {
    return values.map(
      ({ low, high }, i) =>
        `<line x1="${px(i)}" x2="${px(i)}" y1="${py(low)}" y2="${py(high)}" stroke="${colour}"/>`,
    );
  }
  const there = values.map(({ high }, i) => `${px(i)},${py(high)}`);
  const back = values.map(({ low }, i) => `${px(i)},${py(low)}`).reverse();
  return [`<polygon points="${[...there, ...back].join(' ')}" fill="${colour}" opacity="0.15"/>`];
}

/** 1, 2 or 5 times a power of ten, about a fifth of the range. */
function niceStep(range: number): number {
  const rough = range / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10;
  return step * power;
}
