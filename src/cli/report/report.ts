// SPDX-License-Identifier: Apache-2.0
import type { ModelShard } from '#cluster/model/model.ts';
import type { PlacementPolicy, PolicySpec } from '#cluster/policy/policy.ts';
import { type Adherence, adherenceOf } from '#cli/explain/adherence.ts';
import { type CircuitFigure, circuitFigure } from './circuit-figure.ts';
import type { Course } from './course.ts';
import type { Gathered } from './gather.ts';
import type { Assumptions } from './options.ts';
import { type Refusal, type SavingsFigure, savingsFigure } from './savings-figure.ts';
import { type ShadowFigure, shadowFigure } from './shadow-figure.ts';

/** Everything that `perihelion report` says. */
export interface Report {
  /** RFC 3339. */
  readonly generatedAt: string;
  readonly assumptions: Assumptions;
  /** By name. */
  readonly namespaces: readonly NamespaceReport[];
  /** How it went over time; undefined = no audit log was given. */
  readonly courses?: readonly Course[] | undefined;
  /** What could not be read, one line each. */
  readonly unreadable: readonly string[];
}

/** Evidence of one workload, or of several together. */
export interface Evidence {
  /** Settled decisions that the model remembers: the newest, and those of Pods that still exist. */
  readonly settled: number;
  /** Pods that landed on the target they were asked to prefer, of all that were asked. */
  readonly adherence: Adherence | undefined;
  readonly savings: SavingsFigure | Refusal;
  /** Undefined = no decision was taken in mode Shadow. */
  readonly shadow: ShadowFigure | Refusal | undefined;
}

/** One namespace, its workloads together and one by one. */
export interface NamespaceReport extends Evidence {
  readonly namespace: string;
  /** In force; undefined = policies could not be read. */
  readonly policy: { readonly name: string; readonly builtIn: boolean } | undefined;
  readonly mode: PolicySpec['mode'] | undefined;
  readonly workloads: readonly WorkloadReport[];
  /** Values of the tiers, which stand in for what a workload has not tried. */
  readonly tiers: readonly Learned[];
}

/** What one model shard believes. */
export interface Learned {
  /** `Deployment/frontend`, or `Tier/data`. */
  readonly workload: string;
  readonly policy: string;
  readonly modelVersion: number;
  readonly rollouts: number;
  readonly values: readonly LearnedValue[];
}

/** One workload under one policy. */
export interface WorkloadReport extends Learned, Evidence {
  /** Of its policy; undefined = that policy is not in force in the namespace, or unknown. */
  readonly mode: PolicySpec['mode'] | undefined;
  /** Pods of the default scheduler that its baseline rests on. */
  readonly defaultSamples: number;
  readonly circuit: CircuitFigure;
}

/** What is believed of one action in one state. */
export interface LearnedValue {
  readonly state: string;
  readonly action: string;
  /** Advantage over the default scheduler; 0 = as good. */
  readonly value: number;
  /** Weighted number of updates. */
  readonly samples: number;
}

const TIER = 'Tier/';

/**
 * Makes the report; pure.
 *
 * @param now milliseconds since the epoch
 */
export function reportOf(
  { shards, policies, unreadable }: Gathered,
  assumptions: Assumptions,
  now: number,
): Report {
  const names = [...new Set(shards.map(({ namespace }) => namespace))].sort();
  return {
    generatedAt: new Date(now).toISOString(),
    assumptions,
    namespaces: names.map((namespace) =>
      namespaceReport(
        namespace,
        shards.filter((shard) => shard.namespace === namespace),
        policies?.policyFor(namespace),
        { assumptions, now },
      ),
    ),
    unreadable,
  };
}

interface Context {
  readonly assumptions: Assumptions;
  readonly now: number;
}

function namespaceReport(
  namespace: string,
  shards: readonly ModelShard[],
  policy: PlacementPolicy | undefined,
  context: Context,
): NamespaceReport {
  const ordered = shards.toSorted(
    (a, b) => byText(a.workload, b.workload) || byText(a.policy, b.policy),
  );
  const workloads = ordered.filter(({ workload }) => !workload.startsWith(TIER));
  return {
    namespace,
    policy: policy === undefined ? undefined : { name: policy.name, builtIn: policy.builtIn },
    mode: policy?.spec.mode,
    ...evidenceOf(workloads, policy?.spec, context.assumptions),
    workloads: workloads.map((shard) => {
      const held = policy?.name === shard.policy ? policy.spec : undefined;
      return {
        ...learned(shard),
        mode: held?.mode,
        defaultSamples: shard.defaultSamples,
        ...evidenceOf([shard], held, context.assumptions),
        circuit: circuitFigure(shard.circuit, context.now),
      };
    }),
    tiers: ordered.filter(({ workload }) => workload.startsWith(TIER)).map(learned),
  };
}

function evidenceOf(
  shards: readonly ModelShard[],
  policy: PolicySpec | undefined,
  assumptions: Assumptions,
): Evidence {
  const sum = (valueOf: (shard: ModelShard) => number): number =>
    shards.reduce((total, shard) => total + valueOf(shard), 0);
  return {
    settled: sum((shard) => shard.settled.length),
    adherence: adherenceOf(shards),
    savings: savingsFigure(
      shards.map(({ savings }) => savings),
      policy,
      assumptions,
    ),
    shadow: shadowFigure(shards.map(({ shadow }) => shadow)),
  };
}

function learned({ workload, policy, version, episodes, cells }: ModelShard): Learned {
  return {
    workload,
    policy,
    modelVersion: version,
    rollouts: episodes,
    values: Object.entries(cells)
      .flatMap(([state, row]) =>
        Object.entries(row).map(([action, { value, weight }]) => ({
          state,
          action,
          value,
          samples: weight,
        })),
      )
      .sort((a, b) => byText(a.state, b.state) || b.value - a.value || byText(a.action, b.action)),
  };
}

function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
