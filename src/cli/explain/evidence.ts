// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';
import { decodeEntry } from '#audit/decode.ts';
import type { AdmissionEntry, AuditEntry, SettlementEntry } from '#audit/entry.ts';
import type { LocatedLine } from '#audit/read.ts';
import { DECISION_ANNOTATIONS } from '#cluster/decision/annotations.ts';
import type { SlimPod } from '#cluster/objects/slim.ts';

/**
 * A Pod's creation time is cut to whole seconds, and clocks differ a little: an admission line so
 * far from it can be the Pod's.
 */
const NEAR_MILLISECONDS = 10_000;

/** What an audit log says of one Pod. */
export interface Evidence {
  /** The line of its admission; undefined = not in this log. */
  readonly admission: AdmissionEntry | undefined;
  /** The line of its settling; undefined = not (yet) in this log. */
  readonly settlement: SettlementEntry | undefined;
  /**
   * Lines that could be the Pod's admission and do not all say the same: a Pod without a decision
   * has no id to find it by, and its siblings came at the same time.
   */
  readonly ambiguous: number;
}

/** Finds what a log says of a Pod: by its decision id, else by its name and time of creation. */
export async function evidenceOf(
  pod: SlimPod,
  lines: AsyncIterable<LocatedLine>,
): Promise<Evidence> {
  const id = pod.annotations[DECISION_ANNOTATIONS.id];
  if (id === undefined) return nameless(pod, lines);
  let admission: AdmissionEntry | undefined;
  let settlement: SettlementEntry | undefined;
  const needle = JSON.stringify(id);
  for await (const { text } of lines) {
    // Reading a line takes a hundred times as long as looking whether it can be meant.
    const entry = text.includes(needle) ? readable(text) : undefined;
    if (entry?.kind === 'admission' && entry.decision?.id === id) admission = entry;
    if (entry?.kind === 'settlement' && entry.decisionId === id) settlement = entry;
  }
  return { admission, settlement, ambiguous: 0 };
}

async function nameless(pod: SlimPod, lines: AsyncIterable<LocatedLine>): Promise<Evidence> {
  const candidates: AdmissionEntry[] = [];
  const needle = JSON.stringify(pod.namespace);
  for await (const { text } of lines) {
    const entry = text.includes(needle) ? readable(text) : undefined;
    if (entry?.kind === 'admission' && isNear(entry, pod)) candidates.push(entry);
  }
  const verdicts = new Set(candidates.map(({ outcome, reason }) => `${outcome} ${reason}`));
  const clear = verdicts.size === 1;
  return {
    admission: clear ? candidates.at(-1) : undefined,
    settlement: undefined,
    ambiguous: clear ? 0 : candidates.length,
  };
}

function isNear(entry: AdmissionEntry, pod: SlimPod): boolean {
  if (entry.namespace !== pod.namespace || entry.dryRun) return false;
  const named = entry.name === pod.name;
  const generated = entry.name === undefined && entry.generateName === pod.generateName;
  const distance = Math.abs(Date.parse(entry.time) - pod.createdAt);
  return (named || (generated && pod.generateName !== undefined)) && distance <= NEAR_MILLISECONDS;
}

function readable(text: string): AuditEntry | undefined {
  try {
    return decodeEntry(text);
  } catch (error) {
    if (error instanceof PerihelionError) return undefined;
    throw error;
  }
}
