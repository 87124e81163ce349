// SPDX-License-Identifier: Apache-2.0
import { plural, printable, type Style } from '#cli/terminal/style.ts';
import type { Course, CourseMeans } from './course.ts';

/** The course of every workload in lines: the first and the last slice; the plots are in html. */
export function courseText(courses: readonly Course[], style: Style): string {
  const lines = courses.flatMap(({ namespace, workload, slices }) => {
    const arms = (['placed', 'left'] as const).flatMap((arm) => {
      const measured = slices.map((slice) => slice[arm]).filter(({ pods }) => pods > 0);
      const [first, last] = [measured[0], measured.at(-1)];
      if (first === undefined || last === undefined) return [];
      const pods = measured.reduce((sum, one) => sum + one.pods, 0);
      const name = arm === 'placed' ? 'placed by the agent' : 'left to the scheduler';
      return [`    ${name.padEnd(22)} ${plural(pods, 'Pod')}, ${between(first, last)}`];
    });
    return [`  ${printable(namespace)}/${printable(workload)}`, ...arms];
  });
  const title = style.paint('strong', 'Over time, first and last slice');
  return `${title}\n${lines.join('\n')}\n`;
}

function between(first: CourseMeans, last: CourseMeans): string {
  const energy = `${digits(first.joulesPerRequest)} to ${digits(last.joulesPerRequest)} J/request`;
  return `${energy}, p99 ${digits(first.p99Milliseconds)} to ${digits(last.p99Milliseconds)} ms`;
}

/** Three digits; a missing figure is not 0. */
function digits(value: number | undefined): string {
  return value === undefined ? 'unknown' : String(Number(value.toPrecision(3)));
}
