// SPDX-License-Identifier: Apache-2.0
import { admissionText } from './encode-admission.ts';
import { finite, malformed, optionalFinite, versionsFields, type Fields } from './encode-fields.ts';
import type {
  AdmissionEntry,
  AuditEntry,
  CapacityEntry,
  CapacityMoveEntry,
  CapacityScalingEntry,
  CellEntry,
  DropEntry,
  EnforcementEntry,
  ReadingEntry,
  SettlementEntry,
} from './entry.ts';

/**
 * JSON leaves these as they are, but terminals, editors and line readers in other languages take
 * them for line ends, invisible text or a change of direction.
 */
const AMBIGUOUS = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

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
  return withoutAmbiguous(
    entry.kind === 'admission' ? admissionText(entry) : JSON.stringify(fieldsOf(entry)),
  );
}

/** JSON without any character that some reader takes for a line end or hides. */
export function oneLine(value: unknown): string {
  return withoutAmbiguous(JSON.stringify(value));
}

function withoutAmbiguous(text: string): string {
  // Most lines are ASCII, which has one such character: two quick looks in place of a search.
  const ascii = Buffer.byteLength(text, 'utf8') === text.length;
  return ascii && !text.includes('\u007f') ? text : text.replace(AMBIGUOUS, escapeUnit);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function fieldsOf(entry: Exclude<AuditEntry, AdmissionEntry>): Fields {
  switch (entry.kind) {
    case 'settlement':
      return settlementFields(entry);
    case 'enforcement':
      return enforcementFields(entry);
    case 'capacity':
      return capacityFields(entry);
    case 'drop':
      return dropFields(entry);
  }
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
