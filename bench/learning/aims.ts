// SPDX-License-Identifier: Apache-2.0
import { HINDSIGHT } from './hindsight.ts';
import { LEARNERS } from './plan.ts';
import type { LearningResults, PolicyFigures, SettingResults } from './results.ts';

/** One aim in one place: what was asked, what was found, and whether that is enough. */
export interface Verdict {
  readonly aim: string;
  readonly where: string;
  readonly asked: string;
  readonly found: string;
  readonly reached: boolean;
}

const REGRET_SHARE = 0.25;
const NEAR_ORACLE = 1.05;
const WORSE_THAN_DEFAULT = 1.02;
const RECOVERY = 30;
const BREACHES = 0.01;
/** Rollouts after which the agent is held to the default scheduler at every checkpoint. */
const GRACE = 10;

/** Every aim against what was measured; means decide, intervals stand beside them. */
export function verdictsOf(results: LearningResults): Verdict[] {
  const { settings, changes } = results;
  return [
    ...settings.map(regretVerdict),
    ...settings.map(comparatorVerdict),
    ...settings.filter(({ cluster }) => cluster === 'mixed').flatMap(mixedVerdicts),
    ...settings.filter(({ cluster }) => cluster === 'seed').flatMap(equalVerdicts),
    ...changes.map((one): Verdict => {
      const { mean, low, high } = one.rolloutsToRecover;
      return {
        aim: 'a change of the world is recovered',
        where: `${one.application} on ${one.cluster}, ${one.name}`,
        asked: `within ${RECOVERY} rollouts`,
        found: `${mean.toFixed(0)} (${low.toFixed(0)} to ${high.toFixed(0)})`,
        reached: mean <= RECOVERY,
      };
    }),
    ...settings.map((one): Verdict => {
      const { sloBreachShare } = agentOf(one);
      return {
        aim: 'objectives missed while learning',
        where: nameOf(one),
        asked: `at most ${percent(BREACHES)} of windows`,
        found: `${percent(sloBreachShare.mean)}; default ${percent(figuresIn(one, 'default').sloBreachShare.mean)}`,
        reached: sloBreachShare.mean <= BREACHES,
      };
    }),
  ];
}

function regretVerdict(setting: SettingResults): Verdict {
  const { regretAt100 } = agentOf(setting);
  const reference = figuresIn(setting, 'default').regretAt100.mean;
  const share = regretAt100.mean / reference;
  return {
    aim: 'regret after 100 rollouts',
    where: nameOf(setting),
    asked: `at most ${percent(REGRET_SHARE)} of the default's`,
    found: `${percent(share)} (${regretAt100.mean.toFixed(2)} of ${reference.toFixed(2)}${withHindsight(setting)})`,
    reached: share <= REGRET_SHARE,
  };
}

/** What of the regret lies in the words that the agent has: it names targets, the oracle machines. */
function withHindsight({ policies }: SettingResults): string {
  const found = policies[HINDSIGHT];
  return found === undefined ? '' : `; ${HINDSIGHT} ${found.regretAt100.mean.toFixed(2)}`;
}

function comparatorVerdict(setting: SettingResults): Verdict {
  const own = agentOf(setting).regretAt100.mean;
  const [best, least] = leastOf(
    LEARNERS.map((name) => [name, figuresIn(setting, name).regretAt100.mean] as const),
  );
  return {
    aim: 'no more regret than the best learning comparator',
    where: nameOf(setting),
    asked: `at most ${least.toFixed(2)} (${best})`,
    found: own.toFixed(2),
    reached: own <= least,
  };
}

