// SPDX-License-Identifier: Apache-2.0
import type { Action } from '#agent/terms/action.ts';
import type { StateKey } from '#agent/terms/state.ts';
import type { StoredCell } from '#cluster/model/statistics.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import type { Rewarded } from '#reward/reward.ts';
import type { Reading } from '#telemetry/reading/reading.ts';
import type { CensorReason } from './censor-reason.ts';
import type { PendingDecision } from '#learner/episodes/decisions.ts';
import type { Judgement } from './judge.ts';

/** A cell that an update touched, of the workload's shard or of its tier's. */
export interface CellChange {
  readonly shard: WorkloadKey;
  readonly state: StateKey;
  readonly action: Action;
  /** Undefined if the cell did not exist. */
  readonly before: StoredCell | undefined;
  readonly after: StoredCell;
}

/**
 * What became of one decision: everything `explain` and the audit log say about it. The fields
 * are those of an audit line of kind `settlement`, whose writer adds its versions.
 */
export interface SettlementRecord {
  readonly kind: 'settlement';
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string;
  readonly decisionId: string;
  readonly namespace: string;
  readonly pod: string;
  readonly workload: WorkloadKey;
  readonly asked: Action;
  /** Undefined if the Pod never bound or landed outside every target. */
  readonly landed: Action | undefined;
  /** `settled`: it taught something; `censored`: no measure; `discarded`: nothing to measure. */
  readonly status: 'settled' | 'censored' | 'discarded';
  /** `measured`, or why not. */
  readonly reason: 'measured' | CensorReason;
  readonly readings: Readonly<Record<string, Reading>>;
  /** Dimensionless costs by name; one that could not be computed is absent. */
  readonly costs: Readonly<Record<string, number>>;
  readonly reward: number | undefined;
  /** Reward minus that of the baseline, with the application's share. */
  readonly advantage: number | undefined;
  readonly cells: readonly CellChange[];
  /** Version of the shard that holds the decision as settled; 0 = none was written. */
  readonly modelVersion: number;
}

/** Reasons for which there was nothing to measure, rather than no measure of it. */
const DISCARDING: ReadonlySet<string> = new Set<CensorReason>([
  'never-ready',
  'pod-finished',
  'pod-gone',
  'rolled-again',
]);

/** The status that goes with a reason. */
export function statusOf(reason: SettlementRecord['reason']): SettlementRecord['status'] {
  if (reason === 'measured') return 'settled';
  return DISCARDING.has(reason) ? 'discarded' : 'censored';
}

/** What became of the decision, from its judgement and what was written. */
export function settlementRecord(
  judgement: Pick<Judgement, 'decision' | 'readings' | 'problem' | 'rewarded' | 'advantage'>,
  written: {
    readonly cells: readonly CellChange[];
    readonly modelVersion: number;
    readonly now: number;
  },
): SettlementRecord {
  const { decision, readings, problem, rewarded, advantage } = judgement;
  const reason = problem ?? 'measured';
  return {
    kind: 'settlement',
    time: new Date(written.now).toISOString(),
    decisionId: decision.decision.id,
    namespace: decision.namespace,
    pod: decision.podName,
    workload: decision.decision.workload,
    asked: decision.decision.action,
    landed: decision.landed,
    status: statusOf(reason),
    reason,
    readings: { ...readings },
    costs: knownCosts(rewarded?.costs),
    reward: rewarded?.reward,
    advantage,
    cells: written.cells,
    modelVersion: written.modelVersion,
  };
}

/** The record of a decision whose Pod was gone before anything could be asked about it. */
export function goneRecord(decision: PendingDecision, now: number): SettlementRecord {
  const judgement = {
    decision,
    readings: undefined,
    problem: 'pod-gone' as const,
    rewarded: undefined,
    advantage: undefined,
  };
  return settlementRecord(judgement, { cells: [], modelVersion: 0, now });
}

function knownCosts(costs: Rewarded['costs'] | undefined): Record<string, number> {
  const known: Record<string, number> = {};
  for (const [name, cost] of Object.entries(costs ?? {})) {
    if (cost !== undefined) known[name] = cost;
  }
  return known;
}
