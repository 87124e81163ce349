// SPDX-License-Identifier: Apache-2.0
import type { Observation } from '#cluster/model/observation.ts';
import type { Resources, SlimNode } from '#cluster/objects/slim.ts';
import type { ClusterView } from '#cluster/mirror/view.ts';
import { everyNth } from '#admission/scheduler/every-nth.ts';
import type { PendingLoad } from '#admission/remembered/on-the-way.ts';
import { CHECK_ORDER, type NodeCheck } from '#admission/scheduler/node-checks.ts';
import type { InfeasibleReason } from '#admission/review/reasons.ts';
import type { TargetsSeen } from './seen-targets.ts';
import { TARGET_LIMIT, type NodesByTarget } from './targets.ts';

const NOTHING_AHEAD: PendingLoad = { cpuMillicores: 0, memoryBytes: 0, pods: 0 };

/** Whether one target can be chosen, and if not why. */
export type Verdict =
  | { readonly target: string; readonly feasible: true }
  | { readonly target: string; readonly feasible: false; readonly reason: InfeasibleReason };

/** What {@link verdictsOf} judges by. */
export interface FeasibilityInput {
  /** Candidates in the order in which they are looked at. */
  readonly candidates: Iterable<string>;
  readonly nodesByTarget: NodesByTarget;
  readonly view: Pick<ClusterView, 'requestedOnNode'>;
  readonly checks: readonly NodeCheck[];
  /** Effective requests of the Pod. */
  readonly requests: Resources;
  /** Decisions on their way to a target. */
  readonly pendingLoad: (target: string) => PendingLoad;
  /** What the learner last saw of them; undefined = nothing, or too old to count. */
  readonly seen: TargetsSeen | undefined;
  /** Asked now and then; throws to give up. */
  readonly checkpoint: () => void;
}

/** Targets, or nodes of them, between two looks at the clock: a Pod may bring costly rules. */
const CHECKPOINT_EVERY = 8;

/**
 * A verdict per candidate, until {@link TARGET_LIMIT} feasible ones are found. A target without
 * healthy telemetry is not measured and hence never an action, so that a missing value can not
 * win over a measured one.
 */
export function verdictsOf(input: FeasibilityInput): Verdict[] {
  const verdicts: Verdict[] = [];
  const checkpoint = everyNth(CHECKPOINT_EVERY, input.checkpoint);
  // Made once: there may be thousands of candidates.
  const search = { ...input, checkpoint, alone: withAhead(input.requests, NOTHING_AHEAD) };
  let feasible = 0;
  for (const target of input.candidates) {
    checkpoint();
    const reason = problemOf(target, search);
    if (reason !== undefined) {
      verdicts.push({ target, feasible: false, reason });
      continue;
    }
    verdicts.push({ target, feasible: true });
    feasible += 1;
    if (feasible >= TARGET_LIMIT) break;
  }
  return verdicts;
}

/**
 * The observation, unless it is older than the policy lets a reading be: with the learner away
 * nothing is measured. One that lies as far in the future was made by another clock, which says
 * nothing of its age.
 */
export function freshObservation(
  observation: Observation | undefined,
  staleAfterSeconds: number,
  now: number,
): Observation | undefined {
  if (observation === undefined) return undefined;
  const age = Math.abs(now - observation.observedAt);
  return age > staleAfterSeconds * 1000 ? undefined : observation;
}

/** The input, and what a node has to have room for at least. */
interface Search extends FeasibilityInput {
  readonly alone: PendingLoad;
}

function problemOf(target: string, input: Search): InfeasibleReason | undefined {
  const nodes = input.nodesByTarget.get(target);
  if (nodes === undefined || nodes.length === 0) return 'no-such-target';
  if (input.seen?.get(target)?.health !== 'healthy') return 'not-measured';
  return nodesProblem(nodes, target, input);
}

/**
 * Some node must pass every check and have room by itself; and all such nodes together must have
 * room for what is on its way to the target as well.
 */
function nodesProblem(
  nodes: readonly SlimNode[],
  target: string,
  input: Search,
): InfeasibleReason | undefined {
  const { requests, view, alone } = input;
  const together = withAhead(requests, input.pendingLoad(target));
  const free = { cpuMillicores: 0, memoryBytes: 0, pods: 0 };
  let closest = -1;
  for (const node of nodes) {
    input.checkpoint();
    const reason = firstProblem(node, input.checks);
    if (reason !== undefined) {
      closest = Math.max(closest, CHECK_ORDER.indexOf(reason));
      continue;
    }
    closest = CHECK_ORDER.length - 1;
    const here = freeOn(node, view);
    if (!fits(alone, here)) continue;
    free.cpuMillicores += here.cpuMillicores;
    free.memoryBytes += here.memoryBytes;
    free.pods += here.pods;
    if (fits(together, free)) return undefined;
  }
  return CHECK_ORDER[closest] ?? 'no-room';
}

/** The Pod's own wish and what is on its way; a resource that it does not ask for stays 0. */
function withAhead(requests: Resources, ahead: PendingLoad): PendingLoad {
  const { cpuMillicores, memoryBytes } = requests;
  return {
    cpuMillicores: cpuMillicores === 0 ? 0 : cpuMillicores + ahead.cpuMillicores,
    memoryBytes: memoryBytes === 0 ? 0 : memoryBytes + ahead.memoryBytes,
    pods: 1 + ahead.pods,
  };
}

function firstProblem(node: SlimNode, checks: readonly NodeCheck[]): InfeasibleReason | undefined {
  for (const check of checks) {
    const reason = check(node);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function freeOn(node: SlimNode, view: FeasibilityInput['view']): PendingLoad {
  const used = view.requestedOnNode(node.name);
  return {
    cpuMillicores: node.allocatable.cpuMillicores - used.cpuMillicores,
    memoryBytes: node.allocatable.memoryBytes - used.memoryBytes,
    pods: node.allocatable.pods - used.pods,
  };
}

/** As the scheduler counts: who asks for none of a resource fits wherever a Pod may be added. */
function fits(wanted: PendingLoad, free: PendingLoad): boolean {
  return (
    wanted.pods <= free.pods &&
    (wanted.cpuMillicores === 0 || wanted.cpuMillicores <= free.cpuMillicores) &&
    (wanted.memoryBytes === 0 || wanted.memoryBytes <= free.memoryBytes)
  );
}
