// SPDX-License-Identifier: Apache-2.0
import type { DrawEntry, ReadingEntry, SettlementEntry } from '#audit/entry.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { PlacementPolicy } from '#cluster/policy/policy.ts';
import type { Informers } from '#cluster/mirror/informers.ts';
import type { Story, StoryEarned, StoryReading } from '#dashboard/api/api-decisions.ts';
import type { KnownDecision } from '#dashboard/now/sources.ts';
import { compact } from '#cli/audit/line.ts';
import { actionRows } from '#cli/explain/actions.ts';
import { reasonOf } from '#cli/explain/reason.ts';
import { stateText } from '#cli/report/format.ts';

/**
 * The story of a decision, from the same parts as `perihelion explain`; of a Pod that is gone as
 * well, as long as its decision is held.
 */
export function storyOf(
  known: KnownDecision,
  { models, policies }: Pick<Informers, 'models' | 'policies'>,
): Story {
  const { row, state, admission, settlement } = known;
  const policy = policies.policyFor(row.namespace);
  const shard = models.shard(row.namespace, policy.name, row.workload);
  // A line that was shortened to make room holds no candidates any more.
  const logged = admission?.decision;
  const whole = logged !== undefined && logged.candidates.length > 0 ? logged : undefined;
  const sources = {
    policy,
    shard,
    prior: models.shard(row.namespace, policy.name, `Tier/${row.tier}`),
    observation: models.observation(row.namespace, policy.name),
  };
  return {
    decision: row,
    policy: known.policy,
    modelVersion: known.modelVersion,
    mode: policy.spec.mode,
    topologyKey: policy.spec.topologyKey,
    stateKey: state,
    stateText: stateText(state),
    why: reasonOf({ ...row, propensity: row.propensity ?? Number.NaN }, policy.spec, logged).why,
    draw: drawText(whole),
    node: known.node,
    actions: actionRows(sources, { state, action: row.action }, whole),
    infeasibleOmitted: whole?.infeasibleOmitted ?? 0,
    adherence: adherenceOf(shard),
    earned: earnedOf(settlement, row.status === 'looked-at'),
    admissionSeconds: admission?.durationSeconds,
    gaps: gapsOf(known, policy, whole !== undefined),
  };
}

function adherenceOf(shard: ModelShard | undefined): Story['adherence'] {
  if (shard === undefined || shard.asked === 0) return undefined;
  return { followed: shard.followed, asked: shard.asked };
}

function drawText(
  logged:
    | {
        readonly epsilon: number;
        readonly seed: number | string;
        readonly draw?: DrawEntry | undefined;
      }
    | undefined,
): Story['draw'] {
  if (logged === undefined) return [];
  const { epsilon, seed, draw } = logged;
  const rows: [string, string][] = [];
  if (draw !== undefined) {
    rows.push(['rule', draw.algorithm]);
    if (draw.parameter !== undefined) rows.push(['its parameter', compact(draw.parameter)]);
  }
  rows.push(['epsilon', compact(epsilon)]);
  if (draw !== undefined) {
    rows.push(
      ['share held out', compact(draw.holdoutRatio)],
      ['exploring allowed', draw.exploreAllowed ? 'yes' : 'no, the budget was spent'],
      ['default decisions measured', `${draw.defaultSamples} of ${draw.burnInDecisions} asked for`],
    );
    if (draw.circuitOpen === true) rows.push(['circuit breaker', 'open']);
  }
  rows.push(['seed of the draw', String(seed)]);
  return rows;
}

function earnedOf(entry: SettlementEntry | undefined, lookedAt: boolean): StoryEarned {
  if (entry === undefined) return { kind: lookedAt ? 'looked-at' : 'open' };
  const { status, reason, reward, advantage, costs, cells } = entry;
  const readings = Object.entries(entry.readings).map(([name, reading]) =>
    readingOf(name, reading),
  );
  return { kind: 'entry', status, reason, reward, advantage, costs, readings, cells };
}

function readingOf(name: string, reading: ReadingEntry): StoryReading {
  if (reading.kind === 'missing') {
    return { name, status: statusOf(reading.reason), detail: reading.detail };
  }
  const status = reading.quality === 'modelled' ? 'modelled' : 'measured';
  return { name, status, value: reading.value, ageSeconds: reading.ageSeconds };
}

const MISSING = ['stale', 'absent', 'too-few-samples', 'not-a-number', 'fake', 'absurd'] as const;

function statusOf(reason: string): StoryReading['status'] {
  return MISSING.find((one) => one === reason) ?? 'absent';
}

/** What this process cannot tell of the decision, and who can. */
function gapsOf(
  { row, admission }: KnownDecision,
  policy: PlacementPolicy,
  whole: boolean,
): string[] {
  const gaps: string[] = [];
  if (!row.signed) {
    gaps.push('The annotations carry no valid signature: shown as claimed, believed by nobody.');
  }
  if (admission === undefined) {
    gaps.push(
      'Taken by another process, or before this one started: what was compared then, what was ' +
        'infeasible and how it was drawn stands in the audit log of the admission replica ' +
        '(perihelion explain --audit FILE).',
    );
  } else if (!whole) {
    gaps.push('What was compared then has made room for newer decisions; the audit log has it.');
  }
  if (row.status === 'looked-at') {
    gaps.push('What it earned stands in the audit log of the process that led then.');
  }
  if (policy.spec.mode === 'Shadow' || row.shadow) {
    gaps.push('In mode Shadow nothing was asked of the scheduler.');
  }
  return gaps;
}
