// SPDX-License-Identifier: Apache-2.0
import type { AdmissionEntry, SettlementEntry } from '#audit/entry.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { Observation } from '#cluster/model/observation.ts';
import type { PolicySpec } from '#cluster/policy/policy.ts';
import type { SlimNode, SlimPod } from '#cluster/objects/slim.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import type { Reading } from '#telemetry/reading/reading.ts';
import type { LatencyWindow, NodeLoad, PowerWindow, Window } from '#telemetry/reading/source.ts';
import type { Experiment, NamespaceSavings } from '#dashboard/api/api.ts';
import type { DecisionRow, Story } from '#dashboard/api/api-decisions.ts';

/*
 * What the dashboard reads, as small as it needs it; the composition root plugs the informers, the
 * telemetry and the reports in. Nothing here writes anything.
 */

/** The part of the cluster's view that is shown. */
export interface ShownCluster {
  nodes(): Iterable<SlimNode>;
  node(name: string): SlimNode | undefined;
  podsOnNode(name: string): Iterable<SlimPod>;
  pods(namespace: string): Iterable<SlimPod>;
}

/** The published models. */
export interface ShownModels {
  shards(): Iterable<ModelShard>;
  shard(namespace: string, policy: string, workload: WorkloadKey): ModelShard | undefined;
  observation(namespace: string, policy: string): Observation | undefined;
}

/** The policy in force for a namespace. */
export interface ShownPolicy {
  readonly name: string;
  readonly spec: PolicySpec;
}

/** Everything telemetry said about one window. */
export interface Measurement {
  readonly window: Window;
  readonly power: PowerWindow;
  readonly latency: LatencyWindow;
  readonly load: ReadonlyMap<string, NodeLoad>;
}

/** A savings figure with everything but its history. */
export type SavingsNow = Omit<NamespaceSavings, 'history'>;

/** What is known of one decision, for its story. */
export interface KnownDecision {
  readonly row: DecisionRow;
  readonly state: string;
  /** `name@generation`. */
  readonly policy: string;
  /** Undefined = the annotations do not say. */
  readonly modelVersion: number | undefined;
  readonly node: string | undefined;
  /** Its lines, where this process has written them and they are still held. */
  readonly admission: AdmissionEntry | undefined;
  readonly settlement: SettlementEntry | undefined;
}

/** Everything that the dashboard is given. */
export interface DashboardSources {
  readonly view: ShownCluster;
  readonly models: ShownModels;
  readonly policyFor: (namespace: string) => ShownPolicy;
  /** Namespaces that opted in. */
  readonly namespaces: () => Iterable<string>;
  readonly workloadOf: (pod: SlimPod) => WorkloadKey;
  readonly tierOf: (pod: SlimPod) => string;
  /** Rejects where telemetry does not answer at all. */
  readonly measure: (window: Window) => Promise<Measurement>;
  /** `healthy`, or the name of the fault, of a node's power. */
  readonly powerHealth: (reading: Reading | undefined, staleAfterSeconds: number) => string;
  readonly savings: () => {
    readonly namespaces: readonly SavingsNow[];
    readonly unreadable: readonly string[];
  };
  /** One phrase on the circuit breaker of a shard. */
  readonly circuitText: (shard: ModelShard) => string;
  /** A state in words. */
  readonly stateText: (state: string) => string;
  readonly story: (known: KnownDecision) => Story;
  readonly experiment: () => Experiment | undefined;
  readonly leads: () => boolean;
  /** What this process cannot see. */
  readonly limits: () => readonly string[];
}
