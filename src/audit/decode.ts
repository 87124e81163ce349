// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { PerihelionError } from '#errors';
import type { AuditEntry } from './entry.ts';

const count = z.int().min(0);

const versions = z.object({ perihelion: z.string(), kubernetes: z.string().optional() });

/** No patch of ours is deeper; what reads a value walks it, and the stack ends before JSON does. */
const DEPTH_LIMIT = 64;

const cell = z.object({ value: z.number(), weight: z.number() });

/**
 * Whatever JSON says, as it stands: the schema of JSON values would drop a key `__proto__`, which a
 * Pod may well have.
 */
const json = z.custom<z.core.util.JSONType>((value) => isShallow(value, DEPTH_LIMIT));

const patchOperation = z.discriminatedUnion('op', [
  z.object({ op: z.literal('add'), path: z.string(), value: json }),
  z.object({ op: z.literal('replace'), path: z.string(), value: json }),
  z.object({ op: z.literal('remove'), path: z.string() }),
]);

const draw = z.object({
  algorithm: z.string(),
  parameter: z.number().optional(),
  holdoutRatio: z.number(),
  exploreAllowed: z.boolean(),
  circuitOpen: z.boolean().optional(),
  defaultSamples: z.number(),
  burnInDecisions: z.number(),
  canaryRatio: z.number().optional(),
});

const decision = z.object({
  id: z.string(),
  tier: z.string(),
  state: z.string(),
  action: z.string(),
  propensity: z.number(),
  holdout: z.boolean(),
  acted: z.boolean().optional(),
  required: z.boolean().optional(),
  choice: z.string(),
  epsilon: z.number(),
  seed: z.union([z.number(), z.string()]),
  draw: draw.optional(),
  candidates: z.array(
    z.object({
      action: z.string(),
      value: z.number(),
      weight: z.number(),
      inFlight: z.number().optional(),
    }),
  ),
  infeasible: z.array(z.object({ action: z.string(), reason: z.string() })),
  infeasibleOmitted: count,
  policy: z.string(),
  modelVersion: count,
});

const admission = z.object({
  kind: z.literal('admission'),
  time: z.string(),
  requestUid: z.string(),
  namespace: z.string(),
  name: z.string().optional(),
  generateName: z.string().optional(),
  workload: z.string().optional(),
  outcome: z.enum(['injected', 'skipped', 'dry-run', 'failed']),
  reason: z.string(),
  dryRun: z.boolean(),
  patch: z.array(patchOperation),
  decision: decision.optional(),
  durationSeconds: z.number(),
  versions,
});

const reading = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('measured'),
    value: z.number(),
    windowSeconds: z.number(),
    samples: z.number(),
    ageSeconds: z.number(),
    quality: z.string(),
  }),
  z.object({ kind: z.literal('missing'), reason: z.string(), detail: z.string() }),
]);

const settlement = z.object({
  kind: z.literal('settlement'),
  time: z.string(),
  decisionId: z.string(),
  namespace: z.string(),
  pod: z.string(),
  workload: z.string(),
  asked: z.string(),
  landed: z.string().optional(),
  status: z.enum(['settled', 'censored', 'discarded']),
  reason: z.string(),
  readings: z.record(z.string(), reading),
  costs: z.record(z.string(), z.number()),
  reward: z.number().optional(),
  advantage: z.number().optional(),
  cells: z.array(
    z.object({
      shard: z.string(),
      state: z.string(),
      action: z.string(),
      before: cell.optional(),
      after: cell,
    }),
  ),
  modelVersion: count,
  versions,
});

const enforcement = z.object({
  kind: z.literal('enforcement'),
  time: z.string(),
  namespace: z.string(),
  workload: z.string(),
  change: z.string(),
  detail: z.string(),
  pod: z.string().optional(),
  decisionId: z.string().optional(),
  target: z.string().optional(),
  result: z.string().optional(),
  versions,
});

const capacity = z.object({
  kind: z.literal('capacity'),
  time: z.string(),
  id: z.string(),
  namespace: z.string(),
  workload: z.string(),
  policy: z.string(),
  outcome: z.enum(['held', 'recommended', 'applied', 'refused', 'failed']),
  reason: z.string(),
  scaling: z
    .object({
      replicas: z.number(),
      state: z.string(),
      action: z.string(),
      best: z.string(),
      propensity: z.number(),
      choice: z.string(),
      epsilon: z.number(),
      exploreAllowed: z.boolean(),
      seed: z.string(),
      candidates: z.array(z.object({ action: z.string(), value: z.number(), weight: z.number() })),
      reward: z.number().optional(),
    })
    .optional(),
  move: z
    .object({
      pod: z.string(),
      podUid: z.string(),
      from: z.string(),
      to: z.string(),
      state: z.string(),
      advantage: z.number(),
      horizonSeconds: z.number(),
      factor: z.number(),
      saving: z.number(),
      cost: z.number().optional(),
      watts: z.number().optional(),
    })
    .optional(),
  versions,
});

const forgotten = z.object({
  kind: z.literal('forgotten'),
  time: z.string(),
  namespace: z.string(),
  workload: z.string(),
  policy: z.string(),
  unusedSince: z.string(),
  modelVersion: count,
  versions,
});

const drop = z.object({
  kind: z.literal('drop'),
  time: z.string(),
  dropped: z.record(z.string(), count),
});

const entry = z.discriminatedUnion('kind', [
  admission,
  settlement,
  enforcement,
  capacity,
  forgotten,
  drop,
]);

/**
 * Reads the entry of one audit line; the chain's own fields are ignored (see `chain.ts`), fields
 * of a newer version too.
 *
 * @throws PerihelionError PERI_AUDIT_MALFORMED naming the first field at fault.
 */
export function decodeEntry(line: string): AuditEntry {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (cause) {
    throw malformed('not JSON', cause);
  }
  const result = checked(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path.join('.') ?? '';
  throw malformed(`${path === '' ? 'line' : path}: ${issue?.message ?? 'unreadable'}`);
}

/** The schema follows values of any depth, and the stack ends before JSON does. */
function checked(json: unknown): ReturnType<typeof entry.safeParse> {
  try {
    return entry.safeParse(json);
  } catch (cause) {
    throw malformed('nested too deeply', cause);
  }
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return value !== undefined;
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1));
}

function malformed(detail: string, cause?: unknown): PerihelionError {
  return new PerihelionError('PERI_AUDIT_MALFORMED', `audit line: ${detail}`, { cause });
}
