// SPDX-License-Identifier: Apache-2.0
import type { Figure } from '#cli/runs/figure.ts';
import type { ExperimentResults, Sensitivity, Verdict } from './results.ts';

/** One statement, and the ratio that carries it. */
interface Turn {
  readonly text: string;
  readonly verdict: (one: Sensitivity) => Verdict;
  readonly ratio: (one: Sensitivity) => Figure;
  readonly measure: string;
}

const TURNS: readonly Turn[] = [
  {
    text: 'Scenario 1 beats scenario 2',
    verdict: ({ statements }) => statements.defaultBeatsSplit,
    ratio: ({ toDefault }) => toDefault.split.throughput,
    measure: "the split's throughput",
  },
  {
    text: 'Scenario 2 spends as much energy on a request as scenario 1, within 10 %',
    verdict: ({ statements }) => statements.similarEnergy,
    ratio: ({ toDefault }) => toDefault.split.joulesPerRequest,
    measure: "the split's joules per request",
  },
  {
    text: 'Scenario 3, in the order of the manifests, beats scenario 1',
    verdict: ({ statements }) => statements.dataPinnedBeatsDefault,
    ratio: ({ toDefault }) => toDefault['data-pinned'].throughput,
    measure: 'its throughput',
  },
  {
    text: 'Scenario 3, business services first, beats scenario 1',
    verdict: ({ businessFirstBeatsDefault }) => businessFirstBeatsDefault,
    ratio: ({ toDefault }) => toDefault['data-pinned-business-first'].throughput,
    measure: 'its throughput',
  },
];

/** For each statement: what it says in the base case, and the assumptions under which that changes. */
export function turnLines({ sensitivity }: ExperimentResults): string[] {
  const base = sensitivity[0];
  if (base === undefined) return [];
  return TURNS.map(({ text, verdict, ratio, measure }) => {
    const usual = verdict(base);
    const other = sensitivity.slice(1).filter((one) => verdict(one) !== usual);
    const where = other.map(
      (one) => `${one.factor}: ${one.value} (${verdict(one)}, ${share(ratio(one))})`,
    );
    const kept = sensitivity.length - 1 - other.length;
    const turns =
      where.length === 0
        ? 'no changed assumption turns it'
        : `kept under ${kept} changed assumptions; it is different with ${where.join('; ')}`;
    return `**${text}**: ${usual} in the base case (${measure}: ${share(ratio(base))} of default's); ${turns}.`;
  });
}

function share({ mean, high }: Figure): string {
  return `${(100 * mean).toFixed(0)} ± ${(100 * (high - mean)).toFixed(0)} %`;
}
