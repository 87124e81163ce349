// SPDX-License-Identifier: Apache-2.0
import type { AdmissionEntry, AuditEntry, SettlementEntry } from '#audit/entry.ts';
import type { DecisionReading } from '#cluster/decision/codec.ts';
import type { SlimPod } from '#cluster/objects/slim.ts';
import type { DecisionPage, DecisionRow } from '#dashboard/api/api-decisions.ts';
import { claimOfEntry, claimOfRecord, claimOfStranger } from './decision-claim.ts';
import { type Held, type HeldPod, rowOf, told } from './decision-row.ts';
import type { KnownDecision } from '#dashboard/now/sources.ts';

/** What is kept, at most. */
export interface FeedLimits {
  /** Decisions. */
  readonly decisions: number;
  /** Actions of all audit lines together: lines of large clusters are long. */
  readonly loggedActions: number;
}

/** Enough for days of a small cluster and for the last rollouts of a large one; about 40 MB. */
export const FEED_LIMITS: FeedLimits = { decisions: 10_000, loggedActions: 200_000 };

/** Which decisions a page is about. */
export interface FeedQuery {
  /** Rows, 1 or more. */
  readonly limit: number;
  /** Only those older than this one; one that is not held any more gives the newest. */
  readonly before?: string | undefined;
  /** Part of namespace, workload, Pod, action or id, in any case. */
  readonly text?: string | undefined;
  readonly choice?: string | undefined;
  readonly status?: string | undefined;
}

/** What the feed asks of its surroundings. */
export interface FeedOptions {
  /** Reads and checks the decision on a Pod. */
  readonly read: (pod: SlimPod) => DecisionReading;
  /** Value of the policy's topology key on the node. */
  readonly targetOf: (namespace: string, node: string) => string | undefined;
  /** Whether the model says that the decision was looked at. */
  readonly isSettled: (held: Held) => boolean;
  readonly limits?: FeedLimits | undefined;
}

/**
 * The newest decisions of the cluster, put together from what passes by: decisions of every
 * replica stand on the Pods; how they were drawn and what they earned stands in the audit lines
 * that this process writes. The oldest are forgotten first.
 */
