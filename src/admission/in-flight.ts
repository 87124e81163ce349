// SPDX-License-Identifier: Apache-2.0
import type { PodAffinityTerm, Resources } from '#cluster/slim.ts';
import type { WorkloadKey } from '#cluster/workload.ts';

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

/**
 * Decisions just taken but not yet seen bound. A burst of Pods meets a view of the cluster from
 * before the burst; counting what is on its way keeps the burst from herding onto one target.
 */
export class InFlight {
  readonly #limits: InFlightLimits;
  /** In order of insertion, which is the order of expiry but for clock steps. */
  readonly #entries = new Map<string, PendingPlacement>();
  /** Those of them that keep others away: most clusters have none, so nobody looks at the rest. */
  readonly #antiAffine = new Map<string, PendingPlacement>();
  /** Topology key to target to what is on its way there. */
  readonly #loads = new Map<string, Map<string, PendingLoad>>();
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

  /** Remembers a decision; one with the same id is replaced. */
  add(entry: PendingPlacement): void {
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
    this.#entries.delete(id);
    this.#antiAffine.delete(id);
    this.#change(entry, -1);
  }

  /** Whether a decision is remembered. */
  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** What is on its way to a target at this time. */
  load(topologyKey: string, target: string, now: number): PendingLoad {
    return this.loads(topologyKey, now)(target);
  }

  /** The same for one target after another, with the clock looked at once. */
  loads(topologyKey: string, now: number): (target: string) => PendingLoad {
    this.#expire(now);
    const loads = this.#loads.get(topologyKey);
    return (target) => loads?.get(target) ?? NOTHING;
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

  #change(entry: PendingPlacement, sign: 1 | -1): void {
    this.#changeLoad(entry, sign);
    const key = siblingsKey(entry);
    const counts = this.#siblings.get(key) ?? new Map<string, number>();
    const count = (counts.get(entry.target) ?? 0) + sign;
    if (count > 0) counts.set(entry.target, count);
    else counts.delete(entry.target);
    if (counts.size > 0) this.#siblings.set(key, counts);
    else this.#siblings.delete(key);
  }

  #changeLoad(entry: PendingPlacement, sign: 1 | -1): void {
    const { topologyKey, target } = entry;
    const loads = this.#loads.get(topologyKey) ?? new Map<string, PendingLoad>();
    const load = loads.get(target) ?? NOTHING;
    const pods = load.pods + sign;
    // The last one out drops the sum, so that rounding cannot pile up.
    if (pods <= 0) {
      loads.delete(target);
      if (loads.size === 0) this.#loads.delete(topologyKey);
      return;
    }
    this.#loads.set(topologyKey, loads);
    loads.set(target, {
      pods,
      cpuMillicores: load.cpuMillicores + sign * entry.requests.cpuMillicores,
      memoryBytes: load.memoryBytes + sign * entry.requests.memoryBytes,
    });
  }
}

function siblingsKey(
  entry: Pick<PendingPlacement, 'namespace' | 'workload' | 'topologyKey'>,
): string {
  return `${entry.namespace} ${entry.workload} ${entry.topologyKey}`;
}
