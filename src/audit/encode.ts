// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';
import type {
  AdmissionEntry,
  AuditEntry,
  CapacityEntry,
  CapacityMoveEntry,
  CapacityScalingEntry,
  CellEntry,
  DecisionEntry,
  DrawEntry,
  DropEntry,
  EnforcementEntry,
  ForgottenEntry,
  PatchOperationEntry,
  ReadingEntry,
  SettlementEntry,
  VersionsEntry,
} from './entry.ts';

/** A JSON object that is safe to build from foreign keys. */
type Fields = Record<string, unknown>;

/**
 * JSON leaves these as they are, but terminals, editors and line readers in other languages take
 * them for line ends, invisible text or a change of direction.
 */
const AMBIGUOUS = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** Paths that our own patches touch; anything else could carry the user's data into the log. */
const PATCH_PATH = /^\/(?:metadata\/(?:annotations|labels)|spec\/affinity)(?:\/|$)/;

/** Names of readings and costs come from code, with the unit in the name. */
const MEASURE_NAME = /^[a-z][A-Za-z0-9]*$/;

/**
 * Serialises an entry to one JSON object on one line, without a line end. Exactly the documented
 * fields are copied, in a fixed order.
 *
 * @throws PerihelionError PERI_AUDIT_MALFORMED if a number is not finite or a patch touches a
 * path that is not ours.
 */
export function encodeEntry(entry: AuditEntry): string {
  return oneLine(fieldsOf(entry));
}

