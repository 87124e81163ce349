// SPDX-License-Identifier: Apache-2.0

/*
 * What the dashboard's endpoints answer, as JSON: the contract between the server and its page
 * (docs/reference/dashboard.md). Times are milliseconds since the epoch, by the product's clock. A
 * field that is undefined is absent from the JSON: unknown is never 0.
 */

/** How good a number is. Only the first two come with a value. */
export type FigureStatus =
  | 'measured'
  | 'modelled'
  | 'stale'
  | 'absent'
  | 'too-few-samples'
  | 'not-a-number'
  | 'zero'
  | 'fake'
  | 'absurd';

/** A number with its provenance, or why there is none. */
export interface Figure {
  readonly status: FigureStatus;
  /** Only where the status is `measured` or `modelled`. */
  readonly value?: number | undefined;
  /** Age of the newest sample at the end of the window. */
  readonly ageSeconds?: number | undefined;
  /** One line for people: which series, what was found. */
  readonly detail?: string | undefined;
}

/** A value with an interval around it. */
export interface IntervalFigure {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** No figure, which is not a figure of 0. */
export interface Refused {
  readonly kind: 'refused';
  readonly reason: string;
}

/** `GET /api/overview`: who answers, and what it can see. */
export interface Overview {
  readonly version: string;
  /** Name of the process that answers. */
  readonly identity: string;
  readonly startedAt: number;
  /** Whether it leads; figures of settled decisions are only known to the leader. */
  readonly leads: boolean;
  /** Whose token it was; absent = nobody was asked. */
  readonly user?: string | undefined;
  /** Whether results of an experiment can be shown. */
  readonly experiment: boolean;
  /** What this process cannot see, and where it is; one sentence each. */
  readonly limits: readonly string[];
}

/** A Pod on a node. */
export interface NodePod {
  readonly namespace: string;
  readonly name: string;
  readonly workload: string;
  readonly phase: string;
  readonly ready: boolean;
  /** Id of its decision; absent = it carries none. */
  readonly decision?: string | undefined;
  /** Target that it was asked to prefer; absent = none. */
  readonly asked?: string | undefined;
}

/** One node as it was in the last window. */
export interface NodeNow {
  readonly name: string;
  readonly ready: boolean;
  readonly unschedulable: boolean;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly watts: Figure;
  /** 0..1. */
  readonly cpuRatio: Figure;
  readonly memoryRatio: Figure;
  /** Watts of the windows before, oldest first; null = not known then. */
  readonly wattsHistory: readonly (number | null)[];
  /** Those with a decision first. */
  readonly pods: readonly NodePod[];
  /** Pods left out of the list. */
  readonly podsOmitted: number;
}

/** `GET /api/cluster`. */
export interface ClusterNow {
  /** End of the last window; absent = nothing was measured yet. */
  readonly observedAt?: number | undefined;
  readonly windowSeconds: number;
  /** Why the last window has no answer; absent = it has. */
  readonly problem?: string | undefined;
  readonly totals: ClusterTotals;
  readonly nodes: readonly NodeNow[];
  readonly nodesOmitted: number;
}

/** Sums over the cluster, each with how much of it is known. */
export interface ClusterTotals {
  readonly nodes: number;
  readonly readyNodes: number;
  /** Sum over the nodes with a number; absent = none has one. */
  readonly watts?: number | undefined;
  readonly wattsNodes: number;
  readonly modelledNodes: number;
  readonly pods: number;
  readonly placedPods: number;
  readonly adherence?: Adherence | undefined;
}

/** Pods that landed on the target they were asked to prefer, of all that were asked. */
export interface Adherence {
  readonly followed: number;
  readonly asked: number;
}

/** What was saved against the holdout; intervals are 95 % confidence sequences. */
export interface SavedFigure {
  readonly kind: 'estimated';
  readonly decisions: number;
  readonly holdouts: number;
  readonly requests: number;
  readonly baselineJoulesPerRequest: number;
  readonly savedJoulesPerRequest: IntervalFigure;
  /** Share of the baseline; above 0 = saved. */
  readonly savedRatio?: IntervalFigure | undefined;
  readonly savedJoules: IntervalFigure;
  /** Below 0 = quicker. */
  readonly p99DifferenceMilliseconds?: IntervalFigure | undefined;
}

/** Evidence of a workload, or of a namespace. */
export interface Evidence {
  readonly settled: number;
  readonly adherence?: Adherence | undefined;
  readonly savings: SavedFigure | Refused;
}

/** One look at the savings of a namespace. */
export interface SavingsPoint {
  readonly time: number;
  readonly decisions: number;
  readonly holdouts: number;
  /** Share of the baseline; absent = no figure then. */
  readonly ratio?: IntervalFigure | undefined;
}

/** Savings of one namespace. */
export interface NamespaceSavings extends Evidence {
  readonly namespace: string;
  readonly policy?: string | undefined;
  readonly mode?: string | undefined;
  /** Since this process started, oldest first. */
  readonly history: readonly SavingsPoint[];
  readonly workloads: readonly WorkloadSavings[];
  readonly workloadsOmitted: number;
}

/** Savings of one workload under one policy. */
export interface WorkloadSavings extends Evidence {
  readonly workload: string;
  readonly policy: string;
  /** One phrase on its circuit breaker. */
  readonly circuit: string;
}

/** `GET /api/savings`. */
export interface Savings {
  /** Since when the histories are kept. */
  readonly since: number;
  readonly namespaces: readonly NamespaceSavings[];
  readonly namespacesOmitted: number;
  /** Models that could not be read, one line each. */
  readonly unreadable: readonly string[];
}

/** One workload as it was in the last window. */
export interface WorkloadNow {
  readonly namespace: string;
  readonly workload: string;
  readonly tier: string;
  readonly pods: number;
  /** Those of them that came inside the window: they have no figures yet. */
  readonly youngPods: number;
  /** What the latency speaks of: a Pod that serves no requests is given its application's. */
  readonly scope: 'pod' | 'workload' | 'application';
  readonly requestsPerSecond: Figure;
  /** Mean of its Pods' p99, weighted by requests: what the learner compares. */
  readonly p99Milliseconds: Figure;
  /** The slowest Pod's. */
  readonly worstP99Milliseconds: Figure;
  /** As Kepler attributes energy, by requests served with success. */
  readonly joulesPerRequest: Figure;
  /** What the default scheduler's Pods have under this load; absent = not known. */
  readonly defaultP99Milliseconds?: number | undefined;
  /** The same for energy, where the policy accounts it as Kepler attributes it. */
  readonly defaultJoulesPerRequest?: number | undefined;
  readonly loadBucket?: string | undefined;
  readonly history: readonly WorkloadPoint[];
}

/** One window of a workload; null = not known then. */
export type WorkloadPoint = readonly [
  time: number,
  p99Milliseconds: number | null,
  joulesPerRequest: number | null,
];

/** `GET /api/workloads`. */
export interface Workloads {
  readonly observedAt?: number | undefined;
  readonly windowSeconds: number;
  readonly problem?: string | undefined;
  readonly workloads: readonly WorkloadNow[];
  readonly workloadsOmitted: number;
}

/** A table of learned values that can be shown. */
export interface ValueTableName {
  readonly namespace: string;
  readonly policy: string;
  /** `Deployment/frontend`, or `Tier/data`. */
  readonly workload: string;
  readonly cells: number;
  /** Sum of all samples. */
  readonly samples: number;
}

/** `GET /api/values`. */
export interface ValueTables {
  readonly tables: readonly ValueTableName[];
  readonly tablesOmitted: number;
}

/** What is believed of one action in one state. */
export interface ValueCell {
  readonly state: string;
  readonly action: string;
  /** Advantage over the default scheduler; 0 = as good. */
  readonly value: number;
  readonly samples: number;
}

/** `GET /api/values/table`. */
export interface ValueTable extends ValueTableName {
  readonly modelVersion: number;
  readonly rollouts: number;
  readonly defaultSamples: number;
  readonly circuit: string;
  readonly states: readonly { readonly key: string; readonly text: string }[];
  /** The default first, then by name. */
  readonly actions: readonly string[];
  readonly values: readonly ValueCell[];
}

/** A figure of the experiment: mean and 95 % interval over seeds. */
export interface ExperimentFigure extends IntervalFigure {
  readonly n: number;
}

/** What one way of placing achieved. */
export interface ExperimentFigures {
  readonly throughput: ExperimentFigure;
  readonly p99: ExperimentFigure;
  readonly joulesPerRequest: ExperimentFigure;
}

/** One cluster of the experiment. */
export interface ExperimentCluster {
  readonly name: string;
  readonly title: string;
  readonly scenarios: readonly (ExperimentFigures & {
    readonly name: string;
    readonly title: string;
  })[];
  /** The agent's figures divided by the default scheduler's, paired by seed. */
  readonly agentToDefault: ExperimentFigures;
  /** The agent's figures, rollout by rollout. */
  readonly learning: readonly ExperimentFigures[];
}

/** `GET /api/experiment`. */
export interface Experiment {
  readonly startedAt: string;
  readonly durationSeconds: number;
  readonly seeds: number;
  readonly clusters: readonly ExperimentCluster[];
}

/** Parts of the page that can have news. */
export type Part = 'overview' | 'cluster' | 'workloads' | 'savings' | 'values';

/** The body of every answer that is no success. */
export interface Problem {
  readonly error: { readonly status: number; readonly message: string };
}
