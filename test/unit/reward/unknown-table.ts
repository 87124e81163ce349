// SPDX-License-Identifier: Apache-2.0
// The cases of docs/explanation/unknown-is-never-best.md; run it to write the table there.
import { readFileSync, writeFileSync } from 'node:fs';
import { powerHealth } from '#learner/observation/target-health.ts';
import { leastCost } from '#reward/unknown.ts';
import { createFed, KEPLER } from '../telemetry/support.ts';

/** One way in which the third node can be unusable, and what each scheduler gets to see of it. */
export interface Case {
  readonly name: string;
  /** Whether the node may win: it is measured and the cheapest. */
  readonly mayWin: boolean;
  /** CPU percent as Peaks sees it; undefined = its watcher has no metrics of the node. */
  readonly peaksPercent: number | undefined;
  /** False = the operator has given Peaks no power model of the node. */
  readonly peaksModel?: boolean;
  /** CPU percent as Volcano's usage plugin sees it; undefined = not there or older than 5 minutes. */
  readonly volcanoPercent: number | undefined;
  /** Watts as the node's meter shows them, by the seconds; undefined = it shows nothing. */
  readonly watts: (seconds: number) => number | string | undefined;
  readonly path?: string;
  /** It is measured, but the Pod does not fit: feasibility leaves it out before any cost. */
  readonly noRoom?: boolean;
}

/** What the node costs once it is known, against 1.0 and 0.8 of the two healthy ones. */
const CHEAPEST = 0.5;

export const CASES: readonly Case[] = [
  {
    name: 'measured, cheapest (control)',
    mayWin: true,
    peaksPercent: 90,
    volcanoPercent: 5,
    watts: () => 150,
  },
  {
    name: 'no metrics of the node',
    mayWin: false,
    peaksPercent: undefined,
    volcanoPercent: undefined,
    watts: () => undefined,
  },
  {
    name: 'last seen ten minutes ago',
    mayWin: false,
    // Its collector keeps the last snapshot and looks at no age.
    peaksPercent: 90,
    volcanoPercent: undefined,
    watts: (seconds) => (seconds < 100 ? 150 : undefined),
  },
  {
    name: 'answers that cannot be read count as 0',
    mayWin: false,
    peaksPercent: 0,
    volcanoPercent: 0,
    watts: () => 0,
  },
  {
    name: 'NaN',
    mayWin: false,
    // JSON has no NaN: its watcher drops the metric.
    peaksPercent: undefined,
    volcanoPercent: Number.NaN,
    watts: () => 'NaN',
  },
  {
    name: 'an absurd value (9.2e14)',
    mayWin: false,
    peaksPercent: 9.2e14,
    volcanoPercent: 9.2e14,
    watts: () => 9.2e14,
  },
  {
    name: 'no power model, or a fake meter',
    mayWin: false,
    peaksPercent: 50,
    peaksModel: false,
    volcanoPercent: 50,
    watts: () => 0.00013,
    path: '/sys/class/powercap/intel-rapl/energy_package',
  },
  {
    name: 'no room: the Pod would take it beyond 100 %',
    mayWin: false,
    peaksPercent: 96,
    volcanoPercent: 96,
    watts: () => 150,
    noRoom: true,
  },
];

/** Percent of a node that the Pod asks for. */
const REQUEST_PERCENT = 5;
const HEALTHY = [20, 70] as const;

/**
 * Peaks' published formula (scheduler-plugins, `pkg/trimaran/peaks`): the rise of
 * P = K0 + K1 e^(K2 u), then minimum to maximum inverted to 100 to 0. Raw 0 is what it answers
 * for no metrics, for a prediction above 100 % and (by K1 = 0) for a node without a model.
 */
