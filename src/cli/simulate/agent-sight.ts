// SPDX-License-Identifier: Apache-2.0
import type { Action } from '#agent/terms/action.ts';
import { fillingOf, keepsHeadroom } from '#agent/state/headroom.ts';
import { leastPressured, pressureOf, type Pressure } from '#agent/state/pressure.ts';
import { boundFeatures, encodeState, mostPeers } from '#agent/state/state-key.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { Observation } from '#cluster/model/observation.ts';
import type { PlacementPolicy, PolicySpec } from '#cluster/policy/policy.ts';
import type { SlimNode } from '#cluster/objects/slim.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import type { PendingDecision } from '#learner/episodes/decisions.ts';
import { observe } from '#learner/observation/observe.ts';
import type { WindowReadings } from '#learner/readings/outcome.ts';
import { powerCurves } from '#learner/observation/power-curves.ts';
import type { SchedulerNode } from '#simulator/scheduler/node.ts';
import type { World } from './world.ts';

/** Nodes by target. */
export type Targets = ReadonlyMap<string, readonly SchedulerNode[]>;

/** What a state is made of. */
export interface SightInput {
  readonly workload: WorkloadKey;
  /** All targets of the policy, and those that the Pod could go to. */
  readonly targets: Targets;
  readonly feasible: readonly Action[];
  /** Decisions of this rollout so far. */
  readonly placed: readonly PendingDecision[];
}

/**
 * What the agent sees of the cluster: the learner's own observation of the last window, and from it
 * the states that the webhook would make. A rollout begins on empty nodes, so that what a target is
 * expected to use is the use of the Pods placed there so far.
 */
export class AgentSight {
  readonly #policy: PlacementPolicy;
  #nodes: readonly SlimNode[];
  #observation: Observation | undefined;

  constructor(world: World, policy: PlacementPolicy) {
    this.#policy = policy;
    this.#nodes = slimNodes(world);
  }

  /** The machines are others from now on. */
  changed(world: World): void {
    this.#nodes = slimNodes(world);
  }

  /** Whether what is saved is known, as the replicas read it. */
  holdoutRests(workload: WorkloadKey): boolean {
    return this.#observation?.workloads[workload]?.holdoutRests === true;
  }

