// SPDX-License-Identifier: Apache-2.0
import { MODEL_LIMITS } from '#cluster/model/limits.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type {
  Observation,
  TargetObservation,
  WorkloadObservation,
} from '#cluster/model/observation.ts';
import type { PlacementPolicy } from '#cluster/policy/policy.ts';
import type { SlimNode } from '#cluster/objects/slim.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import { loadBucket } from '#reward/load-bucket.ts';
import { holdoutRests } from '#reward/rest.ts';
import { fitting } from './fitting.ts';
import { cpuUseOf, useStep } from './cpu-use.ts';
import type { PendingDecision } from '#learner/episodes/decisions.ts';
import type { WindowReadings } from '#learner/readings/outcome.ts';
import { learnPowerCurves } from './power-curves.ts';
import { observeTarget } from './target-health.ts';
import { learnSpeeds, speedOf, speedsIn, type CpuCost } from './target-speed.ts';
import { targetsOf } from '#learner/tick/targets.ts';
import { peersOf, requestRate, type WorkloadPods } from '#learner/readings/workload-load.ts';

/** What one observation is made from; nothing of it is changed. */
export interface ObserveInput {
  readonly namespace: string;
  readonly policy: PlacementPolicy;
  /** Nodes by the value of the policy's topology key. */
  readonly targets: ReadonlyMap<string, readonly SlimNode[]>;
  readonly readings: WindowReadings;
  readonly workloads: WorkloadPods;
  /** The last one, whose power curves are carried on. */
  readonly before?: Observation | undefined;
  /** Every decision on a living Pod. */
  readonly decisions: readonly PendingDecision[];
  readonly shardOf: (workload: WorkloadKey) => ModelShard | undefined;
  readonly now: number;
}

/** What the replicas need to know of the present, for one (namespace, policy). */
export function observe(input: ObserveInput): Observation {
  const { namespace, policy, readings, now } = input;
  const { staleAfterSeconds } = policy.spec.measurement;
  const nodeReadings = { watts: readings.power.nodeWatts, load: readings.load };
  const targets = [...targetsOf(policy, input.targets)].map(
    ([target, nodes]) => [target, observeTarget(nodes, nodeReadings, staleAfterSeconds)] as const,
  );
  const nodes = new Map([...input.targets.values()].flat().map((node) => [node.name, node]));
  const targetOf = targetsByNode(input.targets);
  const uses = cpuUseOf(input.decisions, readings, nodes);
  const speeds = learnSpeeds(speedsIn(input.before), costsOf(input, nodes, targetOf));
  const references = cpuUseOf(input.decisions, readings, nodes, (node) =>
    speedOf(speeds, targetOf.get(node) ?? ''),
  );
  const peers = peersOf(namespace, input.workloads.keys(), readings.latency.edges);
  // Of workloads that have Pods: one that is gone says nothing of those that are left.
  const resting = holdoutRests(
    new Map([...input.workloads.keys()].map((one) => [one, input.shardOf(one)?.savings])),
  );
  const workloads = [...input.workloads].map(([workload, pods]) => {
    const rate = requestRate(pods, readings.latency);
    const observation: WorkloadObservation = {
      loadBucket: loadBucket(rate, input.shardOf(workload)?.load),
      peers: peers.get(workload) ?? [],
      cpuCores: uses.get(workload),
      ...ifKnown('referenceCores', references.get(workload)),
      ...ifKnown('cpuCost', speeds.workloads.get(workload)),
      ...(resting.has(workload) ? { holdoutRests: true as const } : {}),
    };
    return [workload, observation] as const;
  });
  return {
    namespace,
    policy: policy.name,
    observedAt: now,
    targets: Object.fromEntries(
      fitting(targets, MODEL_LIMITS.targets, isHealthy).map(([target, seen]) => [
        target,
        { ...seen, ...ifKnown('speed', speeds.targets.get(target)) },
      ]),
    ),
    workloads: Object.fromEntries(fitting(workloads, MODEL_LIMITS.workloads, isMeasured)),
    powerCurves: learnPowerCurves(input.before, {
      spec: policy.spec,
      nodes: nodes.values(),
      readings,
      now,
    }),
  };
}

function isHealthy({ health }: TargetObservation): boolean {
  return health === 'healthy';
}

/** Whether anything is known of it: Pods that are done, those of old Jobs for example, tell nothing. */
function isMeasured({ loadBucket, peers, cpuCores, holdoutRests }: WorkloadObservation): boolean {
  const known = loadBucket !== undefined || cpuCores !== undefined || holdoutRests === true;
  return known || peers.length > 0;
}

/**
 * CPU seconds by request of each workload at each target where Pods of it were measured. Its Pods
 * share its requests evenly.
 */
function costsOf(
  { decisions, readings, workloads }: ObserveInput,
  nodes: ReadonlyMap<string, SlimNode>,
  targetOf: ReadonlyMap<string, string>,
): CpuCost[] {
  const byTarget = new Map<string, PendingDecision[]>();
  for (const decision of decisions) {
    const target = targetOf.get(decision.nodeName ?? '');
    if (target === undefined) continue;
    byTarget.set(target, [...(byTarget.get(target) ?? []), decision]);
  }
  return [...byTarget].sort(byFirst).flatMap(([target, members]) =>
    [...cpuUseOf(members, readings, nodes)].flatMap(([workload, coresPerPod]) => {
      const pods = workloads.get(workload) ?? [];
      const rate = requestRate(pods, readings.latency);
      if (rate === undefined || !(rate > 0)) return [];
      return [{ workload, target, secondsPerRequest: (coresPerPod * pods.length) / rate }];
    }),
  );
}

function targetsByNode(targets: ObserveInput['targets']): Map<string, string> {
  return new Map(
    [...targets].flatMap(([target, nodes]) => nodes.map(({ name }) => [name, target] as const)),
  );
}

function ifKnown<K extends string, V>(name: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [name]: value } as Partial<Record<K, V>>);
}

/**
 * Whether `next` says something that `before` does not, apart from its time and from figures that
 * move all the time: health, load buckets, peers and whether a holdout rests change choices, a watt
 * more or less does not.
 */
export function saysMore(before: Observation | undefined, next: Observation): boolean {
  return before === undefined || gistOf(before) !== gistOf(next);
}

function gistOf({ targets, workloads }: Observation): string {
  const health = Object.entries(targets).map(([target, one]) => [target, one.health]);
  const seen = Object.entries(workloads).map(([workload, one]) => [
    workload,
    { loadBucket: one.loadBucket, peers: one.peers, rests: one.holdoutRests === true },
    useStep(one.cpuCores),
  ]);
  return JSON.stringify([health.sort(byFirst), seen.sort(byFirst)]);
}

function byFirst(a: readonly unknown[], b: readonly unknown[]): number {
  return String(a[0]) < String(b[0]) ? -1 : 1;
}
