// SPDX-License-Identifier: Apache-2.0
import type { PodAffinityTerm, Resources } from '#cluster/objects/slim.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import { AgedMap } from './aged-map.ts';
import { OnTheWay, type PendingLoad } from './on-the-way.ts';
import { Share } from './share.ts';

/** A decision for a target whose Pod is not bound yet, as far as this replica has seen. */
export interface PendingPlacement {
  /** Decision id. */
  readonly id: string;
  /** When it was taken, milliseconds since the epoch. */
  readonly decidedAt: number;
  readonly namespace: string;
  readonly workload: WorkloadKey;
  readonly topologyKey: string;
  readonly target: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly requests: Resources;
  readonly requiredAntiAffinity: readonly PodAffinityTerm[];
}

/** Bounds of {@link InFlight}. */
export interface InFlightLimits {
  /** Decisions remembered at most; beyond it the oldest goes. */
  readonly entries: number;
  /** A decision not seen bound for so long is forgotten: its Pod may never have been made. */
  readonly lifetimeMilliseconds: number;
}

const NO_SIBLINGS: ReadonlyMap<string, number> = new Map();
const NOTHING: PendingLoad = { cpuMillicores: 0, memoryBytes: 0, pods: 0 };

/** A decision remembered, and the sum that it is part of. */
interface Pending {
  readonly entry: PendingPlacement;
  readonly onTheWay: OnTheWay;
  /** This replica's own, and the watch has not shown it yet. */
  unseen: boolean;
}

/**
 * Decisions just taken but not yet seen bound. A burst of Pods meets a view of the cluster from
 * before the burst; counting what is on its way keeps the burst from herding onto one target.
 *
 * Other replicas decide too, and the watch shows it only later. While it has not shown this
 * replica's own newest decisions either, as many of the others are assumed on the same way as its
 * share of all decisions says (decision 0013).
 */
export class InFlight {
  readonly #limits: InFlightLimits;
  /** In order of insertion, which is the order of expiry but for clock steps. */
  readonly #entries = new AgedMap<Pending>();
  /** Those of them that keep others away: most clusters have none, so nobody looks at the rest. */
  readonly #antiAffine = new Map<string, PendingPlacement>();
  /** By topology key and target. */
  readonly #loads = new Map<string, Map<string, OnTheWay>>();
  /** Workload and topology key to Pods on their way by target. */
  readonly #siblings = new Map<string, Map<string, number>>();
  readonly #share = new Share();

  /** No entry is older than this: most looks for expired ones end here. */
  #oldestAt = Infinity;

  constructor(limits: InFlightLimits) {
    this.#limits = limits;
  }

  /** Remembers a decision of this replica; one with the same id is replaced. */
  add(entry: PendingPlacement): void {
    this.#add(entry, true);
  }

  /**
   * The watch shows a Pod that waits for a node: its decision is this replica's or another's.
   * @param since decisions from before say nothing of the share: they may be those of a process that
   *   ran in this one's place. Milliseconds since the epoch
   */
  seen(entry: PendingPlacement, since: number): void {
    const known = this.#entries.get(entry.id);
    if (known !== undefined) {
      this.#confirm(known);
      return;
    }
    if (entry.decidedAt >= since) this.#share.sawOther();
    this.#add(entry, false);
  }

  #add(entry: PendingPlacement, unseen: boolean): void {
    this.remove(entry.id);
    const onTheWay = this.#loadTo(entry);
    onTheWay.add(entry.requests, unseen);
    this.#countSibling(entry, 1);
    this.#entries.put(entry.id, { entry, onTheWay, unseen });
    this.#oldestAt = Math.min(this.#oldestAt, entry.decidedAt);
    if (entry.requiredAntiAffinity.length > 0) this.#antiAffine.set(entry.id, entry);
    if (this.#entries.size > this.#limits.entries) this.remove(this.#entries.oldest?.key ?? '');
  }

