// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import type { AuditEntry } from '#audit/entry.ts';

/** What an audit log says about a run. */
export interface AuditSummary {
  /** Decisions by reason. */
  readonly decisions: Readonly<Record<string, number>>;
  readonly asked: number;
  /** Pods that landed where they were asked to. */
  readonly followed: number;
  readonly settled: number;
  readonly censored: Readonly<Record<string, number>>;
}

/** Counts a run's audit lines. @throws Error when a line is not JSON: the log is then broken */
export function summariseAudit(path: string): AuditSummary {
  const decisions: Record<string, number> = {};
  const censored: Record<string, number> = {};
  let asked = 0;
  let followed = 0;
  let settled = 0;
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (line === '') continue;
    const entry = JSON.parse(line) as AuditEntry;
    if (entry.kind === 'admission' && entry.decision !== undefined) {
      decisions[entry.decision.choice] = (decisions[entry.decision.choice] ?? 0) + 1;
    }
    if (entry.kind !== 'settlement') continue;
    if (entry.asked !== DEFAULT_ACTION && entry.landed !== undefined) {
      asked += 1;
      if (entry.asked === entry.landed) followed += 1;
    }
    if (entry.status === 'settled') settled += 1;
    else censored[entry.reason] = (censored[entry.reason] ?? 0) + 1;
  }
  return { decisions, asked, followed, settled, censored };
}
