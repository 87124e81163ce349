// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { PerihelionError } from '#errors';
import type { AuditEntry } from './entry.ts';

const count = z.int().min(0);

const versions = z.object({ perihelion: z.string(), kubernetes: z.string().optional() });

const cell = z.object({ value: z.number(), weight: z.number() });

const patchOperation = z.discriminatedUnion('op', [
  z.object({ op: z.literal('add'), path: z.string(), value: z.json() }),
  z.object({ op: z.literal('replace'), path: z.string(), value: z.json() }),
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
});

const decision = z.object({
  id: z.string(),
  tier: z.string(),
  state: z.string(),
  action: z.string(),
  propensity: z.number(),
  holdout: z.boolean(),
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

const drop = z.object({
  kind: z.literal('drop'),
  time: z.string(),
  dropped: z.record(z.string(), count),
});

const entry = z.discriminatedUnion('kind', [admission, settlement, drop]);

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

function malformed(detail: string, cause?: unknown): PerihelionError {
  return new PerihelionError('PERI_AUDIT_MALFORMED', `audit line: ${detail}`, { cause });
}
