// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import { DECISION_ANNOTATIONS, EXPLORED_ANNOTATION } from '#cluster/decision/annotations.ts';
import type { SigningKey } from '#cluster/decision/signature.ts';
import type { DecisionRecord } from '#cluster/decision/decision.ts';
import type { PolicyView } from '#cluster/policy/policy.ts';
import type { SlimPod } from '#cluster/objects/slim.ts';
import type { ClusterView } from '#cluster/mirror/view.ts';
import { workloadKey, type WorkloadKey } from '#cluster/objects/workload.ts';
import { ExplorationBudget } from '#admission/remembered/budget.ts';
import { CheckedDecisions } from '#admission/remembered/checked-decisions.ts';
import { InFlight } from '#admission/remembered/in-flight.ts';
import type { IncomingPod } from '#admission/pod/incoming-pod.ts';
import { workloadOf } from '#admission/pod/owner.ts';
import { Placements } from '#admission/remembered/placements.ts';
import { RecentIds } from '#admission/remembered/recent-ids.ts';
import { SeenTargets } from '#admission/targets/seen-targets.ts';
import { TargetTotals } from '#admission/targets/target-totals.ts';
import { TargetOrder } from '#admission/targets/targets.ts';
import { Trials, type StandingTrial } from '#admission/remembered/trials.ts';
import type { Decision, DecisionMemory } from './decide.ts';
import { YOUNG_MILLISECONDS } from './former-decision.ts';

/** Bounds of what one replica remembers. */
const ENTRY_LIMIT = 20_000;

/** A Pod that is not bound by then is stuck, or was never made. */
const IN_FLIGHT_MILLISECONDS = 60_000;

/** Whether a decision asked for a target, and a term was injected for it. */
function isSent({ action, shadow }: DecisionRecord): boolean {
  return action !== DEFAULT_ACTION && shadow !== true;
}

/** What {@link Memory} needs. */
export interface MemoryOptions {
  readonly view: Pick<ClusterView, 'owner' | 'pods'>;
  readonly policies: PolicyView;
  readonly keys: SigningKey | readonly SigningKey[];
  readonly now: () => number;
}

/**
 * What one replica remembers between admissions, all of it bounded and none of it needed after a
 * restart: decisions on their way, decisions that have their Pod, and the budget of exploration.
 */
export class Memory implements DecisionMemory {
  readonly inFlight = new InFlight({
    entries: ENTRY_LIMIT,
    lifetimeMilliseconds: IN_FLIGHT_MILLISECONDS,
  });
  readonly taken = new RecentIds({
    entries: ENTRY_LIMIT,
    lifetimeMilliseconds: 2 * YOUNG_MILLISECONDS,
  });
  readonly budget = new ExplorationBudget();
  readonly totals = new TargetTotals();
  readonly seen = new SeenTargets();
  readonly placements = new Placements();
  readonly order = new TargetOrder();
  readonly trials = new Trials(
    { workloads: ENTRY_LIMIT, lifetimeMilliseconds: IN_FLIGHT_MILLISECONDS },
    (...asked) => this.#standingTrials(...asked),
  );
  readonly #options: MemoryOptions;
  readonly #checked: CheckedDecisions;
  /** When the first Pod was looked at: what was decided before it may be a former process's. */
  #since: number | undefined;

