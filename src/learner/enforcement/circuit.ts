// SPDX-License-Identifier: Apache-2.0
import type { CircuitReason, StoredCircuit } from '#cluster/model/enforcement.ts';
import type { CircuitBreakerSpec } from '#cluster/policy/policy.ts';

/** What became of one Pod that was sent to a target. */
export type CircuitEvent =
  | {
      readonly kind: 'measured';
      /** When its decision was taken, milliseconds since the epoch. */
      readonly decidedAt: number;
      /** It missed an objective of the policy. */
      readonly breached: boolean;
      /** Over the default scheduler; undefined = there was nothing to compare it with. */
      readonly advantage: number | undefined;
    }
  /** Its telemetry was not there, or no use. */
  | { readonly kind: 'unmeasured'; readonly decidedAt: number }
  /** Nothing can be said of it: its Pod went away, too few requests came. */
  | { readonly kind: 'void'; readonly decidedAt: number };

/**
 * Evidence at which the regret counts as shown. With a true regret within the bound a false trip
 * comes after this many rollouts on average at the earliest.
 */
export const EVIDENCE_LIMIT = 100;

/** An advantage above this counts as this: one lucky rollout must not hide many bad ones. */
const MOST_ADVANTAGE = 1;

/** Part of the largest bet that keeps the evidence above 0. */
const BET = 0.8;

const NEVER_TRIPPED: StoredCircuit = {
  state: 'closed',
  changedAt: 0,
  retryAt: 0,
  coolingSeconds: 0,
  breaches: 0,
  unmeasured: 0,
  evidence: 1,
  trialsPassed: 0,
  trialAdvantage: 0,
};

/**
 * Takes in one rollout of a workload: the Pods that were sent to a target, in the order of their
 * decisions. Pure; the same input gives the same circuit.
 *
 * Closed, it opens on `sloBreaches` missed objectives in a row, on `lostMeasurements` unmeasured
 * Pods in a row, or on evidence of regret. Open, it waits for `coolingSeconds`; then
 * `trialDecisions` Pods are sent on trial. If all pass it closes; the first that fails opens it
 * anew for twice as long. Decisions from before the last change are not looked at: they were taken
 * by another rule.
 *
 * @returns undefined where nothing is to be remembered; what was is to be forgotten then
 */
export function nextCircuit(
  circuit: StoredCircuit | undefined,
  events: readonly CircuitEvent[],
  spec: CircuitBreakerSpec,
  now: number,
): StoredCircuit | undefined {
  if (spec.mode === 'Disabled') return undefined;
  if (events.length === 0) return circuit;
  const before = circuit ?? NEVER_TRIPPED;
  return before.state === 'closed'
    ? watched(before, events, spec, now)
    : tried(before, events, spec, now);
}

/** A circuit is open, trials may begin, or it is closed. */
export type CircuitPhase = 'closed' | 'open' | 'half-open';

/** The phase at a time: nobody has to write when a cooling-off time is over. */
export function circuitPhase(circuit: StoredCircuit | undefined, now: number): CircuitPhase {
  if (circuit === undefined || circuit.state === 'closed') return 'closed';
  return now < circuit.retryAt ? 'open' : 'half-open';
}

/** Whether the breaker holds a workload back now, trials included; one that is disabled never does. */
export function isHeldBack(
  circuit: StoredCircuit | undefined,
  { mode }: Pick<CircuitBreakerSpec, 'mode'>,
  now: number,
): boolean {
  return mode !== 'Disabled' && circuitPhase(circuit, now) !== 'closed';
}