  /** Forgets a decision: its Pod is bound, or gone. Unknown ids are ignored. */
  remove(id: string): void {
    const pending = this.#entries.take(id);
    if (pending === undefined) return;
    const { entry, onTheWay, unseen } = pending;
    if (entry.requiredAntiAffinity.length > 0) this.#antiAffine.delete(id);
    if (unseen) onTheWay.seen(entry.requests);
    onTheWay.remove(entry.requests);
    // The last one out drops the sum, so that rounding cannot pile up.
    if (onTheWay.pods === 0) this.#dropLoad(entry);
    this.#countSibling(entry, -1);
  }

  /** Whether a decision is remembered. */
  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** What is on its way to a target at this time, with what the other replicas may have sent. */
  load(topologyKey: string, target: string, now: number): PendingLoad {
    const { pods, cpuMillicores, memoryBytes } = this.loads(topologyKey, now)(target);
    return { pods, cpuMillicores, memoryBytes };
  }

  /**
   * The same for one target after another, with the clock looked at once. To be read at once, too: what
   * is given back changes with the next decision.
   */
  loads(topologyKey: string, now: number): (target: string) => PendingLoad {
    this.#expire(now);
    const loads = this.#loads.get(topologyKey);
    const { othersPerOwn } = this.#share;
    return (target) => {
      const onTheWay = loads?.get(target);
      if (onTheWay === undefined) return NOTHING;
      return othersPerOwn > 0 ? onTheWay.withOthers(othersPerOwn) : onTheWay;
    };
  }

  /** Pods of one workload on their way, by target. */
  siblings(
    workload: Pick<PendingPlacement, 'namespace' | 'workload' | 'topologyKey'>,
    now: number,
  ): ReadonlyMap<string, number> {
    this.#expire(now);
    return this.#siblings.get(siblingsKey(workload)) ?? NO_SIBLINGS;
  }

  /** Every decision still on its way, oldest first. */
  *entries(now: number): Iterable<PendingPlacement> {
    this.#expire(now);
    for (const { entry } of this.#entries.values()) yield entry;
  }

  /**
   * Decisions on their way that may keep a Pod with these terms away: every one, or for a Pod
   * without terms those that have some themselves.
   */
  near(terms: readonly PodAffinityTerm[], now: number): Iterable<PendingPlacement> {
    this.#expire(now);
    return terms.length > 0 ? this.entries(now) : this.#antiAffine.values();
  }

  /** How many decisions are remembered. */
  get size(): number {
    return this.#entries.size;
  }

  #expire(now: number): void {
    if (now - this.#oldestAt <= this.#limits.lifetimeMilliseconds) return;
    for (let { oldest } = this.#entries; oldest !== undefined; { oldest } = this.#entries) {
      this.#oldestAt = oldest.value.entry.decidedAt;
      if (now - this.#oldestAt <= this.#limits.lifetimeMilliseconds) return;
      this.remove(oldest.key);
    }
    this.#oldestAt = Infinity;
  }

  #confirm(pending: Pending): void {
    if (!pending.unseen) return;
    pending.unseen = false;
    pending.onTheWay.seen(pending.entry.requests);
    this.#share.sawOwn();
  }

  #loadTo({ topologyKey, target }: PendingPlacement): OnTheWay {
    let loads = this.#loads.get(topologyKey);
    if (loads === undefined) this.#loads.set(topologyKey, (loads = new Map<string, OnTheWay>()));
    let load = loads.get(target);
    if (load === undefined) loads.set(target, (load = new OnTheWay()));
    return load;
  }

  #dropLoad({ topologyKey, target }: PendingPlacement): void {
    const loads = this.#loads.get(topologyKey);
    loads?.delete(target);
    if (loads?.size === 0) this.#loads.delete(topologyKey);
  }

  #countSibling(entry: PendingPlacement, sign: 1 | -1): void {
    const key = siblingsKey(entry);
    let counts = this.#siblings.get(key);
    if (counts === undefined) this.#siblings.set(key, (counts = new Map<string, number>()));
    const count = (counts.get(entry.target) ?? 0) + sign;
    if (count > 0) counts.set(entry.target, count);
    else counts.delete(entry.target);
    if (counts.size === 0) this.#siblings.delete(key);
  }
}

function siblingsKey(
  entry: Pick<PendingPlacement, 'namespace' | 'workload' | 'topologyKey'>,
): string {
  return `${entry.namespace} ${entry.workload} ${entry.topologyKey}`;
}