/** JSON without any character that some reader takes for a line end or hides. */
export function oneLine(value: unknown): string {
  const text = JSON.stringify(value);
  // Most lines are ASCII, which has one such character: two quick looks in place of a search.
  const ascii = Buffer.byteLength(text, 'utf8') === text.length;
  return ascii && !text.includes('\u007f') ? text : text.replace(AMBIGUOUS, escapeUnit);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function fieldsOf(entry: AuditEntry): Fields {
  switch (entry.kind) {
    case 'admission':
      return admissionFields(entry);
    case 'settlement':
      return settlementFields(entry);
    case 'enforcement':
      return enforcementFields(entry);
    case 'capacity':
      return capacityFields(entry);
    case 'forgotten':
      return forgottenFields(entry);
    case 'drop':
      return dropFields(entry);
  }
}

function admissionFields(entry: AdmissionEntry): Fields {
  return {
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
    decision: entry.decision === undefined ? undefined : decisionFields(entry.decision),
    durationSeconds: finite('durationSeconds', entry.durationSeconds),
    versions: versionsFields(entry.versions),
  };
}

function patchFields(operation: PatchOperationEntry): Fields {
  if (!PATCH_PATH.test(operation.path)) {
    throw malformed(`patch: path ${JSON.stringify(operation.path)} is not one of ours`);
  }
  const { op, path } = operation;
  return op === 'remove' ? { op, path } : { op, path, value: operation.value };
}

function decisionFields(decision: DecisionEntry): Fields {
  return {
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
    candidates: decision.candidates.map(({ action, value, weight, inFlight }) => ({
      action,
      value: finite('candidates.value', value),
      weight: finite('candidates.weight', weight),
      inFlight: optionalFinite('candidates.inFlight', inFlight),
    })),
    infeasible: decision.infeasible.map(({ action, reason }) => ({ action, reason })),
    infeasibleOmitted: finite('infeasibleOmitted', decision.infeasibleOmitted),
    policy: decision.policy,
    modelVersion: finite('modelVersion', decision.modelVersion),
  };
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

function settlementFields(entry: SettlementEntry): Fields {
  return {
    kind: entry.kind,
    time: entry.time,
    decisionId: entry.decisionId,
    namespace: entry.namespace,
    pod: entry.pod,
    workload: entry.workload,
    asked: entry.asked,
    landed: entry.landed,
    status: entry.status,
    reason: entry.reason,
    readings: measures(entry.readings, readingFields),
    costs: measures(entry.costs, (value, name) => finite(`costs.${name}`, value)),
    reward: optionalFinite('reward', entry.reward),
    advantage: optionalFinite('advantage', entry.advantage),
    cells: entry.cells.map(({ shard, state, action, before, after }) => ({
      shard,
      state,
      action,
      before: before === undefined ? undefined : cellFields(before),
      after: cellFields(after),
    })),
    modelVersion: finite('modelVersion', entry.modelVersion),
    versions: versionsFields(entry.versions),
  };
}

function readingFields(reading: ReadingEntry): Fields {
  if (reading.kind === 'missing') {
    return { kind: reading.kind, reason: reading.reason, detail: reading.detail };
  }
  return {
    kind: reading.kind,
    value: finite('readings.value', reading.value),
    windowSeconds: finite('readings.windowSeconds', reading.windowSeconds),
    samples: finite('readings.samples', reading.samples),
    ageSeconds: finite('readings.ageSeconds', reading.ageSeconds),
    quality: reading.quality,
  };
}

function enforcementFields(entry: EnforcementEntry): Fields {
  return {
    kind: entry.kind,
    time: entry.time,
    namespace: entry.namespace,
    workload: entry.workload,
    change: entry.change,
    detail: entry.detail,
    pod: entry.pod,
    decisionId: entry.decisionId,
    target: entry.target,
    result: entry.result,
    versions: versionsFields(entry.versions),
  };
}

function forgottenFields(entry: ForgottenEntry): Fields {
  return {
    kind: entry.kind,
    time: entry.time,
    namespace: entry.namespace,
    workload: entry.workload,
    policy: entry.policy,
    unusedSince: entry.unusedSince,
    modelVersion: finite('modelVersion', entry.modelVersion),
    versions: versionsFields(entry.versions),
  };
}

function capacityFields(entry: CapacityEntry): Fields {
  return {
    kind: entry.kind,
    time: entry.time,
    id: entry.id,
    namespace: entry.namespace,
    workload: entry.workload,
    policy: entry.policy,
    outcome: entry.outcome,
    reason: entry.reason,
    scaling: entry.scaling === undefined ? undefined : scalingFields(entry.scaling),
    move: entry.move === undefined ? undefined : moveFields(entry.move),
    versions: versionsFields(entry.versions),
  };
}

function scalingFields(scaling: CapacityScalingEntry): Fields {
  return {
    replicas: finite('scaling.replicas', scaling.replicas),
    state: scaling.state,
    action: scaling.action,
    best: scaling.best,
    propensity: finite('scaling.propensity', scaling.propensity),
    choice: scaling.choice,
    epsilon: finite('scaling.epsilon', scaling.epsilon),
    exploreAllowed: scaling.exploreAllowed,
    seed: scaling.seed,
    candidates: scaling.candidates.map(({ action, value, weight }) => ({
      action,
      value: finite('scaling.candidates.value', value),
      weight: finite('scaling.candidates.weight', weight),
    })),
    reward: optionalFinite('scaling.reward', scaling.reward),
  };
}

function moveFields(move: CapacityMoveEntry): Fields {
  return {
    pod: move.pod,
    podUid: move.podUid,
    from: move.from,
    to: move.to,
    state: move.state,
    advantage: finite('move.advantage', move.advantage),
    horizonSeconds: finite('move.horizonSeconds', move.horizonSeconds),
    factor: finite('move.factor', move.factor),
    saving: finite('move.saving', move.saving),
    cost: optionalFinite('move.cost', move.cost),
    watts: optionalFinite('move.watts', move.watts),
  };
}

function dropFields(entry: DropEntry): Fields {
  const dropped: Fields = {};
  for (const [reason, count] of Object.entries(entry.dropped)) {
    dropped[reason] = finite(`dropped.${reason}`, count);
  }
  return { kind: entry.kind, time: entry.time, dropped };
}

function cellFields(cell: CellEntry): Fields {
  return {
    value: finite('cells.value', cell.value),
    weight: finite('cells.weight', cell.weight),
  };
}

function versionsFields(versions: VersionsEntry): Fields {
  return { perihelion: versions.perihelion, kubernetes: versions.kubernetes };
}

function measures<T>(
  values: Readonly<Record<string, T>>,
  encode: (value: T, name: string) => unknown,
): Fields {
  const fields: Fields = {};
  for (const [name, value] of Object.entries(values)) {
    if (!MEASURE_NAME.test(name)) {
      throw malformed(`${JSON.stringify(name)} is not a name of a reading or cost`);
    }
    fields[name] = encode(value, name);
  }
  return fields;
}

function optionalFinite(field: string, value: number | undefined): number | undefined {
  return value === undefined ? undefined : finite(field, value);
}

/** JSON has no NaN and no Infinity, and would silently write null for them. */
function finite(field: string, value: number): number {
  if (!Number.isFinite(value)) throw malformed(`${field}: ${value} is not a finite number`);
  return value;
}

function malformed(message: string): PerihelionError {
  return new PerihelionError('PERI_AUDIT_MALFORMED', message);
}
