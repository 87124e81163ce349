// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import type {
  AdmissionEntry,
  AuditEntry,
  DecisionEntry,
  DropEntry,
  ForgottenEntry,
  SettlementEntry,
} from '#audit/entry.ts';

const DECISION: DecisionEntry = {
  id: 'd-1',
  tier: 'business',
  state: 'load=normal,least=worker-2',
  action: 'worker-2',
  propensity: 0.95,
  holdout: false,
  choice: 'greedy',
  epsilon: 0.1,
  seed: 42,
  candidates: [
    { action: '(default)', value: 0, weight: 3 },
    { action: 'worker-2', value: 0.2, weight: 5 },
  ],
  infeasible: [{ action: 'worker-1', reason: 'no-room' }],
  infeasibleOmitted: 0,
  policy: 'default@1',
  modelVersion: 7,
};

/** A complete admission entry, varied by `changes`. */
export function admission(changes: Partial<AdmissionEntry> = {}): AdmissionEntry {
  return {
    kind: 'admission',
    time: '2026-01-02T03:04:05.678Z',
    requestUid: '705ab4f5-6393-11e8-b7cc-42010a800002',
    namespace: 'shop',
    generateName: 'frontend-5d8f7c9b4-',
    workload: 'Deployment/frontend',
    outcome: 'injected',
    reason: 'chosen',
    dryRun: false,
    patch: [{ op: 'add', path: '/metadata/annotations/perihelion.dev~1decision', value: 'x' }],
    decision: DECISION,
    durationSeconds: 0.0004,
    versions: { perihelion: '0.1.0' },
    ...changes,
  };
}

/** A complete settlement entry, varied by `changes`. */
export function settlement(changes: Partial<SettlementEntry> = {}): SettlementEntry {
  return {
    kind: 'settlement',
    time: '2026-01-02T03:14:05.678Z',
    decisionId: 'd-1',
    namespace: 'shop',
    pod: 'frontend-5d8f7c9b4-abcde',
    workload: 'Deployment/frontend',
    asked: 'worker-2',
    landed: 'worker-2',
    status: 'settled',
    reason: 'measured',
    readings: {
      joulesPerRequest: {
        kind: 'measured',
        value: 0.4,
        windowSeconds: 60,
        samples: 900,
        ageSeconds: 3,
        quality: 'modelled',
      },
      p99Milliseconds: { kind: 'missing', reason: 'absent', detail: 'no istio series' },
    },
    costs: { sustainability: 0.9 },
    reward: -0.9,
    advantage: 0.1,
    cells: [
      {
        shard: 'Deployment/frontend',
        state: 'load=normal',
        action: 'worker-2',
        after: { value: 0.1, weight: 1 },
      },
    ],
    modelVersion: 8,
    versions: { perihelion: '0.1.0' },
    ...changes,
  };
}

/** Names as hostile as JSON strings can be: controls, separators, lone surrogates, direction. */
const name = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\n', '\r\n', '\u2028', '\u2029', '\u0085', '\ud800', '\u202e', '\0', '"}'),
);
/** JSON has one zero. */
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const count = fc.nat();
const json = fc.jsonValue({ noUnicodeString: false }).map((value) => normalised(value));

function normalised(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

const versions = fc.record(
  { perihelion: name, kubernetes: name },
  { requiredKeys: ['perihelion'], noNullPrototype: true },
);
const path = name.map((tail) => `/metadata/annotations/${tail}`);
const operation = fc.oneof(
  fc.record({ op: fc.constantFrom('add', 'replace'), path, value: json }),
  fc.record({ op: fc.constant('remove' as const), path: fc.constant('/spec/affinity') }),
);
const decisions: fc.Arbitrary<DecisionEntry> = fc.record({
  id: name,
  tier: name,
  state: name,
  action: name,
  propensity: number,
  holdout: fc.boolean(),
  choice: name,
  epsilon: number,
  seed: fc.oneof(number, name),
  draw: fc.record(
    {
      algorithm: name,
      parameter: number,
      holdoutRatio: number,
      exploreAllowed: fc.boolean(),
      circuitOpen: fc.boolean(),
      defaultSamples: number,
      burnInDecisions: count,
    },
    {
      requiredKeys: [
        'algorithm',
        'holdoutRatio',
        'exploreAllowed',
        'defaultSamples',
        'burnInDecisions',
      ],
      noNullPrototype: true,
    },
  ),
  candidates: fc.array(
    fc.record(
      { action: name, value: number, weight: number, inFlight: count },
      { requiredKeys: ['action', 'value', 'weight'], noNullPrototype: true },
    ),
  ),
  infeasible: fc.array(fc.record({ action: name, reason: name })),
  infeasibleOmitted: count,
  policy: name,
  modelVersion: count,
});
const admissions: fc.Arbitrary<AdmissionEntry> = fc.record(
  {
    kind: fc.constant('admission' as const),
    time: name,
    requestUid: name,
    namespace: name,
    name,
    generateName: name,
    workload: name,
    outcome: fc.constantFrom('injected', 'skipped', 'dry-run', 'failed'),
    reason: name,
    dryRun: fc.boolean(),
    patch: fc.array(operation),
    decision: decisions,
    durationSeconds: number,
    versions,
  },
  {
    requiredKeys: [
      'kind',
      'time',
      'requestUid',
      'namespace',
      'outcome',
      'reason',
      'dryRun',
      'patch',
      'durationSeconds',
      'versions',
    ],
  },
);
const cell = fc.record({ value: number, weight: number });
const measure = fc.stringMatching(/^[a-z][A-Za-z0-9]{0,8}$/);
const reading = fc.oneof(
  fc.record({
    kind: fc.constant('measured' as const),
    value: number,
    windowSeconds: number,
    samples: number,
    ageSeconds: number,
    quality: name,
  }),
  fc.record({ kind: fc.constant('missing' as const), reason: name, detail: name }),
);
const settlements: fc.Arbitrary<SettlementEntry> = fc.record(
  {
    kind: fc.constant('settlement' as const),
    time: name,
    decisionId: name,
    namespace: name,
    pod: name,
    workload: name,
    asked: name,
    landed: name,
    status: fc.constantFrom('settled', 'censored', 'discarded'),
    reason: name,
    readings: fc.dictionary(measure, reading, { noNullPrototype: true }),
    costs: fc.dictionary(measure, number, { noNullPrototype: true }),
    reward: number,
    advantage: number,
    cells: fc.array(
      fc.record(
        { shard: name, state: name, action: name, before: cell, after: cell },
        { requiredKeys: ['shard', 'state', 'action', 'after'] },
      ),
    ),
    modelVersion: count,
    versions,
  },
  {
    requiredKeys: [
      'kind',
      'time',
      'decisionId',
      'namespace',
      'pod',
      'workload',
      'asked',
      'status',
      'reason',
      'readings',
      'costs',
      'cells',
      'modelVersion',
      'versions',
    ],
  },
);
const deletions: fc.Arbitrary<ForgottenEntry> = fc.record({
  kind: fc.constant('forgotten' as const),
  time: name,
  namespace: name,
  workload: name,
  policy: name,
  unusedSince: name,
  modelVersion: count,
  versions,
});
const drops: fc.Arbitrary<DropEntry> = fc.record({
  kind: fc.constant('drop' as const),
  time: name,
  dropped: fc.dictionary(fc.constantFrom('queue-full', 'too-large'), count, {
    noNullPrototype: true,
  }),
});

/** Any entry the types allow. */
export const anyEntry: fc.Arbitrary<AuditEntry> = fc
  .oneof(admissions, settlements, deletions, drops)
  .map((entry) => structuredClone(entry));
