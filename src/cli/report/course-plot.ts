// SPDX-License-Identifier: Apache-2.0
import type { Course } from './course.ts';
import { html, type Html } from './html.ts';

/** A figure that is drawn over time. */
type FigureName = 'joulesPerRequest' | 'p99Milliseconds';

const FIGURES: readonly { readonly name: FigureName; readonly title: string; unit: string }[] = [
  { name: 'joulesPerRequest', title: 'Energy per request', unit: 'J' },
  { name: 'p99Milliseconds', title: '99th percentile of latency', unit: 'ms' },
];

const WIDTH = 640;
const HEIGHT = 150;
const LEFT = 56;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 22;

/** The plots of one workload over time, with what they are of in words beside them. */
export function coursePlots(course: Course): Html {
  return html`<section class="course">
    <h4>
      ${course.workload} <span class="soft">in slices of ${duration(course.sliceSeconds)}</span>
    </h4>
    ${FIGURES.map(({ name, title, unit }) => plot(course, name, `${title} in ${unit}`))}
  </section>`;
}

interface Point {
  readonly at: number;
  readonly value: number;
}

/** Points of a figure; a slice without it is a gap, never 0. */
function pointsOf(
  course: Course,
  arm: 'placed' | 'left',
  name: FigureName,
): readonly (Point | undefined)[] {
  return course.slices.map((slice) => {
    const value = slice[arm][name];
    return value === undefined ? undefined : { at: Date.parse(slice.time), value };
  });
}

function plot(course: Course, name: FigureName, title: string): Html {
  const placed = pointsOf(course, 'placed', name);
  const left = pointsOf(course, 'left', name);
  const all = [...placed, ...left].filter((one) => one !== undefined);
  if (all.length === 0) return html`<p class="soft">${title}: not measured.</p>`;
  const [first = '', last = ''] = [course.slices[0]?.time, course.slices.at(-1)?.time];
  const span = Math.max(1, Date.parse(last) - Date.parse(first));
  const most = Math.max(...all.map(({ value }) => value)) || 1;
  const x = (at: number): number =>
    round(LEFT + ((at - Date.parse(first)) / span) * (WIDTH - LEFT - RIGHT));
  const y = (value: number): number =>
    round(HEIGHT - BOTTOM - (value / most) * (HEIGHT - TOP - BOTTOM));
  const draw = (arm: string, points: readonly (Point | undefined)[]): Html =>
    html`<path class="${arm}" d="${pathOf(points, x, y)}" />${points.map((point) =>
        point === undefined
          ? undefined
          : html`<circle class="${arm}" cx="${x(point.at)}" cy="${y(point.value)}" r="2" />`,
      )}`;
  const label = `${title} from ${first} to ${last}. Placed by the agent: ${summary(placed)}. Left to the scheduler: ${summary(left)}.`;
  return html`<figure>
    <figcaption>${title}</figcaption>
    <svg
      class="time"
      viewBox="0 0 ${WIDTH} ${HEIGHT}"
      width="${WIDTH}"
      height="${HEIGHT}"
      role="img"
      aria-label="${label}"
    >
      ${[0, most / 2, most].map(
        (value) =>
          html`<line
              class="grid"
              x1="${LEFT}"
              x2="${WIDTH - RIGHT}"
              y1="${y(value)}"
              y2="${y(value)}"
            />
            <text x="${LEFT - 6}" y="${y(value) + 4}" text-anchor="end">${digits(value)}</text>`,
      )}
      <text x="${LEFT}" y="${HEIGHT - 6}">${minute(first)}</text>
      <text x="${WIDTH - RIGHT}" y="${HEIGHT - 6}" text-anchor="end">${minute(last)}</text>
      ${draw('left', left)}${draw('placed', placed)}
    </svg>
  </figure>`;
}

/** A line through neighbours; a gap lifts the pen. */
function pathOf(
  points: readonly (Point | undefined)[],
  x: (at: number) => number,
  y: (value: number) => number,
): string {
  return points
    .map((point, index) =>
      point === undefined
        ? ''
        : `${points[index - 1] === undefined ? 'M' : 'L'}${x(point.at)} ${y(point.value)}`,
    )
    .join('');
}

function summary(points: readonly (Point | undefined)[]): string {
  const values = points.filter((one) => one !== undefined).map(({ value }) => value);
  if (values.length === 0) return 'none measured';
  const [first = 0, last = 0] = [values[0], values.at(-1)];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return `from ${digits(first)} to ${digits(last)}, between ${digits(low)} and ${digits(high)}`;
}

/** Three digits: energy of a request is mostly far below a joule. */
function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function round(value: number): number {
  return Number(value.toFixed(1));
}

/** `2026-11-22 06:30`, UTC. */
function minute(time: string): string {
  return time.slice(0, 16).replace('T', ' ');
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