export class DecisionFeed {
  readonly #options: FeedOptions;
  readonly #limits: FeedLimits;
  readonly #byId = new Map<string, Held>();
  /** Oldest first, by time and then by arrival. */
  #order: Held[] = [];
  /** Decisions whose lines are held, oldest first, and the actions in these lines. */
  readonly #logged = new Map<string, number>();
  #loggedActions = 0;
  #seen = 0;
  #listener: ((id: string) => void) | undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#limits = options.limits ?? FEED_LIMITS;
  }

  /** Decisions seen since the start. */
  get seen(): number {
    return this.#seen;
  }

  /** Decisions held. */
  get held(): number {
    return this.#order.length;
  }

  /** Tells of every decision that is new or has changed. */
  onChange(listener: (id: string) => void): void {
    this.#listener = listener;
  }

  /** An audit line that this process has just written. */
  onEntry(entry: AuditEntry): void {
    if (entry.kind === 'admission') this.#onAdmission(entry);
    if (entry.kind === 'settlement') this.#onSettlement(entry);
  }

  /** A Pod as it is now. */
  onPod(pod: SlimPod): void {
    const reading = this.#options.read(pod);
    if (reading.kind === 'absent') return;
    const record = reading.kind === 'valid' ? reading.record : undefined;
    const id = record?.id ?? `unsigned:${pod.uid}`;
    const seen = this.#podOf(pod);
    const known = this.#byId.get(id);
    if (known !== undefined) {
      this.#meet(known, seen);
      return;
    }
    this.#add({
      id,
      time: record?.decidedAt ?? pod.createdAt,
      namespace: pod.namespace,
      claim: record === undefined ? claimOfStranger(pod.annotations) : claimOfRecord(record),
      pod: seen,
      admission: undefined,
      settlement: undefined,
    });
  }

  /** One page, newest first. */
  page(query: FeedQuery): DecisionPage {
    const from = query.before === undefined ? undefined : this.#byId.get(query.before);
    const end = from === undefined ? this.#order.length : this.#order.indexOf(from);
    const rows: DecisionRow[] = [];
    let matching = 0;
    let more = false;
    for (let index = this.#order.length - 1; index >= 0; index -= 1) {
      const held = this.#order[index];
      if (held === undefined) continue;
      const row = this.#row(held);
      if (!matches(row, query)) continue;
      matching += 1;
      if (index >= end) continue;
      if (rows.length < query.limit) rows.push(row);
      else more = true;
    }
    return {
      rows,
      matching,
      held: this.held,
      capacity: this.#limits.decisions,
      seen: this.#seen,
      next: more ? rows.at(-1)?.id : undefined,
    };
  }

  /** The row of one decision. */
  row(id: string): DecisionRow | undefined {
    const held = this.#byId.get(id);
    return held === undefined ? undefined : this.#row(held);
  }

  /** Everything that is known of one decision. */
  known(id: string): KnownDecision | undefined {
    const held = this.#byId.get(id);
    if (held === undefined) return undefined;
    const { admission, settlement, claim } = held;
    const { state, policy, modelVersion } = claim;
    const node = held.pod?.node;
    const version = told(modelVersion);
    const row = this.#row(held);
    return { row, state, policy, modelVersion: version, node, admission, settlement };
  }

  #podOf({ name, namespace, nodeName: node }: SlimPod): HeldPod {
    const landed = node === undefined ? undefined : this.#options.targetOf(namespace, node);
    return { name, node, landed };
  }

  #meet(known: Held, seen: HeldPod): void {
    const { pod: before } = known;
    // A copied decision is on several Pods; it belongs to the first.
    if (before !== undefined && before.name !== seen.name) return;
    if (before?.node === seen.node && before?.landed === seen.landed) return;
    known.pod = seen;
    this.#listener?.(known.id);
  }

  #row(held: Held): DecisionRow {
    return rowOf(held, this.#options.isSettled(held));
  }

  #onAdmission(entry: AdmissionEntry): void {
    const { decision } = entry;
    const claim = claimOfEntry(entry);
    // Of a dry run nothing will ever exist.
    if (decision === undefined || claim === undefined || entry.dryRun) return;
    const { id } = decision;
    const known = this.#byId.get(id);
    if (known === undefined) {
      const { namespace } = entry;
      const time = Date.parse(entry.time);
      const rest = { pod: undefined, admission: entry, settlement: undefined };
      this.#add({ id, time, namespace, claim, ...rest });
    } else {
      known.admission = entry;
      this.#listener?.(id);
    }
    this.#keepLine(id, decision.candidates.length + decision.infeasible.length);
  }

  #onSettlement(entry: SettlementEntry): void {
    const known = this.#byId.get(entry.decisionId);
    if (known === undefined) return;
    known.settlement = entry;
    this.#listener?.(known.id);
  }

  /** Long lines of old decisions make room for new ones; the rows themselves stay. */
  #keepLine(id: string, actions: number): void {
    this.#loggedActions += actions - (this.#logged.get(id) ?? 0);
    this.#logged.delete(id);
    this.#logged.set(id, actions);
    for (const [oldest] of this.#logged) {
      if (this.#loggedActions <= this.#limits.loggedActions) return;
      this.#forgetLine(oldest);
    }
  }

  #forgetLine(id: string): void {
    this.#loggedActions -= this.#logged.get(id) ?? 0;
    this.#logged.delete(id);
    const held = this.#byId.get(id);
    const { decision } = held?.admission ?? {};
    if (held?.admission === undefined || decision === undefined) return;
    held.admission = {
      ...held.admission,
      patch: [],
      decision: { ...decision, candidates: [], infeasible: [], draw: undefined },
    };
  }

  #add(held: Held): void {
    this.#seen += 1;
    this.#byId.set(held.id, held);
    // Almost always the newest; the first list of Pods comes in any order.
    let index = this.#order.length;
    while (index > 0 && (this.#order[index - 1]?.time ?? 0) > held.time) index -= 1;
    this.#order.splice(index, 0, held);
    if (this.#order.length > this.#limits.decisions) {
      const gone = this.#order.shift();
      if (gone !== undefined) this.#forget(gone.id);
    }
    this.#listener?.(held.id);
  }

  #forget(id: string): void {
    this.#forgetLine(id);
    this.#byId.delete(id);
  }
}

function matches(row: DecisionRow, { text, choice, status }: FeedQuery): boolean {
  if (choice !== undefined && row.choice !== choice) return false;
  if (status !== undefined && row.status !== status) return false;
  if (text === undefined) return true;
  const wanted = text.toLowerCase();
  const { namespace, workload, pod = '', action, id, landed = '' } = row;
  return [`${namespace}/${pod}`, workload, action, landed, id].some((one) =>
    one.toLowerCase().includes(wanted),
  );
}