function mixedVerdicts(setting: SettingResults): Verdict[] {
  const agent = agentOf(setting);
  const others = Object.entries(setting.policies).filter(
    ([name]) => name !== 'agent' && name !== 'oracle' && name !== HINDSIGHT,
  );
  const [best, least] = leastOf(
    others.map(([name, { joulesPerRequest }]) => [name, joulesPerRequest.mean] as const),
  );
  const reference = figuresIn(setting, 'default');
  const { joulesToOracleAfter100: near } = agent;
  const where = nameOf(setting);
  return [
    ...payingVerdicts(setting),
    {
      aim: 'energy below every comparator',
      where,
      asked: `below ${least.toFixed(4)} J/request (${best})`,
      found: `${agent.joulesPerRequest.mean.toFixed(4)}${withoutHoldout(setting)}`,
      reached: agent.joulesPerRequest.mean < least,
    },
    {
      aim: "p99 no worse than the default's",
      where,
      asked: `at most ${reference.p99.mean.toFixed(1)} ms`,
      found: `${agent.p99.mean.toFixed(1)} ms`,
      reached: agent.p99.mean <= reference.p99.mean,
    },
    {
      aim: 'energy near the oracle after 100 rollouts',
      where,
      asked: `within ${percent(NEAR_ORACLE - 1)}`,
      found: near === undefined ? 'not run so long' : `${percent(near.mean - 1)} above`,
      reached: near !== undefined && near.mean <= NEAR_ORACLE,
    },
  ];
}

/** The same against comparators that pay for the same evidence. */
function payingVerdicts(setting: SettingResults): Verdict[] {
  const paying = Object.entries(setting.paying);
  if (paying.length === 0) return [];
  const { joulesPerRequest } = agentOf(setting);
  const [best, least] = leastOf(
    paying.map(([name, figures]) => [name, figures.joulesPerRequest.mean] as const),
  );
  return [
    {
      aim: 'energy below every comparator that holds out as much',
      where: nameOf(setting),
      asked: `below ${least.toFixed(4)} J/request (${best})`,
      found: joulesPerRequest.mean.toFixed(4),
      reached: joulesPerRequest.mean < least,
    },
  ];
}

/** What the shipped holdout costs is told beside what it is the price of. */
function withoutHoldout({ ablations }: SettingResults): string {
  const found = ablations['agent-holdout-0'];
  return found === undefined
    ? ''
    : `; ${found.joulesPerRequest.mean.toFixed(4)} with none held out`;
}

function equalVerdicts(setting: SettingResults): Verdict[] {
  const agent = agentOf(setting);
  const reference = figuresIn(setting, 'default');
  const held = (agent.learning ?? []).filter(({ from }) => from > GRACE);
  const worst = Math.max(...held.map(({ costToDefault }) => costToDefault.mean));
  const where = nameOf(setting);
  return [
    {
      aim: 'never worse than the default on equal machines',
      where,
      asked: `at most ${percent(WORSE_THAN_DEFAULT - 1)} worse at any checkpoint after rollout ${GRACE}`,
      found: held.length === 0 ? 'not run so long' : `worst checkpoint ${percent(worst - 1)}`,
      reached: held.length > 0 && worst <= WORSE_THAN_DEFAULT,
    },
    {
      aim: 'better in throughput or p99 at the end',
      where,
      asked: `above ${reference.throughput.mean.toFixed(0)} requests/s or below ${reference.p99.mean.toFixed(1)} ms`,
      found: `${agent.throughput.mean.toFixed(0)} requests/s, ${agent.p99.mean.toFixed(1)} ms`,
      reached:
        agent.throughput.mean > reference.throughput.mean || agent.p99.mean < reference.p99.mean,
    },
  ];
}

/** `application on cluster`. */
export function nameOf({ application, cluster }: SettingResults): string {
  return `${application} on ${cluster}`;
}

function agentOf(setting: SettingResults): PolicyFigures {
  return figuresIn(setting, 'agent');
}

function figuresIn({ policies }: SettingResults, name: string): PolicyFigures {
  const found = policies[name];
  if (found === undefined) throw new RangeError(`policy: ${name}`);
  return found;
}

function leastOf(entries: readonly (readonly [string, number])[]): readonly [string, number] {
  const [first] = [...entries].sort((a, b) => a[1] - b[1]);
  if (first === undefined) throw new RangeError('nothing to compare with');
  return first;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
