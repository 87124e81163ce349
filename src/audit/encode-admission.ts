// SPDX-License-Identifier: Apache-2.0
import { finite, malformed, optionalFinite, versionsFields, type Fields } from './encode-fields.ts';
import type {
  AdmissionEntry,
  CandidateEntry,
  DecisionEntry,
  DrawEntry,
  PatchOperationEntry,
} from './entry.ts';

/** Paths that our own patches touch; anything else could carry the user's data into the log. */
const PATCH_PATH = /^\/(?:metadata\/(?:annotations|labels)|spec\/affinity)(?:\/|$)/;

/**
 * The JSON of an admission. Its candidates are most of it, up to 65 of the same four fields; they are
 * written out here, because making an object of each for the engine to take apart again costs twice as much.
 *
 * @throws PerihelionError PERI_AUDIT_MALFORMED if a number is not finite or a patch touches a
 * path that is not ours.
 */
export function admissionText(entry: AdmissionEntry): string {
  const before = JSON.stringify({
    kind: entry.kind,
    time: entry.time,
    requestUid: entry.requestUid,
    namespace: entry.namespace,
    name: entry.name,
    generateName: entry.generateName,
    workload: entry.workload,
    outcome: entry.outcome,
    reason: entry.reason,
    dryRun: entry.dryRun,
    patch: entry.patch.map(patchFields),
  });
  const decision =
    entry.decision === undefined ? '' : `,"decision":${decisionText(entry.decision)}`;
  const after = JSON.stringify({
    durationSeconds: finite('durationSeconds', entry.durationSeconds),
    versions: versionsFields(entry.versions),
  });
  return `${before.slice(0, -1)}${decision},${after.slice(1)}`;
}

function patchFields(operation: PatchOperationEntry): Fields {
  if (!PATCH_PATH.test(operation.path)) {
    throw malformed(`patch: path ${JSON.stringify(operation.path)} is not one of ours`);
  }
  const { op, path } = operation;
  return op === 'remove' ? { op, path } : { op, path, value: operation.value };
}

function decisionText(decision: DecisionEntry): string {
  const before = JSON.stringify({
    id: decision.id,
    tier: decision.tier,
    state: decision.state,
    action: decision.action,
    propensity: finite('propensity', decision.propensity),
    holdout: decision.holdout,
    acted: decision.acted,
    required: decision.required,
    choice: decision.choice,
    epsilon: finite('epsilon', decision.epsilon),
    seed: typeof decision.seed === 'number' ? finite('seed', decision.seed) : decision.seed,
    draw: decision.draw === undefined ? undefined : drawFields(decision.draw),
  });
  const after = JSON.stringify({
    infeasible: decision.infeasible.map(({ action, reason }) => ({ action, reason })),
    infeasibleOmitted: finite('infeasibleOmitted', decision.infeasibleOmitted),
    policy: decision.policy,
    modelVersion: finite('modelVersion', decision.modelVersion),
  });
  return `${before.slice(0, -1)},"candidates":[${candidatesText(decision.candidates)}],${after.slice(1)}`;
}

function candidatesText(candidates: readonly CandidateEntry[]): string {
  let text = '';
  let comma = '';
  for (const { action, value, weight, inFlight } of candidates) {
    finite('candidates.value', value);
    finite('candidates.weight', weight);
    const pods = optionalFinite('candidates.inFlight', inFlight);
    const end = pods === undefined ? '}' : `,"inFlight":${pods}}`;
    text += `${comma}{"action":${quoted(action)},"value":${value},"weight":${weight}${end}`;
    comma = ',';
  }
  return text;
}

/** A name as JSON. Most are label values, in which there is nothing to escape. */
function quoted(name: string): string {
  for (let index = 0; index < name.length; index += 1) {
    if (!isPlain(name.charCodeAt(index))) return JSON.stringify(name);
  }
  return `"${name}"`;
}

/** Printable ASCII but for the quote and the backslash. */
function isPlain(unit: number): boolean {
  return unit >= 0x20 && unit < 0x7f && unit !== 0x22 && unit !== 0x5c;
}

function drawFields(draw: DrawEntry): Fields {
  return {
    algorithm: draw.algorithm,
    parameter: optionalFinite('draw.parameter', draw.parameter),
    holdoutRatio: finite('draw.holdoutRatio', draw.holdoutRatio),
    exploreAllowed: draw.exploreAllowed,
    circuitOpen: draw.circuitOpen,
    defaultSamples: finite('draw.defaultSamples', draw.defaultSamples),
    burnInDecisions: finite('draw.burnInDecisions', draw.burnInDecisions),
    canaryRatio: optionalFinite('draw.canaryRatio', draw.canaryRatio),
  };
}
