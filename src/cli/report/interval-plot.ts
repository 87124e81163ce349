// SPDX-License-Identifier: Apache-2.0
import type { Interval } from '#reward/confidence.ts';
import type { Finding } from './format.ts';
import { html, type Html } from './html.ts';

const WIDTH = 160;
const HEIGHT = 20;
/** Between the scale's ends and the edge. */
const MARGIN = 8;
const MIDDLE = HEIGHT / 2;
/** Half the length of the marks at an interval's ends. */
const CAP = 4;

/**
 * The scale that holds every interval of a column, so that they can be compared by eye: as far as
 * the largest bound, but for shares no further than `most`.
 */
export function scaleOf(intervals: readonly Interval[], most = Infinity): number {
  const bounds = intervals.flatMap(({ low, high }) => [Math.abs(low), Math.abs(high)]);
  const largest = Math.max(0, ...bounds.filter(Number.isFinite));
  return Math.min(most, largest > 0 ? largest : 1);
}

/**
 * One interval around its mean, with 0 in the middle, as inline SVG. What lies beyond the scale
 * ends in an arrow. Says nothing that `label` does not say: it is its text alternative.
 */
export function intervalPlot(
  interval: Interval,
  scale: number,
  finding: Finding,
  label: string,
): Html {
  const { mean, low, high } = interval;
  const x = (value: number): number => {
    const share = Math.max(-1, Math.min(1, value / scale));
    return Number((WIDTH / 2 + share * (WIDTH / 2 - MARGIN)).toFixed(1));
  };
  const inside = mean >= -scale && mean <= scale;
  return html`<svg
    class="plot ${finding}"
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    width="${WIDTH}"
    height="${HEIGHT}"
    role="img"
    aria-label="${label}"
  >
    <line class="zero" x1="${WIDTH / 2}" y1="1" x2="${WIDTH / 2}" y2="${HEIGHT - 1}" />
    <line class="range" x1="${x(low)}" y1="${MIDDLE}" x2="${x(high)}" y2="${MIDDLE}" />
    ${end(x(low), low < -scale ? -1 : 0)}${end(x(high), high > scale ? 1 : 0)}
    ${inside ? html`<circle class="mean" cx="${x(mean)}" cy="${MIDDLE}" r="3.5" />` : undefined}
  </svg>`;
}

/** A mark across the end of the range or, with a direction, an arrow out of the scale. */
function end(x: number, direction: -1 | 0 | 1): Html {
  const [from, tip] = direction === 0 ? [x, x] : [x, x + direction * (MARGIN - 2)];
  const path =
    direction === 0
      ? `M${from} ${MIDDLE - CAP}V${MIDDLE + CAP}`
      : `M${from} ${MIDDLE - CAP}L${tip} ${MIDDLE}L${from} ${MIDDLE + CAP}`;
  return html`<path class="range" d="${path}" />`;
}