/** A closed circuit. */
function watched(
  before: StoredCircuit,
  events: readonly CircuitEvent[],
  spec: CircuitBreakerSpec,
  now: number,
): StoredCircuit {
  let { breaches, unmeasured } = before;
  const counted = events.filter((event) => event.decidedAt >= before.changedAt);
  for (const event of counted) {
    if (event.kind === 'void') continue;
    unmeasured = event.kind === 'unmeasured' ? unmeasured + 1 : 0;
    if (event.kind === 'measured') breaches = event.breached ? breaches + 1 : 0;
    if (breaches >= spec.sloBreaches) return opened(before, 'slo-breach', spec, now);
    if (unmeasured >= spec.lostMeasurements) return opened(before, 'telemetry-lost', spec, now);
  }
  const evidence = nextEvidence(before.evidence, counted, spec);
  if (evidence >= EVIDENCE_LIMIT) return opened(before, 'regret', spec, now);
  return { ...before, breaches, unmeasured, evidence };
}

/** An open circuit; trials are the decisions taken since they were allowed. */
function tried(
  before: StoredCircuit,
  events: readonly CircuitEvent[],
  spec: CircuitBreakerSpec,
  now: number,
): StoredCircuit {
  let { trialsPassed, trialAdvantage } = before;
  let voided = false;
  for (const event of events) {
    if (event.decidedAt < before.retryAt) continue;
    if (event.kind === 'unmeasured') return opened(before, 'telemetry-lost', spec, now);
    if (event.kind === 'void') {
      voided = true;
      continue;
    }
    if (event.breached) return opened(before, 'slo-breach', spec, now);
    trialsPassed += 1;
    trialAdvantage += event.advantage ?? 0;
  }
  if (trialsPassed >= spec.trialDecisions) {
    const bad = trialAdvantage / trialsPassed < -spec.regretThousandths / 1000;
    return bad ? opened(before, 'regret', spec, now) : closed(before, now);
  }
  // A trial that said nothing still holds its place among the trials: begin a new round.
  if (voided) return { ...before, retryAt: now, trialsPassed: 0, trialAdvantage: 0 };
  return { ...before, trialsPassed, trialAdvantage };
}

function opened(
  before: StoredCircuit,
  reason: CircuitReason,
  spec: CircuitBreakerSpec,
  now: number,
): StoredCircuit {
  const quiet = now - before.changedAt > spec.coolingOffLimitSeconds * 1000;
  const first = before.coolingSeconds === 0 || (before.state === 'closed' && quiet);
  const coolingSeconds = Math.min(
    spec.coolingOffLimitSeconds,
    first ? spec.coolingOffSeconds : Math.max(spec.coolingOffSeconds, 2 * before.coolingSeconds),
  );
  const retryAt = now + coolingSeconds * 1000;
  return { ...NEVER_TRIPPED, state: 'open', reason, changedAt: now, retryAt, coolingSeconds };
}

function closed(before: StoredCircuit, now: number): StoredCircuit {
  const { reason, coolingSeconds } = before;
  return { ...NEVER_TRIPPED, reason, changedAt: now, coolingSeconds };
}

/**
 * One more rollout of an e-detector (Shin, Ramdas & Rinaldo 2023, "E-detectors: a nonparametric
 * framework for sequential change detection", arXiv 2203.03532): with the mean advantage a of the
 * rollout, cut off at 1, and the bound b, the evidence is
 *
 *     E' = max(1, E) (1 + bet (-b - a)),  bet = 0.8 / (1 + b)
 *
 * While the expected advantage is at least -b the factor expects at most 1, whatever the
 * distribution, so that the mean time to a false alarm is at least {@link EVIDENCE_LIMIT}
 * rollouts. A rollout counts once however many Pods it has: they shared their window.
 */
function nextEvidence(
  evidence: number,
  events: readonly CircuitEvent[],
  spec: CircuitBreakerSpec,
): number {
  const advantages = events.flatMap((event) =>
    event.kind === 'measured' && event.advantage !== undefined ? [event.advantage] : [],
  );
  if (advantages.length === 0) return evidence;
  const mean = advantages.reduce((sum, one) => sum + one, 0) / advantages.length;
  const bound = spec.regretThousandths / 1000;
  const factor = 1 + (BET / (MOST_ADVANTAGE + bound)) * (-bound - Math.min(mean, MOST_ADVANTAGE));
  return Math.max(1, evidence * factor);
}
