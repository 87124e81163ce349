// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import { DECISION_ANNOTATIONS } from '#cluster/decision/annotations.ts';
import type { SlimNode, SlimPod } from '#cluster/objects/slim.ts';
import type {
  Adherence,
  ClusterNow,
  ClusterTotals,
  Figure,
  NodeNow,
  NodePod,
} from '#dashboard/api/api.ts';
import { claimedText } from '#dashboard/api/claimed-text.ts';
import { figureOf, powerFigure } from './figures.ts';
import type { DashboardSources, Measurement } from './sources.ts';

/** Most nodes, and most Pods of all of them together, in one answer. */
export const CLUSTER_LIMITS = { nodes: 500, pods: 5000, podsOfNode: 250 } as const;

/** What the view is made from. */
export interface ClusterInput {
  readonly sources: Pick<DashboardSources, 'view' | 'workloadOf' | 'powerHealth' | 'models'>;
  readonly measurement: Measurement | undefined;
  readonly problem: string | undefined;
  readonly windowSeconds: number;
  readonly staleAfterSeconds: number;
  readonly wattsHistory: (node: string) => readonly (number | null)[];
}

/** The nodes with their power, their load and the Pods on them, by name. */
export function clusterNow(input: ClusterInput): ClusterNow {
  const { sources, measurement, problem, windowSeconds } = input;
  const all = [...sources.view.nodes()].sort((a, b) => byText(a.name, b.name));
  let room: number = CLUSTER_LIMITS.pods;
  const nodes = all.slice(0, CLUSTER_LIMITS.nodes).map((node) => {
    const shown = nodeNow(node, input, room);
    room -= shown.pods.length;
    return shown;
  });
  return {
    observedAt: measurement?.window.to,
    windowSeconds,
    problem,
    totals: totalsOf(all, input),
    nodes,
    nodesOmitted: all.length - nodes.length,
  };
}

/** The power of a node as it is shown. */
export function wattsOf(name: string, input: Omit<ClusterInput, 'wattsHistory'>): Figure {
  const { measurement, staleAfterSeconds, sources } = input;
  const reading = measurement?.power.nodeWatts.get(name);
  const figure = figureOf(reading, staleAfterSeconds, `power of node ${name}`);
  return powerFigure(figure, sources.powerHealth(reading, staleAfterSeconds));
}

function nodeNow(node: SlimNode, input: ClusterInput, room: number): NodeNow {
  const { sources, measurement, staleAfterSeconds } = input;
  const { name, ready, unschedulable, allocatable } = node;
  const load = measurement?.load.get(name);
  const all = [...sources.view.podsOnNode(name)];
  const pods = all
    .map((pod) => nodePod(pod, sources.workloadOf(pod)))
    .sort(byPlace)
    .slice(0, Math.min(room, CLUSTER_LIMITS.podsOfNode));
  return {
    name,
    ready,
    unschedulable,
    cores: allocatable.cpuMillicores / 1000,
    memoryBytes: allocatable.memoryBytes,
    watts: wattsOf(name, input),
    cpuRatio: figureOf(load?.cpuRatio, staleAfterSeconds, `CPU of node ${name}`),
    memoryRatio: figureOf(load?.memoryRatio, staleAfterSeconds, `memory of node ${name}`),
    wattsHistory: input.wattsHistory(name),
    pods,
    podsOmitted: all.length - pods.length,
  };
}

function nodePod(pod: SlimPod, workload: string): NodePod {
  const { annotations } = pod;
  const { [DECISION_ANNOTATIONS.id]: id, [DECISION_ANNOTATIONS.action]: asked } = annotations;
  return {
    namespace: pod.namespace,
    name: pod.name,
    workload,
    phase: pod.deletedAt === undefined ? pod.phase : 'Terminating',
    ready: pod.readyAt !== undefined,
    decision: id === undefined ? undefined : claimedText(id),
    asked: asked === undefined || asked === DEFAULT_ACTION ? undefined : claimedText(asked),
  };
}

/** Pods with a decision first, then by namespace and name. */
function byPlace(a: NodePod, b: NodePod): number {
  const decided = Number(b.decision !== undefined) - Number(a.decision !== undefined);
  return decided || byText(a.namespace, b.namespace) || byText(a.name, b.name);
}

function totalsOf(nodes: readonly SlimNode[], input: ClusterInput): ClusterTotals {
  const { view, models } = input.sources;
  const watts = nodes.map(({ name }) => wattsOf(name, input));
  const known = watts.flatMap(({ value }) => (value === undefined ? [] : [value]));
  let pods = 0;
  let placedPods = 0;
  for (const { name } of nodes) {
    for (const pod of view.podsOnNode(name)) {
      pods += 1;
      if (Object.hasOwn(pod.annotations, DECISION_ANNOTATIONS.id)) placedPods += 1;
    }
  }
  return {
    nodes: nodes.length,
    readyNodes: nodes.filter(({ ready }) => ready).length,
    watts: known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0),
    wattsNodes: known.length,
    modelledNodes: watts.filter(({ status }) => status === 'modelled').length,
    pods,
    placedPods,
    adherence: adherenceOf(models.shards()),
  };
}

function adherenceOf(
  shards: Iterable<{
    readonly workload: string;
    readonly followed: number;
    readonly asked: number;
  }>,
): Adherence | undefined {
  let followed = 0;
  let asked = 0;
  for (const shard of shards) {
    if (shard.workload.startsWith('Tier/')) continue;
    followed += shard.followed;
    asked += shard.asked;
  }
  return asked === 0 ? undefined : { followed, asked };
}

/** Order of the alphabet, by code units. */
export function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