export function peaksScores(one: Case): readonly number[] {
  const k2 = -0.029613;
  const k1 = -120 / (1 - Math.exp(100 * k2));
  const raw = (percent: number | undefined, model = true): number => {
    if (percent === undefined || percent + REQUEST_PERCENT > 100) return 0;
    const rise = Math.exp(k2 * (percent + REQUEST_PERCENT)) - Math.exp(k2 * percent);
    return model ? k1 * rise : 0;
  };
  const scores = [...HEALTHY.map((percent) => raw(percent)), raw(one.peaksPercent, one.peaksModel)];
  const least = Math.min(...scores);
  const most = Math.max(...scores);
  if (least === 0 && most === 0) return scores;
  if (least === most) return scores.map(() => 100);
  return scores.map((score) => 100 - Math.trunc((100 * (score - least)) / (most - least)));
}

/**
 * Volcano's published formula (`pkg/scheduler/plugins/usage`) with its defaults: free CPU and
 * free memory (half, here) in equal parts, times 100 and weight 5; 0 where usage is not there or
 * older than five minutes. The predicate lets a node pass that has no usage, and one whose usage
 * is not above 80 %. Undefined = rejected.
 */
export function volcanoScores(one: Case): readonly (number | undefined)[] {
  return [...HEALTHY, one.volcanoPercent].map((percent) => {
    if (percent === undefined) return 0;
    if (percent > 80) return undefined;
    return (((100 - percent) / 100 + 0.5) / 2) * 100 * 5;
  });
}

/** Perihelion: the node's meter through the telemetry room, its health, the least known cost. */
export async function perihelionChoice(one: Case): Promise<{
  readonly health: string;
  readonly chosen: number | undefined;
}> {
  const { sources, feed } = createFed();
  const nodes = [() => 100, () => 120, one.watts];
  for (let seconds = 0; seconds <= 720; seconds += 15) {
    nodes.forEach((watts, node) => {
      const value = watts(seconds);
      const path = (node === 2 && one.path) || '/sys/intel-rapl:0';
      const line =
        value === undefined
          ? ''
          : `kepler_node_cpu_watts{node_name="n${node}",path="${path}",zone="package"} ${value}\n`;
      feed({ ...KEPLER, url: `http://10.0.0.${node}:28282/metrics` }, seconds, line);
    });
  }
  const { nodeWatts } = await sources.power({ from: 600_000, to: 720_000 });
  const costs = [1, 0.8, CHEAPEST].map((cost, node) => {
    const health = powerHealth(nodeWatts.get(`n${node}`), 60);
    const feasible = node !== 2 || one.noRoom !== true;
    return [node, feasible && health === 'healthy' ? cost : undefined] as const;
  });
  return { health: powerHealth(nodeWatts.get('n2'), 60), chosen: leastCost(costs) };
}

/** Whether the third node has the highest score, alone or with others. */
export function isBest(scores: readonly (number | undefined)[]): boolean {
  const third = scores[2];
  if (third === undefined || Number.isNaN(third)) return false;
  return scores.every((score) => score === undefined || score <= third);
}

const show = (score: number | undefined): string => {
  if (score === undefined) return 'rejected';
  return Number.isNaN(score) ? 'NaN' : String(Math.round(score));
};

/** The table as Markdown. */
export async function table(): Promise<string> {
  const rows = [
    ['The node', 'Peaks', 'Volcano usage', 'Perihelion'],
    ['---', '---', '---', '---'],
  ];
  for (const one of CASES) {
    const mark = (scores: readonly (number | undefined)[]): string => {
      const list = scores.map(show).join(' / ');
      return isBest(scores) ? `${list}: **best**` : list;
    };
    const { health, chosen } = await perihelionChoice(one);
    const why = one.noRoom === true ? 'no room' : health;
    const own = chosen === 2 ? `${health}: **best**` : `${why}: not a candidate`;
    rows.push([one.name, mark(peaksScores(one)), mark(volcanoScores(one)), own]);
  }
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
}

export const PAGE = new URL('../../../docs/explanation/unknown-is-never-best.md', import.meta.url);
export const BETWEEN = /(<!-- table: begin -->\n)[\s\S]*?(<!-- table: end -->)/;

if (import.meta.main) {
  const text = readFileSync(PAGE, 'utf8');
  writeFileSync(PAGE, text.replace(BETWEEN, `$1\n${await table()}\n\n$2`));
}
