// SPDX-License-Identifier: Apache-2.0
import type { PodAffinityTerm, Resources } from '#cluster/slim.ts';
import type { WorkloadKey } from '#cluster/workload.ts';
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

/** What is on its way to one target. */
export interface PendingLoad extends Resources {
  readonly pods: number;
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

/** Topology key to target to what is on its way there. */
type Loads = Map<string, Map<string, PendingLoad>>;

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
  readonly #entries = new Map<string, PendingPlacement>();
  /** Those of them that keep others away: most clusters have none, so nobody looks at the rest. */
  readonly #antiAffine = new Map<string, PendingPlacement>();
  readonly #loads: Loads = new Map();
  /** This replica's own part of it that the watch has not shown yet, and the ids of that. */
  readonly #unseenLoads: Loads = new Map();
  readonly #unseen = new Set<string>();
  readonly #share = new Share();
  /** Workload and topology key to Pods on their way by target. */
  readonly #siblings = new Map<string, Map<string, number>>();

  /**
   * No entry is older than this. Asked several times per decision, and the first of a map that has
   * lost thousands from its front is slow to find.
   */
  #oldestAt = Infinity;

  constructor(limits: InFlightLimits) {
    this.#limits = limits;
  }

  /** Remembers a decision of this replica; one with the same id is replaced. */
  add(entry: PendingPlacement): void {
    this.#add(entry);
    if (!this.#entries.has(entry.id)) return;
    this.#unseen.add(entry.id);
    changeLoad(this.#unseenLoads, entry, 1);
  }

  /**
   * The watch shows a Pod that waits for a node: its decision is this replica's or another's.
   * @param since decisions from before say nothing of the share: they may be those of a process that
   *   ran in this one's place. Milliseconds since the epoch
   */
  seen(entry: PendingPlacement, since: number): void {
    if (this.#entries.has(entry.id)) {
      this.#confirm(entry.id);
      return;
    }
    if (entry.decidedAt >= since) this.#share.sawOther();
    this.#add(entry);
  }

  #add(entry: PendingPlacement): void {
    this.remove(entry.id);
    this.#entries.set(entry.id, entry);
    this.#oldestAt = Math.min(this.#oldestAt, entry.decidedAt);
    if (entry.requiredAntiAffinity.length > 0) this.#antiAffine.set(entry.id, entry);
    this.#change(entry, 1);
    const oldest = this.#entries.keys().next();
    if (this.#entries.size > this.#limits.entries && oldest.done !== true) {
      this.remove(oldest.value);
    }
  }

  /** Forgets a decision: its Pod is bound, or gone. Unknown ids are ignored. */
  remove(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    if (this.#unseen.delete(id)) changeLoad(this.#unseenLoads, entry, -1);
    this.#entries.delete(id);
    this.#antiAffine.delete(id);
    this.#change(entry, -1);
  }

  /** Whether a decision is remembered. */
  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** What is on its way to a target at this time, with what the other replicas may have sent. */
  load(topologyKey: string, target: string, now: number): PendingLoad {
    return this.loads(topologyKey, now)(target);
  }

  /** The same for one target after another, with the clock looked at once. */
  loads(topologyKey: string, now: number): (target: string) => PendingLoad {
    this.#expire(now);
    const loads = this.#loads.get(topologyKey);
    const unseenLoads = this.#unseenLoads.get(topologyKey);
    const { othersPerOwn } = this.#share;
    return (target) => {
      const load = loads?.get(target) ?? NOTHING;
      const unseen = othersPerOwn > 0 ? unseenLoads?.get(target) : undefined;
      return unseen === undefined ? load : withOthers(load, unseen, othersPerOwn);
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
  entries(now: number): Iterable<PendingPlacement> {
    this.#expire(now);
    return this.#entries.values();
  }

  /**
   * Decisions on their way that may keep a Pod with these terms away: every one, or for a Pod
   * without terms those that have some themselves.
   */
  near(terms: readonly PodAffinityTerm[], now: number): Iterable<PendingPlacement> {
    this.#expire(now);
    return (terms.length > 0 ? this.#entries : this.#antiAffine).values();
  }

  /** How many decisions are remembered. */
  get size(): number {
    return this.#entries.size;
  }

  #expire(now: number): void {
    if (now - this.#oldestAt <= this.#limits.lifetimeMilliseconds) return;
    for (const entry of this.#entries.values()) {
      this.#oldestAt = entry.decidedAt;
      if (now - entry.decidedAt <= this.#limits.lifetimeMilliseconds) return;
      this.remove(entry.id);
    }
    this.#oldestAt = Infinity;
  }

  #confirm(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || !this.#unseen.delete(id)) return;
    changeLoad(this.#unseenLoads, entry, -1);
    this.#share.sawOwn();
  }

  #change(entry: PendingPlacement, sign: 1 | -1): void {
    changeLoad(this.#loads, entry, sign);
    const key = siblingsKey(entry);
    const counts = this.#siblings.get(key) ?? new Map<string, number>();
    const count = (counts.get(entry.target) ?? 0) + sign;
    if (count > 0) counts.set(entry.target, count);
    else counts.delete(entry.target);
    if (counts.size > 0) this.#siblings.set(key, counts);
    else this.#siblings.delete(key);
  }
}

function changeLoad(all: Loads, entry: PendingPlacement, sign: 1 | -1): void {
  const { topologyKey, target } = entry;
  const loads = all.get(topologyKey) ?? new Map<string, PendingLoad>();
  const load = loads.get(target) ?? NOTHING;
  const pods = load.pods + sign;
  // The last one out drops the sum, so that rounding cannot pile up.
  if (pods <= 0) {
    loads.delete(target);
    if (loads.size === 0) all.delete(topologyKey);
    return;
  }
  all.set(topologyKey, loads);
  loads.set(target, {
    pods,
    cpuMillicores: load.cpuMillicores + sign * entry.requests.cpuMillicores,
    memoryBytes: load.memoryBytes + sign * entry.requests.memoryBytes,
  });
}

/** Whole Pods, and what they ask for on the mean. */
function withOthers(load: PendingLoad, unseen: PendingLoad, othersPerOwn: number): PendingLoad {
  return {
    pods: load.pods + Math.round(othersPerOwn * unseen.pods),
    cpuMillicores: load.cpuMillicores + Math.round(othersPerOwn * unseen.cpuMillicores),
    memoryBytes: load.memoryBytes + Math.round(othersPerOwn * unseen.memoryBytes),
  };
}

function siblingsKey(
  entry: Pick<PendingPlacement, 'namespace' | 'workload' | 'topologyKey'>,
): string {
  return `${entry.namespace} ${entry.workload} ${entry.topologyKey}`;
}