  constructor(options: MemoryOptions) {
    this.#options = options;
    this.#checked = new CheckedDecisions(options.keys, {
      pods: ENTRY_LIMIT,
      lifetimeMilliseconds: IN_FLIGHT_MILLISECONDS,
    });
  }

  /**
   * Remembers a decision whose patch is about to be sent: what is on its way if it injects
   * something, and its part of the budget if it was taken to learn.
   */
  commit(pod: IncomingPod, { record, target }: Decision): void {
    const { id, decidedAt, workload } = record;
    if (record.explored === true) this.budget.spend(pod.namespace, id, decidedAt);
    if (record.shadow === true || target === undefined) return;
    this.trials.add(pod.namespace, workload, id, { decidedAt, podUid: undefined });
    this.inFlight.add({
      id: record.id,
      decidedAt: record.decidedAt,
      namespace: pod.namespace,
      workload: record.workload,
      topologyKey: target.topologyKey,
      target: target.value,
      labels: pod.labels,
      requests: pod.requests,
      requiredAntiAffinity: pod.requiredAntiAffinity,
    });
  }

  /**
   * Takes in a Pod that was added or changed. A bound one is no longer on its way; an unbound one
   * was decided by this replica or by another, and either way it is.
   */
  podSeen(pod: SlimPod): void {
    this.#since ??= this.#options.now();
    this.placements.seen(pod, workloadKey(workloadOf(pod, this.#options.view)));
    // Signatures are checked only where they matter: most changes are of Pods long bound.
    if (!Object.hasOwn(pod.annotations, DECISION_ANNOTATIONS.id)) return;
    const now = this.#options.now();
    this.#countExplored(pod, now);
    if (now - pod.createdAt > IN_FLIGHT_MILLISECONDS) {
      this.#forget(pod);
      return;
    }
    const reading = this.#checked.read(pod, now);
    if (reading.kind !== 'valid') return;
    const { record } = reading;
    this.taken.add(record.id, now);
    const { id, decidedAt, workload } = record;
    if (isSent(record)) {
      this.trials.add(pod.namespace, workload, id, { decidedAt, podUid: pod.uid });
    }
    const waiting = pod.nodeName === undefined && pod.deletedAt === undefined;
    if (waiting) this.#await(pod, record, this.#since);
    else this.inFlight.remove(record.id);
  }

  /** Takes in that a Pod was deleted. */
  podGone(pod: SlimPod): void {
    this.placements.gone(pod);
    this.#forget(pod);
    const { annotations, namespace, uid } = pod;
    const id = annotations[DECISION_ANNOTATIONS.id];
    const workload = annotations[DECISION_ANNOTATIONS.workload];
    if (id !== undefined && workload !== undefined) {
      this.trials.remove(namespace, workload, id, uid);
    }
  }

  /**
   * A trial lasts far longer than a Pod is followed here, so all Pods of the namespace are looked at:
   * 4 ms for 50,000 of them, and signatures are checked of candidates only.
   */
  #standingTrials(namespace: string, workload: WorkloadKey, from: number): StandingTrial[] {
    const found: { readonly pod: SlimPod; readonly trial: StandingTrial }[] = [];
    const now = this.#options.now();
    for (const pod of this.#options.view.pods(namespace)) {
      const { annotations } = pod;
      const isOf = annotations[DECISION_ANNOTATIONS.workload] === workload;
      if (!isOf || !(Number(annotations[DECISION_ANNOTATIONS.decidedAt]) >= from)) continue;
      const reading = this.#checked.read(pod, now);
      if (reading.kind !== 'valid' || !isSent(reading.record)) continue;
      const { id, decidedAt } = reading.record;
      found.push({ pod, trial: { id, decidedAt, podUid: pod.uid } });
    }
    return found.sort((a, b) => a.pod.createdAt - b.pod.createdAt).map(({ trial }) => trial);
  }

  /**
   * Counts a decision of another replica, or of this one before it was started anew. For the hour,
   * not for the minute that the rest is remembered, so only what is marked is looked at.
   */
  #countExplored(pod: SlimPod, now: number): void {
    const { annotations, namespace } = pod;
    if (!Object.hasOwn(annotations, EXPLORED_ANNOTATION)) return;
    const id = annotations[DECISION_ANNOTATIONS.id] ?? '';
    const claimed = Number(annotations[DECISION_ANNOTATIONS.decidedAt]);
    if (this.budget.hasCounted(namespace, id, claimed, now)) return;
    const reading = this.#checked.read(pod, now);
    if (reading.kind !== 'valid' || reading.record.explored !== true) return;
    this.budget.seen(namespace, id, reading.record.decidedAt, now);
  }

  #await(pod: SlimPod, record: DecisionRecord, since: number): void {
    // A Shadow decision says nothing of where its Pod will go.
    if (!isSent(record)) return;
    const entry = {
      id: record.id,
      decidedAt: record.decidedAt,
      namespace: pod.namespace,
      workload: record.workload,
      topologyKey: this.#options.policies.policyFor(pod.namespace).spec.topologyKey,
      target: record.action,
      labels: pod.labels,
      requests: pod.requests,
      requiredAntiAffinity: pod.requiredAntiAffinity,
    };
    this.inFlight.seen(entry, since);
  }

  #forget(pod: SlimPod): void {
    this.#checked.forget(pod);
    const id = pod.annotations[DECISION_ANNOTATIONS.id];
    if (id !== undefined) this.inFlight.remove(id);
  }
}
