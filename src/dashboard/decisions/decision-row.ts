// SPDX-License-Identifier: Apache-2.0
import type { AdmissionEntry, ReadingEntry, SettlementEntry } from '#audit/entry.ts';
import type { DecisionRow } from '#dashboard/api/api-decisions.ts';
import type { Claim } from './decision-claim.ts';

/** One decision as it is held: what of it has passed by so far. */
export interface Held {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly namespace: string;
  readonly claim: Claim;
  pod: HeldPod | undefined;
  admission: AdmissionEntry | undefined;
  settlement: SettlementEntry | undefined;
}

/** The Pod of a decision. */
export interface HeldPod {
  readonly name: string;
  readonly node: string | undefined;
  readonly landed: string | undefined;
}

/**
 * The row of a decision.
 *
 * @param isSettled the model says that it was looked at
 */
export function rowOf(held: Held, isSettled: boolean): DecisionRow {
  const { id, time, namespace, claim, pod, admission, settlement } = held;
  const { workload, tier, action, holdout, shadow, propensity, signed } = claim;
  const choice = choiceOf(admission, holdout);
  const of = { id, time, namespace, workload, tier, action, choice };
  return {
    ...of,
    pod: pod?.name ?? settlement?.pod,
    holdout,
    shadow,
    propensity: told(propensity),
    landed: pod?.landed ?? settlement?.landed,
    signed,
    ...(settlement === undefined
      ? { status: isSettled ? 'looked-at' : 'open' }
      : earnedOf(settlement)),
  };
}

/** A number that was told at all; undefined = none, which is not 0. */
export function told(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

/** Without the line only a holdout can be told from the rest. */
function choiceOf(entry: AdmissionEntry | undefined, holdout: boolean): string | undefined {
  return entry?.decision?.choice ?? (holdout ? 'holdout' : undefined);
}

type Earned = Pick<
  DecisionRow,
  'status' | 'reason' | 'advantage' | 'p99Milliseconds' | 'joulesPerRequest'
>;

function earnedOf({ status, reason, advantage, readings }: SettlementEntry): Earned {
  return {
    status,
    reason,
    advantage,
    p99Milliseconds: valueOf(readings['p99Milliseconds']),
    joulesPerRequest: joulesPerRequest(readings),
  };
}

/** Energy that Kepler attributes to the Pod, by the requests it served with success. */
function joulesPerRequest(readings: SettlementEntry['readings']): number | undefined {
  const joules = valueOf(readings['podJoules']);
  const requests = valueOf(readings['requests']);
  const errors = valueOf(readings['errorRatio']);
  if (joules === undefined || requests === undefined || errors === undefined) return undefined;
  const served = requests * (1 - errors);
  return served > 0 ? joules / served : undefined;
}

function valueOf(reading: ReadingEntry | undefined): number | undefined {
  return reading?.kind === 'measured' ? reading.value : undefined;
}
