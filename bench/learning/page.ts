// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nameOf, verdictsOf, type Verdict } from './aims.ts';
import { curvesSvg } from './curves.ts';
import { LEARNERS } from './plan.ts';
import type { LearningResults, PolicyFigures, SettingResults } from './results.ts';
import { COLUMNS, spread } from './text.ts';
import { markdownTable } from '../shared/markdown.ts';

/** Writes `explanation/bench-learning.md` and its pictures into a folder of documentation. */
export function writeLearningPage(results: LearningResults, folder: string): void {
  const explanation = join(folder, 'explanation');
  mkdirSync(explanation, { recursive: true });
  for (const setting of results.settings) {
    writeFileSync(join(explanation, pictureOf(setting)), pictureIn(setting));
  }
  writeFileSync(join(explanation, 'bench-learning.md'), pageOf(results));
}

function pictureOf({ application, cluster }: SettingResults): string {
  return `bench-learning-${application}-${cluster}.svg`;
}

function pictureIn(setting: SettingResults): string {
  const { policies } = setting;
  const curves = ['agent', ...LEARNERS].flatMap((name) => {
    const checkpoints = policies[name]?.learning;
    return checkpoints === undefined ? [] : [{ name, checkpoints }];
  });
  return curvesSvg(nameOf(setting), policies['default']?.gapToOracle.mean ?? 0, curves);
}

/** The page as Markdown. */
export function pageOf(results: LearningResults): string {
  const { seeds, rollouts, windows, settings, durationSeconds } = results;
  const verdicts = verdictsOf(results);
  return [
    '# What learning is worth',
    '',
    '<!-- Written by `make bench-learning` from bench/results/learning.json. Do not edit. -->',
    '',
    `The agent as shipped (exploration and holdout on) against schedulers that do not learn, comparators`,
    `that do, and the best placement that a search with full knowledge found. ${seeds.length} seeds from`,
    `${seeds[0] ?? ''} on, used for nothing else; ${rollouts} rollouts; figures are means with 95 % intervals over`,
    `seeds. This run took ${minutes(durationSeconds)} minutes; \`make bench-learning\` runs 20 seeds and 300 rollouts.`,
    '',
    METHOD.replace('WINDOWS', String(windows)),
    '## Aims',
    '',
    summaryOf(verdicts),
    markdownTable(
      ['aim', 'where', 'asked', 'found', ''],
      verdicts.map((one) => [
        one.aim,
        one.where,
        one.asked,
        one.found,
        one.reached ? 'yes' : '**no**',
      ]),
    ),
    PRICE,
    ...settings.flatMap(settingSection),
    ...changeSection(results),
    ...payingSection(settings),
    ...accountingSection(settings),
    ...ablationSection(settings),
  ].join('\n');
}

const METHOD = `**Cost** is the product's reward turned round: energy of _all_ nodes by request and p99 of
user requests against the mean of the default scheduler (1), by the weights of the policy; a missed
objective costs 2.1 and more. **Regret** is cost minus that of the oracle under the same requests,
summed over rollouts. The agent never sees it: it has Kepler's joules by Pod, Istio's histograms and
node utilisation, as the product has. The comparators that learn are told it.

**Traffic**: every rollout meets one of WINDOWS windows (2 s of traffic), in an order that depends on the
seed alone; all policies of a seed meet the same. **Comparators**: \`templates-ucb1\` and
\`templates-thompson\` choose among whole placements (everything in one place, data here and the rest
there, balanced by CPU, ...); \`linear-thompson\` learns a Bayesian linear model of services on targets,
of callers and callees in one place, and of the square of each target's load; \`peaks\`, \`tlp\`, \`joulie\`
and \`co-located\` (NetMARKS) score as published, with perfect metrics and models. \`best-template\` is the
best of the whole placements, chosen with hindsight: it names targets, as the agent does, where the oracle names
machines. On the pools a target is a pool, within which the stock scheduler spreads, so that about this much
regret is in the words and not in the learning.
`;

const PRICE = `The agent is measured as shipped: two of a hundred Pods are held out until it is known what is saved, and
two of a thousand while it is. They go where the stock scheduler sends them: to the emptiest machine, whose first
watts are the dearest. The comparators of the tables pay for no evidence; what they need when they hold out the
share that the agent does in the end is in the section on evidence. The figure with none held out is that of the
ablation \`agent-holdout-0\` (fewer seeds and rollouts).
`;

function minutes(seconds: number): string {
  return (seconds / 60).toFixed(0);
}

function summaryOf(verdicts: readonly Verdict[]): string {
  const aims = [...new Set(verdicts.map(({ aim }) => aim))];
  const lines = aims.map((aim) => {
    const of = verdicts.filter((one) => one.aim === aim);
    return `- ${aim}: ${of.filter(({ reached }) => reached).length} of ${of.length}`;
  });
  return `${lines.join('\n')}\n`;
}

function settingSection(setting: SettingResults): string[] {
  const { load, oracle, policies } = setting;
  const found =
    oracle.search === 'exhaustive'
      ? `all ${oracle.simulated} placements were simulated`
      : `a long search, ${oracle.simulated} placements simulated; not proven to be the best`;
  return [
    `## ${nameOf(setting)}`,
    '',
    `${load}. Oracle: ${found}.`,
    '',
    policyTable(policies),
    `![Learning curves of ${nameOf(setting)}](${pictureOf(setting)})`,
    '',
  ];
}

