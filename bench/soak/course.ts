// SPDX-License-Identifier: Apache-2.0
import { type Figure, figureOf } from '#cli/figure.ts';
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

/** @param points looks over the whole run, x in million admissions, one at least that counts */
export function courseOf(points: readonly Point[], judgement: Judgement): Course {
  const { unit, from, floors, notableRatio } = judgement;
  const counted = points.filter(({ x }) => x > from);
  const groups = floors ? floorsOf(counted, GROUPS) : meansOf(counted, GROUPS);
  const perMillion = slopeOf(groups, `${unit}/million`);
  const level = figureOf(
    meansOf(counted, GROUPS).map(({ y }) => y),
    unit,
  );
  const overTheRun = meansOf(points, SHOWN).map(({ y }) => y);
  if (perMillion === undefined) return { verdict: 'open', level, overTheRun };
  const span = (counted.at(-1)?.x ?? 0) - (counted[0]?.x ?? 0);
  const verdict = verdictOf(perMillion, (notableRatio * level.mean) / span);
  return { verdict, level, perMillion, overTheRun };
}

function verdictOf(slope: Figure, notable: number): Verdict {
  if (slope.low > notable) return 'rising';
  return slope.high < notable ? 'flat' : 'open';
}
