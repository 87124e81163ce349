// SPDX-License-Identifier: Apache-2.0
import type { CircuitReason, StoredCircuit } from '#cluster/model/enforcement.ts';
import { type CircuitPhase, circuitPhase } from '#learner/enforcement/circuit.ts';

/** A circuit breaker at the time of the report. */
export interface CircuitFigure {
  readonly phase: CircuitPhase;
  /** Of the last trip; undefined = it never tripped. */
  readonly reason: CircuitReason | undefined;
  /** One phrase for people. */
  readonly text: string;
}

const REASONS: Readonly<Record<CircuitReason, string>> = {
  'slo-breach': 'objectives were missed',
  regret: 'it did worse than the default scheduler',
  'telemetry-lost': 'its Pods could not be measured any more',
};

/** @param now milliseconds since the epoch */
export function circuitFigure(circuit: StoredCircuit | undefined, now: number): CircuitFigure {
  const phase = circuitPhase(circuit, now);
  const reason = circuit?.reason;
  if (circuit === undefined || reason === undefined) return { phase, reason, text: phase };
  const why = REASONS[reason];
  const { changedAt, retryAt, trialsPassed } = circuit;
  switch (phase) {
    case 'closed':
      return { phase, reason, text: `closed again since ${moment(changedAt)}; before, ${why}` };
    case 'open':
      return {
        phase,
        reason,
        text: `open since ${moment(changedAt)}: ${why}; trials from ${moment(retryAt)}`,
      };
    case 'half-open':
      return { phase, reason, text: `on trial, ${trialsPassed} passed; before, ${why}` };
  }
}

function moment(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime())
    ? 'an unknown time'
    : date.toISOString().replace(/\.\d+Z$/, 'Z');
}
