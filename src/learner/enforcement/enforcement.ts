// SPDX-License-Identifier: Apache-2.0
import type { StoredAdherence, StoredEnforcement } from '#cluster/model/enforcement.ts';
import type { PolicySpec } from '#cluster/policy/policy.ts';

/** A cooling-off time is doubled up to so many times the policy's. */
const MOST_COOLING = 16;

const HOUR_MILLISECONDS = 3_600_000;

/** Nothing was ever escalated or released. */
export const NEVER_ENFORCED: StoredEnforcement = {
  escalatedAt: 0,
  releasedAt: 0,
  releasedUntil: 0,
  coolingSeconds: 0,
  hour: 0,
  evictions: 0,
};

/** What happened to the required rules of a workload. */
export type EnforcementChange = 'escalated' | 'de-escalated' | 'released';

/** What {@link nextEnforcement} decides by. */
export interface EnforcementInput {
  readonly spec: Pick<PolicySpec, 'mode' | 'release' | 'escalation'>;
  /** How the scheduler followed the preferences for the workload lately. */
  readonly recent: StoredAdherence;
  /** Pods of the workload that a required rule of ours has kept Pending for too long. */
  readonly stuck: number;
  readonly now: number;
}

/** What holds from now on, and what changed. */
export interface NextEnforcement {
  readonly enforcement: StoredEnforcement | undefined;
  readonly change: EnforcementChange | undefined;
}

/** Whether a target is required of the workload's new Pods, where their controller allows it. */
export function isEnforced(
  { mode, escalation }: Pick<PolicySpec, 'mode' | 'escalation'>,
  enforcement: StoredEnforcement | undefined,
  now: number,
): boolean {
  if (isReleased(enforcement, now)) return false;
  if (mode === 'Require') return true;
  return mode === 'Prefer' && escalation.mode === 'Enabled' && (enforcement?.escalatedAt ?? 0) > 0;
}

/** Whether the workload cools off after a release. */
export function isReleased(enforcement: StoredEnforcement | undefined, now: number): boolean {
  return enforcement !== undefined && now < enforcement.releasedUntil;
}

/**
 * One step of a workload's required rules; pure. The first that applies:
 *
 * - a rule has kept Pods Pending: it is released for a cooling-off time, which each further release
 *   doubles, and an escalation ends;
 * - an escalation has lasted long enough, or is not wanted any more: the preference is tried again;
 * - in mode Prefer, the scheduler does not follow: the workload is escalated.
 */
export function nextEnforcement(
  before: StoredEnforcement | undefined,
  { spec, recent, stuck, now }: EnforcementInput,
): NextEnforcement {
  const known = before ?? NEVER_ENFORCED;
  const released = isReleased(before, now);
  const escalated = known.escalatedAt > 0;
  if (stuck > 0 && isEnforced(spec, before, now)) {
    return { enforcement: releasedNow(known, spec, now), change: 'released' };
  }
  const { mode, holdSeconds } = spec.escalation;
  const wanted = spec.mode === 'Prefer' && mode === 'Enabled';
  if (escalated && (!wanted || now - known.escalatedAt > holdSeconds * 1000)) {
    return { enforcement: { ...known, escalatedAt: 0 }, change: 'de-escalated' };
  }
  if (wanted && !escalated && !released && isLow(recent, spec)) {
    return { enforcement: { ...known, escalatedAt: now }, change: 'escalated' };
  }
  return { enforcement: before, change: undefined };
}

function isLow(
  { asked, followed }: StoredAdherence,
  { escalation }: Pick<PolicySpec, 'escalation'>,
): boolean {
  return asked >= escalation.minimumPods && followed / asked < escalation.adherencePercent / 100;
}

function releasedNow(
  known: StoredEnforcement,
  { release }: Pick<PolicySpec, 'release'>,
  now: number,
): StoredEnforcement {
  const most = MOST_COOLING * release.coolingOffSeconds;
  // A release that comes long after the last one has nothing to do with it.
  const quiet = known.releasedAt === 0 || now - known.releasedUntil > most * 1000;
  const coolingSeconds = quiet
    ? release.coolingOffSeconds
    : Math.min(most, Math.max(release.coolingOffSeconds, 2 * known.coolingSeconds));
  return {
    ...known,
    escalatedAt: 0,
    releasedAt: now,
    releasedUntil: now + coolingSeconds * 1000,
    coolingSeconds,
  };
}

/** Evictions of the clock hour of `now` that a workload's record holds. */
export function evictionsThisHour(enforcement: StoredEnforcement | undefined, now: number): number {
  return enforcement?.hour === hourOf(now) ? enforcement.evictions : 0;
}

/** The record with so many more evictions; written before the first of them is asked for. */
export function withEvictions(
  enforcement: StoredEnforcement | undefined,
  count: number,
  now: number,
): StoredEnforcement {
  const evictions = evictionsThisHour(enforcement, now) + count;
  return { ...(enforcement ?? NEVER_ENFORCED), hour: hourOf(now), evictions };
}

function hourOf(now: number): number {
  return Math.floor(now / HOUR_MILLISECONDS);
}
