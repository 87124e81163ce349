// SPDX-License-Identifier: Apache-2.0
import { leastPressured, pressureOf, type Pressure } from '#agent/state/pressure.ts';
import {
  boundFeatures,
  encodeState,
  mostPeers,
  type StateFeatures,
} from '#agent/state/state-key.ts';
import type { StateKey } from '#agent/terms/state.ts';
import { labelAt } from '#cluster/objects/selector-match.ts';
import type {
  Observation,
  TargetObservation,
  WorkloadObservation,
} from '#cluster/model/observation.ts';
import type { ClusterView } from '#cluster/mirror/view.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import type { InFlight } from '#admission/remembered/in-flight.ts';
import type { TargetUse } from '#admission/targets/expected-use.ts';
import type { Placements } from '#admission/remembered/placements.ts';
import type { TargetTotals } from '#admission/targets/target-totals.ts';
import { TARGET_LIMIT, type NodesByTarget } from '#admission/targets/targets.ts';

/** What {@link stateOf} looks at. */
export interface StateInput {
  readonly namespace: string;
  readonly workload: WorkloadKey;
  readonly topologyKey: string;
  /** How many targets the policy leaves to choose among, feasible or not. */
  readonly targetCount: number;
  /** Those of them that the Pod could go to. */
  readonly feasible: readonly string[];
  readonly nodesByTarget: NodesByTarget;
  readonly view: ClusterView;
  /** Fresh, or undefined. */
  readonly observation: Observation | undefined;
  /** What measured workloads will use by target; undefined = none is measured. */
  readonly uses: ReadonlyMap<string, TargetUse> | undefined;
  readonly inFlight: InFlight;
  readonly totals: TargetTotals;
  readonly placements: Placements;
  readonly now: number;
}

/**
 * The agent's state: load of the workload against its own history, the least-pressured target and
 * the target where most of its peers are. Features that the number of targets leaves no room for
 * (see `boundFeatures`) are not computed at all.
 */
export function stateOf(input: StateInput): StateKey {
  const count = Math.min(input.targetCount, TARGET_LIMIT);
  const seen = workloadSeen(input);
  const load = seen?.loadBucket ?? 'unknown';
  const room = boundFeatures({ load, least: null, peers: null }, count);
  const features: StateFeatures = {
    ...(room.load === undefined ? {} : { load }),
    ...(room.least === undefined ? {} : { least: leastOf(input) }),
    ...(room.peers === undefined ? {} : { peers: peersOf(input, seen?.peers ?? []) }),
  };
  return encodeState(features);
}

function leastOf(input: StateInput): string | null {
  const pressures = new Map<string, Pressure | undefined>();
  // An idle node that takes no Pods would be the least for ever, and the feature would say nothing.
  for (const target of input.feasible) pressures.set(target, pressureAt(target, input));
  return leastPressured(pressures);
}

function pressureAt(target: string, input: StateInput): Pressure | undefined {
  const { uses, nodesByTarget, view, now, inFlight, topologyKey } = input;
  const total = input.totals.of(target, nodesByTarget, view, now);
  const seen = targetSeen(input.observation, target);
  return pressureOf({
    allocatable: total?.allocatableMillicores,
    requested: total?.requestedMillicores,
    inFlight: inFlight.load(topologyKey, target, now).cpuMillicores,
    utilisation: seen?.health === 'healthy' ? seen.cpuRatio : undefined,
    expected: uses && total && expectedAt(total.requestedMillicores, uses.get(target)),
  });
}

/** What is measured counts as it is expected to be, everything else with its requests. */
function expectedAt(requestedMillicores: number, use: TargetUse | undefined): number {
  if (use === undefined) return requestedMillicores;
  return Math.max(0, requestedMillicores - use.requestedMillicores) + use.expectedMillicores;
}

/** Where most Pods of the peers are or are on their way to. */
function peersOf(input: StateInput, peers: readonly WorkloadKey[]): string | null {
  const { namespace, topologyKey, view, now } = input;
  const counts = new Map<string, number>();
  const count = (target: string | undefined, pods: number): void => {
    if (target !== undefined) counts.set(target, (counts.get(target) ?? 0) + pods);
  };
  for (const workload of peers) {
    for (const [nodeName, pods] of input.placements.remaining(namespace, workload)) {
      count(labelAt(view.node(nodeName)?.labels ?? {}, topologyKey), pods);
    }
    for (const [target, pods] of input.inFlight.siblings(
      { namespace, workload, topologyKey },
      now,
    )) {
      count(target, pods);
    }
  }
  return mostPeers(Object.fromEntries(counts));
}

function targetSeen(
  observation: Observation | undefined,
  target: string,
): TargetObservation | undefined {
  if (observation === undefined || !Object.hasOwn(observation.targets, target)) return undefined;
  return observation.targets[target];
}

function workloadSeen(input: StateInput): WorkloadObservation | undefined {
  const { observation, workload } = input;
  if (observation === undefined || !Object.hasOwn(observation.workloads, workload)) {
    return undefined;
  }
  return observation.workloads[workload];
}
