// SPDX-License-Identifier: Apache-2.0
import type { Checkpoint } from './results.ts';

/** One policy's curve. */
export interface Curve {
  readonly name: string;
  readonly checkpoints: readonly Checkpoint[];
}

const WIDTH = 720;
const HEIGHT = 340;
const LEFT = 56;
const RIGHT = 170;
const TOP = 34;
const BOTTOM = 40;
/** Told apart with and without colour. */
const STROKES = [
  { colour: '#0b6e4f', dash: '' },
  { colour: '#c1440e', dash: '7 3' },
  { colour: '#3d5a98', dash: '2 3' },
  { colour: '#8a6d1f', dash: '9 3 2 3' },
] as const;
const GREY = '#767676';

/**
 * Learning curves as a picture: gap to the oracle (mean of each checkpoint, with its interval) over
 * rollouts, and the default scheduler as a level line.
 */
export function curvesSvg(title: string, level: number, curves: readonly Curve[]): string {
  const points = curves.flatMap(({ checkpoints }) => checkpoints);
  const last = Math.max(1, ...points.map(({ to }) => to));
  const top = niceTop(Math.max(level, ...points.map(({ gapToOracle }) => gapToOracle.mean)) * 1.1);
  const x = (rollout: number): number => LEFT + ((WIDTH - LEFT - RIGHT) * rollout) / last;
  const y = (gap: number): number =>
    HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * Math.min(top, Math.max(0, gap))) / top;
  const parts = [
    `<text x="${LEFT}" y="18" font-size="14" font-weight="bold">${escaped(title)}</text>`,
    ...axes(x, y, { last, top }),
    line([x(0), y(level)], [x(last), y(level)], GREY),
    label(WIDTH - RIGHT + 8, y(level) + 4, 'default', GREY),
    ...curves.flatMap(({ name, checkpoints }, i) => {
      const { colour, dash } = STROKES[i % STROKES.length] ?? STROKES[0];
      const middle = ({ from, to }: Checkpoint): number => x((from + to) / 2);
      const path = checkpoints.map((one) => `${at(middle(one))},${at(y(one.gapToOracle.mean))}`);
      return [
        ...checkpoints.map((one) => {
          const { low, high } = one.gapToOracle;
          return line([middle(one), y(low)], [middle(one), y(high)], colour);
        }),
        `<polyline points="${path.join(' ')}" fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"/>`,
        legend(i, name, { colour, dash }),
      ];
    }),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" role="img" aria-label="${escaped(title)}">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

type Scale = (value: number) => number;

function axes(
  x: Scale,
  y: Scale,
  { last, top }: { readonly last: number; readonly top: number },
): string[] {
  const lines = [
    line([x(0), y(0)], [x(last), y(0)], '#222222'),
    line([x(0), y(0)], [x(0), y(top)], '#222222'),
  ];
  for (let part = 0; part <= 4; part++) {
    const gap = (top * part) / 4;
    lines.push(
      `<text x="${LEFT - 8}" y="${at(y(gap) + 4)}" text-anchor="end">${gap.toFixed(3)}</text>`,
    );
    const rollout = Math.round((last * part) / 4);
    const where = `x="${at(x(rollout))}" y="${HEIGHT - BOTTOM + 16}"`;
    lines.push(`<text ${where} text-anchor="middle">${rollout}</text>`);
  }
  lines.push(label(LEFT, HEIGHT - 6, 'rollouts; vertical: cost above the oracle', '#222222'));
  return lines;
}

function legend(
  index: number,
  name: string,
  { colour, dash }: { readonly colour: string; readonly dash: string },
): string {
  const y = TOP + 18 * index;
  const x = WIDTH - RIGHT + 8;
  return `<path d="M${x} ${y}h22" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"/>${label(x + 28, y + 4, name, '#222222')}`;
}

function line(
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
  colour: string,
): string {
  return `<path d="M${at(x1)} ${at(y1)}L${at(x2)} ${at(y2)}" stroke="${colour}"/>`;
}

function label(x: number, y: number, text: string, colour: string): string {
  return `<text x="${at(x)}" y="${at(y)}" fill="${colour}">${escaped(text)}</text>`;
}

function at(value: number): string {
  return value.toFixed(1);
}

/** The next of 1, 2, 2.5, 5 times a power of ten. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-6)));
  return (([1, 2, 2.5, 5, 10] as const).find((step) => step * power >= value) ?? 10) * power;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