  /** What settling needs of the power curves, where the policy's accounting does. */
  curves(): Pick<WindowReadings, 'curves'> {
    if (this.#policy.spec.reward.accounting !== 'Marginal') return {};
    const nodeOf = (name: string): SlimNode | undefined =>
      this.#nodes.find((node) => node.name === name);
    return { curves: powerCurves(this.#observation, nodeOf) };
  }

  /** Takes in what was measured, as the learner publishes it. */
  observe(seen: {
    readonly readings: WindowReadings;
    readonly decisions: readonly PendingDecision[];
    readonly shards: ReadonlyMap<WorkloadKey, ModelShard>;
    readonly now: number;
  }): void {
    const { readings, decisions, shards, now } = seen;
    const workloads = new Map<WorkloadKey, string[]>();
    for (const { decision, namespace, podName } of decisions) {
      const names = workloads.get(decision.workload) ?? [];
      names.push(`${namespace}/${podName}`);
      workloads.set(decision.workload, names);
    }
    this.#observation = observe({
      namespace: this.#policy.namespace,
      policy: this.#policy,
      targets: labelled(this.#nodes, this.#policy.spec),
      readings,
      workloads,
      before: this.#observation,
      decisions,
      shardOf: (workload) => shards.get(workload),
      now,
    });
  }

  /** The state of one decision. */
  stateOf(input: SightInput): string {
    const load = this.#observation?.workloads[input.workload]?.loadBucket ?? 'unknown';
    const room = boundFeatures({ load, least: null, peers: null }, input.targets.size);
    return encodeState({
      ...(room.load === undefined ? {} : { load }),
      ...(room.least === undefined ? {} : { least: this.#leastOf(input) }),
      ...(room.peers === undefined ? {} : { peers: this.#peersOf(input) }),
    });
  }

  /** Targets that keep headroom with the Pod, as the webhook judges it. */
  withHeadroom({ workload, targets, feasible, placed }: SightInput): Action[] {
    const { maximumCpuPercent } = this.#policy.spec.exploration;
    if (maximumCpuPercent === 0) return [...feasible];
    const fillings = feasible.map((target) => {
      const nodes = targets.get(target) ?? [];
      const uses = this.#usesAt(target, nodes, placed);
      const known = uses.filter((cores) => cores !== undefined);
      return fillingOf({
        allocatable: nodes.reduce((sum, node) => sum + node.allocatable.cpuMillicores, 0) / 1000,
        // Pods whose use is not known do not count, as in the webhook.
        expected: known.reduce((sum, cores) => sum + cores, 0),
        own: this.#coresOf(workload, target),
      });
    });
    const kept = keepsHeadroom(fillings, maximumCpuPercent / 100);
    return feasible.filter((_, index) => kept[index]);
  }

  #leastOf({ targets, feasible, placed }: SightInput): string | null {
    const pressures = new Map<string, Pressure | undefined>();
    for (const target of feasible) {
      const nodes = targets.get(target) ?? [];
      const sum = (of: (node: SchedulerNode) => number): number =>
        nodes.reduce((total, node) => total + of(node), 0);
      const uses = this.#usesAt(target, nodes, placed);
      const known = uses.filter((cores) => cores !== undefined);
      pressures.set(
        target,
        pressureOf({
          allocatable: sum((node) => node.allocatable.cpuMillicores),
          requested: sum((node) => node.requested.actual.cpuMillicores),
          inFlight: 0,
          utilisation: undefined,
          // Before the first window nobody's use is known; requests stand in for it.
          expected:
            known.length < uses.length || this.#observation === undefined
              ? undefined
              : 1000 * known.reduce((total, cores) => total + cores, 0),
        }),
      );
    }
    return leastPressured(pressures);
  }

  /** What each Pod placed at a target is expected to use there; undefined = not known. */
  #usesAt(
    target: string,
    nodes: readonly SchedulerNode[],
    placed: SightInput['placed'],
  ): (number | undefined)[] {
    const names = new Set(nodes.map(({ name }) => name));
    return placed.flatMap(({ nodeName, decision }) =>
      names.has(nodeName ?? '') ? [this.#coresOf(decision.workload, target)] : [],
    );
  }

  /** What one Pod of a workload is expected to use at a target, cores there. */
  #coresOf(workload: WorkloadKey, target: string): number | undefined {
    const reference = this.#observation?.workloads[workload]?.referenceCores;
    if (reference === undefined) return undefined;
    return reference / (this.#observation?.targets[target]?.speed?.ratio ?? 1);
  }

  #peersOf({ workload, targets, placed }: SightInput): string | null {
    const peers = new Set(this.#observation?.workloads[workload]?.peers);
    const counts: Record<Action, number> = {};
    for (const { decision, landed } of placed) {
      if (landed === undefined || !targets.has(landed) || !peers.has(decision.workload)) continue;
      counts[landed] = (counts[landed] ?? 0) + 1;
    }
    return mostPeers(counts);
  }
}

/** Nodes by target, as the policy names them. */
export function nodesByTarget(
  nodes: readonly SchedulerNode[],
  spec: PolicySpec,
): Map<string, SchedulerNode[]> {
  return labelled(nodes, spec);
}

function labelled<Node extends { readonly labels: Readonly<Record<string, string>> }>(
  nodes: readonly Node[],
  { topologyKey, targets }: PolicySpec,
): Map<string, Node[]> {
  const found = new Map<string, Node[]>();
  for (const node of nodes) {
    const target = node.labels[topologyKey];
    if (target === undefined || (targets.length > 0 && !targets.includes(target))) continue;
    const members = found.get(target);
    if (members === undefined) found.set(target, [node]);
    else members.push(node);
  }
  return found;
}

function slimNodes(world: World): SlimNode[] {
  return world.machines.map((machine) => ({
    name: machine.name,
    labels: {
      'kubernetes.io/hostname': machine.name,
      'node.kubernetes.io/instance-type': machine.model,
      ...machine.labels,
    },
    taints: [],
    unschedulable: false,
    ready: true,
    allocatable: {
      cpuMillicores: 1000 * machine.cores,
      memoryBytes: machine.memoryBytes,
      pods: 110,
    },
  }));
}
