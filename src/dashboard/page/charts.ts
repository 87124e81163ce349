// SPDX-License-Identifier: Apache-2.0
import type { IntervalFigure } from '#dashboard/api/api.ts';
import { type Child, h, s } from './dom.ts';
import type { Finding } from './format.ts';
import { bandPath, extent, linear, linePath, round, type Scale, ticks } from './scale.ts';

/** A small line without axes. Says nothing that `label` does not say. */
export function sparkline(
  values: readonly (number | null)[],
  label: string,
  { width = 120, height = 32, from }: { width?: number; height?: number; from?: number } = {},
): Child {
  const range = extent(values);
  if (range === undefined || values.length < 2) return h('span', { class: 'spark-none' });
  const low = from === undefined ? range[0] : Math.min(from, range[0]);
  const x = linear([0, values.length - 1], [2, width - 4]);
  const y = linear([low, range[1]], [height - 3, 3]);
  const points = values.map(
    (value, index) => [x(index), value === null ? undefined : y(value)] as const,
  );
  const last = points.findLast(([, at]) => at !== undefined);
  return s(
    'svg',
    {
      class: 'spark',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'img',
      'aria-label': label,
    },
    s('path', { class: 'spark-line', d: linePath(points) }),
    last !== undefined &&
      s('circle', { class: 'spark-end', cx: round(last[0]), cy: round(last[1] ?? 0), r: 2.4 }),
  );
}

/** The place of a plot inside its picture. */
interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

function frameOf(width: number, height: number): Frame {
  return { width, height, left: 58, right: width - 12, top: 12, bottom: height - 30 };
}

function yAxis(frame: Frame, y: Scale, write: (value: number) => string): Child {
  return ticks(y.low, y.high, 4).map((value) => [
    s('line', {
      class: value === 0 ? 'grid zero' : 'grid',
      x1: frame.left,
      x2: frame.right,
      y1: round(y(value)),
      y2: round(y(value)),
    }),
    s('text', { class: 'axis end', x: frame.left - 8, y: round(y(value)) + 4 }, write(value)),
  ]);
}

/** Labels below, at most as many as have room. */
function xAxis(frame: Frame, marks: readonly (readonly [x: number, text: string])[]): Child {
  return marks.map(([x, text], index) => {
    const side = index === 0 ? 'start' : index === marks.length - 1 ? 'end' : 'middle';
    return s('text', { class: `axis ${side}`, x: round(x), y: frame.height - 8 }, text);
  });
}

/** One point of a band. */
export interface BandPoint {
  readonly x: number;
  readonly interval: IntervalFigure | undefined;
}

/** What a chart says beside its lines. */
export interface ChartText {
  readonly label: string;
  readonly xText: (x: number) => string;
  readonly yText: (y: number) => string;
}

/** A mean with its interval over time, around 0. Bounds beyond `most` leave the picture. */
export function bandChart(
  points: readonly BandPoint[],
  { label, xText, yText, width, most }: ChartText & { width: number; most: number },
): Child {
  const known = points.flatMap(({ x, interval }) =>
    interval === undefined ? [] : [{ x, ...interval }],
  );
  const times = extent(points.map(({ x }) => x));
  if (known.length < 2 || times === undefined) return undefined;
  const frame = frameOf(width, 240);
  const bounds = extent([0, ...known.flatMap(({ low, high }) => [low, high])]) ?? [-1, 1];
  const y = linear(
    [Math.max(-most, bounds[0]), Math.min(most, bounds[1])],
    [frame.bottom, frame.top],
  );
  const x = linear(times, [frame.left, frame.right]);
  const inside = (value: number): number => y(Math.max(y.low, Math.min(y.high, value)));
  return s(
    'svg',
    { class: 'chart', viewBox: `0 0 ${width} 240`, role: 'img', 'aria-label': label },
    yAxis(frame, y, yText),
    s('path', {
      class: 'band',
      d: bandPath(known.map(({ x: at, low, high }) => [x(at), inside(low), inside(high)])),
    }),
    s('path', {
      class: 'mean-line',
      d: linePath(known.map(({ x: at, mean }) => [x(at), inside(mean)])),
    }),
    xAxis(
      frame,
      [times[0], times[1]].map((at) => [x(at), xText(at)] as const),
    ),
  );
}

/** A line of a chart. */
export interface Line {
  readonly name: string;
  readonly points: readonly IntervalFigure[];
  /** A level to compare with; undefined = none. */
  readonly level: { readonly name: string; readonly value: number } | undefined;
}

