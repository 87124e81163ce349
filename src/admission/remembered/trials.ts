// SPDX-License-Identifier: Apache-2.0
import type { StoredCircuit } from '#cluster/model/enforcement.ts';
import type { CircuitBreakerSpec } from '#cluster/policy/policy.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import { AgedMap } from './aged-map.ts';

/** A decision for a target. */
interface Trial {
  readonly decidedAt: number;
  /** Its Pod, once that was seen in the API server. */
  podUid: string | undefined;
}

/** A Pod with a decision for a target, as the watch shows it. */
export interface StandingTrial {
  readonly id: string;
  readonly decidedAt: number;
  readonly podUid: string;
}

/** Pods of a workload that were sent to a target since a time, the one created first first. */
export type StandingTrials = (
  namespace: string,
  workload: WorkloadKey,
  from: number,
) => Iterable<StandingTrial>;

/** Bounds of {@link Trials}. */
export interface TrialLimits {
  /** Workloads remembered at most; beyond it the one longest without a decision goes. */
  readonly workloads: number;
  /** A decision whose Pod does not show up for so long never had one. */
  readonly lifetimeMilliseconds: number;
}

/** Newest decisions of one workload that are remembered: as many as a policy may ask for. */
const NEWEST = 100;

/**
 * Decisions for a target by workload, whichever replica took them: how many Pods are on trial
 * while a circuit is half open. A Pod that goes gives its place back.
 */
export class Trials {
  readonly #limits: TrialLimits;
  readonly #standing: StandingTrials;
  /** Workload to the time since when its Pods were looked through. */
  readonly #looked = new AgedMap<number>();
  /** Workload to decision id to trial. */
  readonly #workloads = new AgedMap<AgedMap<Trial>>();

  /**
   * @param standing asked once per workload and round of trials: Pods that are on trial since before
   *   this process began
   */
  constructor(limits: TrialLimits, standing: StandingTrials = () => []) {
    this.#limits = limits;
    this.#standing = standing;
  }

  /** Remembers a decision; the first Pod that is seen with it has it, whatever was copied from that. */
  add(namespace: string, workload: WorkloadKey, id: string, trial: Readonly<Trial>): void {
    const key = keyOf(namespace, workload);
    const trials = this.#workloads.get(key) ?? new AgedMap<Trial>();
    const known = trials.get(id);
    if (known === undefined) trials.put(id, { ...trial });
    else known.podUid ??= trial.podUid;
    dropOldest(trials, NEWEST);
    this.#workloads.put(key, trials);
    dropOldest(this.#workloads, this.#limits.workloads);
  }

  /**
   * Forgets a decision: its Pod is gone. Annotations can be copied, and who deletes a copy must not get
   * another Pod sent on trial, so any other Pod that carries the id ends nothing.
   */
  remove(namespace: string, workload: WorkloadKey, id: string, podUid: string): void {
    const key = keyOf(namespace, workload);
    const trials = this.#workloads.get(key);
    if (trials?.get(id)?.podUid !== podUid) return;
    trials.take(id);
    if (trials.size === 0) this.#workloads.take(key);
  }

  /** Decisions for a target taken since a time. */
  since(namespace: string, workload: WorkloadKey, from: number, now: number): number {
    const key = keyOf(namespace, workload);
    this.#look(namespace, workload, from);
    let count = 0;
    for (const { decidedAt, podUid } of this.#workloads.get(key)?.values() ?? []) {
      const lost = podUid === undefined && now - decidedAt > this.#limits.lifetimeMilliseconds;
      if (decidedAt >= from && !lost) count += 1;
    }
    return count;
  }

  /** Looks through the Pods of a workload, once for each round. */
  #look(namespace: string, workload: WorkloadKey, from: number): void {
    const key = keyOf(namespace, workload);
    if (this.#looked.get(key) === from) return;
    this.#looked.put(key, from);
    dropOldest(this.#looked, this.#limits.workloads);
    for (const { id, decidedAt, podUid } of this.#standing(namespace, workload, from)) {
      this.add(namespace, workload, id, { decidedAt, podUid });
    }
  }
}

/**
 * Whether the circuit breaker leaves this Pod to the default scheduler: while the circuit cools
 * off, and after that while enough Pods are on trial.
 */
export function circuitBlocks(
  circuit: StoredCircuit | undefined,
  spec: CircuitBreakerSpec,
  now: number,
  trialsSince: (from: number) => number,
): boolean {
  if (spec.mode === 'Disabled' || circuit === undefined || circuit.state === 'closed') return false;
  if (now < circuit.retryAt) return true;
  return trialsSince(circuit.retryAt) >= spec.trialDecisions;
}

function dropOldest(map: AgedMap<unknown>, limit: number): void {
  const { oldest } = map;
  if (map.size > limit && oldest !== undefined) map.take(oldest.key);
}

/** No name of the API holds a space. */
function keyOf(namespace: string, workload: WorkloadKey): string {
  return `${namespace} ${workload}`;
}
