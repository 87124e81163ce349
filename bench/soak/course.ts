// SPDX-License-Identifier: Apache-2.0
import { type Figure, figureOf } from '#cli/runs/figure.ts';
import { floorsOf, meansOf, type Point, slopeOf } from './slope.ts';

/**
 * What can be said of a quantity over a run. `flat`: a rise by more than a notable share of its level
 * is ruled out; `rising`: one by less than that is; `open`: the run was too short or too unsteady.
 */
export type Verdict = 'flat' | 'rising' | 'open';

/** A quantity over the part of a run that counts. */
export interface Course {
  readonly verdict: Verdict;
  readonly level: Figure;
  /** Change per million admissions; absent where the run was too short to say. */
  readonly perMillion?: Figure;
  /** Means of neighbouring looks over the whole run, warm-up and all, for the eye. */
  readonly overTheRun: readonly number[];
}

/** Groups of neighbouring looks in the part that counts, and over the whole run. */
const GROUPS = 20;
const SHOWN = 30;

/** How a course is judged. */
export interface Judgement {
  readonly unit: string;
  /** Only what comes after so many million admissions counts. */
  readonly from: number;
  /** A rise over the counted part by less than this share of the level is none. */
  readonly notableRatio: number;
  /** Of each group the lowest look counts, not the mean: for what garbage collection makes a saw of. */
  readonly floors: boolean;
}

/**
 * @param points looks over the whole run, x in million admissions, one at least that counts
 * @param yardstick looks whose level and span say which slope is notable, where these are not the first
 */
export function courseOf(
  points: readonly Point[],
  judgement: Judgement,
  yardstick: readonly Point[] = points,
): Course {
  const { unit, from, floors } = judgement;
  const counted = points.filter(({ x }) => x > from);
  const groups = floors ? floorsOf(counted, GROUPS) : meansOf(counted, GROUPS);
  const perMillion = slopeOf(groups, `${unit}/million`);
  const level = figureOf(
    meansOf(counted, GROUPS).map(({ y }) => y),
    unit,
  );
  const overTheRun = meansOf(points, SHOWN).map(({ y }) => y);
  if (perMillion === undefined) return { verdict: 'open', level, overTheRun };
  return {
    verdict: verdictOf(perMillion, notableOf(yardstick, judgement)),
    level,
    perMillion,
    overTheRun,
  };
}

/**
 * What is left of a rise after the looks that followed it. Noise that rises beyond doubt once in a
 * hundred runs does not do so again; a leak does, and by as much: the notable slope is that of the
 * first looks, because the level of what leaks is higher by then.
 *
 * @param later looks that have no part in `first`; too few of them say nothing against it
 */
export function confirmedBy(
  later: readonly Point[],
  judgement: Judgement,
  first: readonly Point[],
): boolean {
  if (later.length === 0) return true;
  const { perMillion, verdict } = courseOf(later, judgement, first);
  return perMillion === undefined || verdict === 'rising';
}

/** The slope, per million admissions, that makes a notable rise of the counted looks' level. */
function notableOf(points: readonly Point[], { from, notableRatio }: Judgement): number {
  const counted = points.filter(({ x }) => x > from);
  const groups = meansOf(counted, GROUPS);
  const level = groups.reduce((sum, { y }) => sum + y, 0) / groups.length;
  return (notableRatio * level) / ((counted.at(-1)?.x ?? 0) - (counted[0]?.x ?? 0));
}

function verdictOf(slope: Figure, notable: number): Verdict {
  if (slope.low > notable) return 'rising';
  return slope.high < notable ? 'flat' : 'open';
}
