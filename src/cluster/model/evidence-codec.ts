// SPDX-License-Identifier: Apache-2.0
import type { StoredCircuit } from './enforcement.ts';
import type {
  StoredArm,
  StoredContrast,
  StoredSavings,
  StoredShadow,
  StoredShadowDecision,
} from './evidence.ts';
import type { ModelShard } from './model.ts';
import { decodeNumber, encodeNumber } from './numbers.ts';
import type { ModelSpec } from './schema.ts';

/*
 * The parts of a shard that came after its first version: all of them optional, so that a stored
 * model without them reads as it did, and an older process leaves out what it does not know.
 */

type ShardSpec = NonNullable<ModelSpec['shard']>;
type EvidenceSpec = Pick<ShardSpec, 'circuit' | 'savings' | 'shadow'>;
type Evidence = Pick<ModelShard, 'circuit' | 'savings' | 'shadow'>;
type ArmSpec = NonNullable<ShardSpec['savings']>['joulesPerRequest']['placed'];
type ContrastSpec = NonNullable<ShardSpec['savings']>['joulesPerRequest'];
type ShadowDecisionSpec = NonNullable<ShardSpec['shadow']>['decisions'][number];

/** Circuit, savings and Shadow decisions of a shard, as far as it has them. */
export function encodeEvidence({ circuit, savings, shadow }: Evidence): EvidenceSpec {
  return {
    ...(circuit === undefined ? {} : { circuit: encodeCircuit(circuit) }),
    ...(savings === undefined ? {} : { savings: encodeSavings(savings) }),
    ...(shadow === undefined ? {} : { shadow: encodeShadow(shadow) }),
  };
}

/** The other way round of {@link encodeEvidence}. */
export function decodeEvidence({ circuit, savings, shadow }: EvidenceSpec): Evidence {
  return {
    ...(circuit === undefined ? {} : { circuit: decodeCircuit(circuit) }),
    ...(savings === undefined ? {} : { savings: decodeSavings(savings) }),
    ...(shadow === undefined ? {} : { shadow: decodeShadow(shadow) }),
  };
}

function encodeCircuit({ reason, ...circuit }: StoredCircuit): ShardSpec['circuit'] {
  return {
    ...circuit,
    ...(reason === undefined ? {} : { reason }),
    // The API has no fractions of a millisecond.
    changedAt: Math.round(circuit.changedAt),
    retryAt: Math.round(circuit.retryAt),
    evidence: encodeNumber(circuit.evidence),
    trialAdvantage: encodeNumber(circuit.trialAdvantage),
  };
}

function decodeCircuit(spec: NonNullable<ShardSpec['circuit']>): StoredCircuit {
  return {
    ...spec,
    evidence: decodeNumber(spec.evidence),
    trialAdvantage: decodeNumber(spec.trialAdvantage),
  };
}

function encodeSavings(savings: StoredSavings): ShardSpec['savings'] {
  return {
    joulesPerRequest: encodeContrast(savings.joulesPerRequest),
    p99Milliseconds: encodeContrast(savings.p99Milliseconds),
    requests: encodeNumber(savings.requests),
  };
}

function decodeSavings(spec: NonNullable<ShardSpec['savings']>): StoredSavings {
  return {
    joulesPerRequest: decodeContrast(spec.joulesPerRequest),
    p99Milliseconds: decodeContrast(spec.p99Milliseconds),
    requests: decodeNumber(spec.requests),
  };
}

function encodeContrast({ placed, holdout }: StoredContrast): ContrastSpec {
  return { placed: encodeArm(placed), holdout: encodeArm(holdout) };
}

function decodeContrast({ placed, holdout }: ContrastSpec): StoredContrast {
  return { placed: decodeArm(placed), holdout: decodeArm(holdout) };
}

function encodeArm(arm: StoredArm): ArmSpec {
  return {
    count: arm.count,
    weight: encodeNumber(arm.weight),
    weightSquares: encodeNumber(arm.weightSquares),
    value: encodeNumber(arm.value),
    residual: encodeNumber(arm.residual),
    residualSecond: encodeNumber(arm.residualSecond),
    residualSquares: encodeNumber(arm.residualSquares),
  };
}

function decodeArm(spec: ArmSpec): StoredArm {
  return {
    count: spec.count,
    weight: decodeNumber(spec.weight),
    weightSquares: decodeNumber(spec.weightSquares),
    value: decodeNumber(spec.value),
    residual: decodeNumber(spec.residual),
    residualSecond: decodeNumber(spec.residualSecond),
    residualSquares: decodeNumber(spec.residualSquares),
  };
}

function encodeShadow(shadow: StoredShadow): ShardSpec['shadow'] {
  return {
    landings: Object.entries(shadow.landings).map(([target, landing]) => ({
      target,
      count: landing.count,
      energy: encodeNumber(landing.energy),
      latency: encodeNumber(landing.latency),
    })),
    decisions: shadow.decisions.map(encodeDecision),
  };
}

function decodeShadow(spec: NonNullable<ShardSpec['shadow']>): StoredShadow {
  const landings = spec.landings.map(({ target, count, energy, latency }) => {
    return [target, { count, energy: decodeNumber(energy), latency: decodeNumber(latency) }];
  });
  return {
    landings: Object.fromEntries(landings) as StoredShadow['landings'],
    decisions: spec.decisions.map(decodeDecision),
  };
}

function encodeDecision(decision: StoredShadowDecision): ShadowDecisionSpec {
  return {
    agreed: decision.agreed,
    propensity: encodeNumber(decision.propensity),
    energy: encodeNumber(decision.energy),
    latency: encodeNumber(decision.latency),
    landedEnergy: encodeNumber(decision.landedEnergy),
    landedLatency: encodeNumber(decision.landedLatency),
    wantedEnergy: encodeNumber(decision.wantedEnergy),
    wantedLatency: encodeNumber(decision.wantedLatency),
  };
}

function decodeDecision(spec: ShadowDecisionSpec): StoredShadowDecision {
  return {
    agreed: spec.agreed,
    propensity: decodeNumber(spec.propensity),
    energy: decodeNumber(spec.energy),
    latency: decodeNumber(spec.latency),
    landedEnergy: decodeNumber(spec.landedEnergy),
    landedLatency: decodeNumber(spec.landedLatency),
    wantedEnergy: decodeNumber(spec.wantedEnergy),
    wantedLatency: decodeNumber(spec.wantedLatency),
  };
}
