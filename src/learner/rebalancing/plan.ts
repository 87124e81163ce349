// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import type { StoredMoving } from '#cluster/model/capacity.ts';
import type { PolicySpec } from '#cluster/policy/policy.ts';
import type { SlimPod } from '#cluster/objects/slim.ts';
import { weighMove, type MoveVerdict } from '#reward/move.ts';
import { rewardSettings } from '#reward/settings.ts';
import type { CapacityRefusal, Preview } from '#learner/capacity/ports.ts';
import type { Standing } from '#learner/capacity/standing.ts';

/** Weight of an estimate from which it is evidence: the tier's prior alone is not enough. */
const LEAST_EVIDENCE = 3;

/** A Pod that the webhook would now send elsewhere. */
export interface MoveCandidate {
  readonly standing: Standing;
  readonly pod: SlimPod;
  /** Target where it runs. */
  readonly landed: string;
  readonly preview: Preview;
  readonly watts: number | undefined;
  readonly stored: StoredMoving | undefined;
  readonly refusals: readonly CapacityRefusal[];
}

/** What a move would be, and what is in its way. */
export interface MovePlan {
  readonly candidate: MoveCandidate;
  readonly from: string;
  readonly to: string;
  readonly state: string;
  readonly advantage: number;
  readonly watts: number | undefined;
  readonly verdict: MoveVerdict;
  /** Empty = it may be done. */
  readonly refusals: readonly CapacityRefusal[];
}

/**
 * What moving these Pods would bring: for each the target that the webhook would give it now, the
 * difference of the two estimates times the chance that the new Pod gets there, and whether that
 * pays for the move. Only targets of which both
 * sides were really measured count; a move that saves too little is none. Best first. Pure.
 */
export function planMoves(
  candidates: readonly MoveCandidate[],
  spec: PolicySpec,
  now: number,
): MovePlan[] {
  const { horizonSeconds, factorThousandths, minimumSavingThousandths } = spec.rebalancing;
  const settings = rewardSettings(spec.reward);
  const factor = factorThousandths / 1000;
  const plans = candidates.flatMap((candidate): MovePlan[] => {
    const { preview, landed, watts, stored } = candidate;
    const to = preview.best;
    if (to === DEFAULT_ACTION || to === landed) return [];
    const there = Object.hasOwn(preview.values, to) ? preview.values[to] : undefined;
    if (there === undefined || there.weight < LEAST_EVIDENCE) return [];
    if (preview.here.weight < LEAST_EVIDENCE) return [];
    const advantage = (there.value - preview.here.value) * preview.likelihood;
    if (!(advantage >= minimumSavingThousandths / 1000)) return [];
    const verdict = weighMove({ advantage, horizonSeconds, watts, cost: stored }, settings, factor);
    const refusals = refusalsOf(candidate, verdict, spec, now);
    return [
      { candidate, from: landed, to, state: preview.state, advantage, watts, verdict, refusals },
    ];
  });
  return plans.sort((a, b) => netOf(b, factor) - netOf(a, factor));
}

/** Saving beyond what the cost asks for; a move of unknown cost comes after every known one. */
function netOf({ verdict }: MovePlan, factor: number): number {
  return verdict.cost === undefined ? -Infinity : verdict.saving - factor * verdict.cost;
}

function refusalsOf(
  { stored, standing, refusals: given }: MoveCandidate,
  verdict: MoveVerdict,
  spec: PolicySpec,
  now: number,
): CapacityRefusal[] {
  const refusals: CapacityRefusal[] = [];
  if (verdict.kind === 'cost-unknown') refusals.push('cost-unknown');
  if (verdict.kind === 'does-not-pay') refusals.push('does-not-pay');
  const last = Math.max(standing.youngestReadyAt, ...(stored?.changes ?? []));
  if (now - last < spec.rebalancing.cooldownSeconds * 1000) refusals.push('cooldown');
  return [...refusals, ...given];
}