function changeSection({ changes }: LearningResults): string[] {
  if (changes.length === 0) return [];
  return [
    '## When the world changes',
    '',
    `After ${changes[0]?.rollouts[0] ?? 0} rollouts the world becomes another one. Gap: cost above the oracle of the world`,
    'at hand. Recovered: ten rollouts in a row within 5 % of what the agent comes to.',
    '',
    ...[...new Map(changes.map(({ name, meaning }) => [name, meaning]))].map(
      ([name, meaning]) => `- \`${name}\`: ${meaning}`,
    ),
    '',
    markdownTable(
      ['', 'change', 'gap before', 'ten after', 'at last', 'rollouts to recover', 'SLO missed'],
      changes.map((one) => [
        `${one.application} on ${one.cluster}`,
        one.name,
        spread(one.gapBefore, 3),
        spread(one.gapAtFirst, 3),
        spread(one.gapAtLast, 3),
        spread(one.rolloutsToRecover, 0),
        `${(100 * one.sloBreachShare.mean).toFixed(1)} %`,
      ]),
    ),
  ];
}

/** The comparators with the agent's own holdout: what each needs when all can show what they save. */
function payingSection(settings: readonly SettingResults[]): string[] {
  const shown = settings.filter(({ paying }) => Object.keys(paying).length > 0);
  const [first] = shown;
  if (first === undefined) return [];
  const cell = (figures: PolicyFigures | undefined): string =>
    figures === undefined
      ? ''
      : `${spread(figures.joulesPerRequest, 4)} J, ${figures.p99.mean.toFixed(1)} ms`;
  return [
    '## What evidence costs',
    '',
    'Energy of all nodes by request and p99 after learning, where every comparator leaves as many Pods to the stock',
    'scheduler as the agent does in the rollouts that are compared, each by a draw of its own; in brackets its energy',
    'without that.',
    '',
    markdownTable(
      ['', ...shown.map(nameOf)],
      [
        ['agent', ...shown.map(({ policies }) => cell(policies['agent']))],
        ...Object.keys(first.paying).map((name) => [
          `\`${name}\``,
          ...shown.map(
            ({ paying, policies }) =>
              `${cell(paying[name])} (${policies[name]?.joulesPerRequest.mean.toFixed(4) ?? ''})`,
          ),
        ]),
      ],
    ),
  ];
}

const ACCOUNTINGS = ['agent-amortised', 'agent-marginal'] as const;

/** The agent under each accounting, and which of them came out cheapest. */
function accountingSection(settings: readonly SettingResults[]): string[] {
  const rows = settings.flatMap((setting): string[][] => {
    const { policies, ablations } = setting;
    const all = {
      Attributed: policies['agent'],
      Amortised: ablations['agent-amortised'],
      Marginal: ablations['agent-marginal'],
    };
    const known = Object.entries(all).flatMap(([name, figures]) =>
      figures === undefined ? [] : [[name, figures] as const],
    );
    if (known.length <= ACCOUNTINGS.length) return [];
    const [least] = [...known].sort(([, a], [, b]) => a.gapToOracle.mean - b.gapToOracle.mean);
    return [
      [
        nameOf(setting),
        ...known.map(
          ([, one]) => `${spread(one.gapToOracle, 3)}; ${one.joulesPerRequest.mean.toFixed(4)} J`,
        ),
        least?.[0] ?? '',
      ],
    ];
  });
  if (rows.length === 0) return [];
  return [
    '## Whose energy: three accountings',
    '',
    'Gap to the oracle after learning, and energy of all nodes by request, by what a Pod is charged',
    '(`reward.accounting`; [reward](reward.md)). `Attributed` misleads where another one ends nearer to the',
    'oracle by more than the intervals; the last column names the nearest.',
    '',
    markdownTable(['', 'Attributed', 'Amortised', 'Marginal', 'nearest'], rows),
  ];
}

function ablationSection(settings: readonly SettingResults[]): string[] {
  const shown = settings.filter(({ ablations }) => Object.keys(ablations).length > 0);
  const [first] = shown;
  if (first === undefined) return [];
  const names = Object.keys(first.ablations);
  const share = (figures: PolicyFigures | undefined): string =>
    figures === undefined ? '' : `${(100 * figures.regretToDefault.mean).toFixed(0)} %`;
  return [
    '## What the parts are worth',
    '',
    "Regret after 100 rollouts against the default scheduler's, by agents that differ from the shipped one in",
    `one thing (${first.ablations[names[0] ?? '']?.regretAt100.n ?? 0} seeds; the shipped one has more).`,
    '',
    markdownTable(
      ['', ...shown.map(nameOf)],
      ['agent', ...names].map((name) => [
        name,
        ...shown.map(({ policies, ablations }) => share(policies[name] ?? ablations[name])),
      ]),
    ),
  ];
}

function policyTable(policies: Readonly<Record<string, PolicyFigures>>): string {
  return markdownTable(
    ['', ...COLUMNS.map(([title]) => title)],
    Object.entries(policies).map(([name, figures]) => [
      `\`${name}\``,
      ...COLUMNS.map(([, cellOf]) => cellOf(figures)),
    ]),
  );
}