/** One quantity from step to step, with its interval, beside a level that stays. */
export function stepChart(
  { points, level }: Line,
  { label, xText, yText, width }: ChartText & { width: number },
): Child {
  if (points.length < 2) return undefined;
  const frame = frameOf(width, 210);
  const range = extent([...points.flatMap(({ low, high }) => [low, high]), level?.value]) ?? [0, 1];
  const room = (range[1] - range[0]) * 0.06;
  const y = linear([range[0] - room, range[1] + room], [frame.bottom, frame.top]);
  const x = linear([1, points.length], [frame.left, frame.right]);
  return s(
    'svg',
    { class: 'chart', viewBox: `0 0 ${width} 210`, role: 'img', 'aria-label': label },
    yAxis(frame, y, yText),
    s('path', {
      class: 'band',
      d: bandPath(points.map(({ low, high }, index) => [x(index + 1), y(low), y(high)])),
    }),
    s('path', {
      class: 'mean-line',
      d: linePath(points.map(({ mean }, index) => [x(index + 1), y(mean)])),
    }),
    level !== undefined && [
      s('line', {
        class: 'level',
        x1: frame.left,
        x2: frame.right,
        y1: round(y(level.value)),
        y2: round(y(level.value)),
      }),
      s(
        'text',
        { class: 'axis end level-text', x: frame.right, y: round(y(level.value)) - 6 },
        level.name,
      ),
    ],
    xAxis(frame, [
      [x(1), xText(1)],
      [x(points.length), xText(points.length)],
    ]),
  );
}

/** One interval around 0, on a scale that several share; beyond it an arrow points out. */
export function intervalPlot(
  { mean, low, high }: IntervalFigure,
  scale: number,
  { finding, label }: { finding: Finding; label: string },
): Child {
  const width = 180;
  const x = linear([-scale, scale], [10, width - 10]);
  const inside = (value: number): number => round(x(Math.max(-scale, Math.min(scale, value))));
  const cap = (at: number, beyond: -1 | 0 | 1): string =>
    beyond === 0 ? `M${at} 7V17` : `M${at} 7L${at + beyond * 7} 12L${at} 17`;
  return s(
    'svg',
    {
      class: `interval ${finding}`,
      viewBox: `0 0 ${width} 24`,
      width,
      height: 24,
      role: 'img',
      'aria-label': label,
    },
    s('line', { class: 'zero', x1: width / 2, x2: width / 2, y1: 2, y2: 22 }),
    s('line', { class: 'range', x1: inside(low), x2: inside(high), y1: 12, y2: 12 }),
    s('path', {
      class: 'range',
      d: cap(inside(low), low < -scale ? -1 : 0) + cap(inside(high), high > scale ? 1 : 0),
    }),
    Math.abs(mean) <= scale && s('circle', { class: 'mean', cx: inside(mean), cy: 12, r: 4 }),
  );
}

/** A row of {@link whiskers}. */
export interface Whisker {
  readonly name: string;
  readonly figure: IntervalFigure;
  readonly highlight: boolean;
}

/** Means with their intervals under one another, on one scale that begins near the least. */
export function whiskers(
  rows: readonly Whisker[],
  { label, yText, width }: Omit<ChartText, 'xText'> & { width: number },
): Child {
  const range = extent(rows.flatMap(({ figure: { low, high } }) => [low, high]));
  if (range === undefined) return undefined;
  const step = 46;
  const height = rows.length * step + 26;
  // What hardly differs must not look far apart: a tenth of the value is the least that is shown.
  const span = range[1] - range[0];
  const room = Math.max(span * 0.06, (Math.abs(range[1]) * 0.1 - span) / 2, Number.MIN_VALUE);
  const x = linear([range[0] - room, range[1] + room], [10, width - 10]);
  const wanted = Math.max(2, Math.floor(width / 110));
  const few = ticks(x.low, x.high, wanted);
  // One mark alone says nothing of how far apart things are.
  const marks = few.length > 1 ? few : ticks(x.low, x.high, 2 * wanted);
  return s(
    'svg',
    {
      class: 'chart whiskers',
      viewBox: `0 0 ${width} ${height}`,
      role: 'img',
      'aria-label': label,
    },
    marks.map((value) => [
      s('line', {
        class: 'grid',
        x1: round(x(value)),
        x2: round(x(value)),
        y1: 4,
        y2: height - 22,
      }),
      s('text', { class: 'axis middle', x: round(x(value)), y: height - 6 }, yText(value)),
    ]),
    rows.map(({ name, figure: { mean, low, high }, highlight }, index) => {
      const y = index * step + 36;
      return s(
        'g',
        { class: highlight ? 'whisker agent' : 'whisker' },
        s('line', { class: 'rail', x1: 10, x2: width - 10, y1: y, y2: y }),
        s('text', { class: 'whisker-name', x: 10, y: y - 15 }, name),
        s('line', { class: 'range', x1: round(x(low)), x2: round(x(high)), y1: y, y2: y }),
        s('path', {
          class: 'range',
          d: `M${round(x(low))} ${y - 5}V${y + 5}M${round(x(high))} ${y - 5}V${y + 5}`,
        }),
        s('circle', { class: 'mean', cx: round(x(mean)), cy: y, r: 5 }),
      );
    }),
  );
}
