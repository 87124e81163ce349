// SPDX-License-Identifier: Apache-2.0
import type { Figure } from '#cli/figure.ts';

/** One line of a plot: a figure for every x. */
export interface Series {
  readonly name: string;
  readonly values: readonly Figure[];
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
 * A plot as SVG: x in equal steps (each load step doubles), y from 0, intervals as thin bars. Text
 * takes the colour of the page in both light and dark themes.
 */
export function plot(
  title: string,
  x: readonly (number | string)[],
  series: readonly Series[],
): string {
  const top = 1.05 * Math.max(...series.flatMap(({ values }) => values.map(({ high }) => high)));
  const tick = niceStep(top);
  const px = (i: number): number => LEFT + (i * (WIDTH - LEFT - RIGHT)) / Math.max(1, x.length - 1);
  const py = (value: number): number =>
    HEIGHT - BOTTOM - (Math.max(0, value) / top) * (HEIGHT - TOP - BOTTOM);
  const parts: string[] = [];
  for (let value = 0; value <= top; value += tick) {
    const y = py(value).toFixed(1);
    parts.push(
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}" stroke="#8888" stroke-width="0.5"/>`,
      `<text x="${LEFT - 6}" y="${y}" dy="4" text-anchor="end">${Number(value.toPrecision(3))}</text>`,
    );
  }
  x.forEach((label, i) => {
    parts.push(
      `<text x="${px(i).toFixed(1)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${label}</text>`,
    );
  });
  series.forEach(({ name, values }, k) => {
    const colour = COLOURS[k % COLOURS.length] ?? '#888888';
    const points = values.map(({ mean }, i) => `${px(i).toFixed(1)},${py(mean).toFixed(1)}`);
    parts.push(
      `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    );
    values.forEach(({ low, high }, i) => {
      const at = px(i).toFixed(1);
      parts.push(
        `<line x1="${at}" x2="${at}" y1="${py(low).toFixed(1)}" y2="${py(high).toFixed(1)}" stroke="${colour}"/>`,
      );
    });
    const y = TOP + 10 + 20 * k;
    parts.push(
      `<line x1="${WIDTH - RIGHT + 12}" x2="${WIDTH - RIGHT + 32}" y1="${y}" y2="${y}" stroke="${colour}" stroke-width="2"/>`,
      `<text x="${WIDTH - RIGHT + 38}" y="${y}" dy="4">${name}</text>`,
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">`,
    `<title>${title}</title>`,
    '<style>text{font:12px sans-serif;fill:#222}@media(prefers-color-scheme:dark){text{fill:#ddd}}</style>',
    `<text x="${LEFT}" y="18" font-weight="bold">${title}</text>`,
    ...parts,
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 6}" text-anchor="middle">connections</text>`,
    '</svg>',
    '',
  ].join('\n');
}

/** 1, 2 or 5 times a power of ten, about a fifth of the range. */
function niceStep(range: number): number {
  const rough = range / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10;
  return step * power;
}
