// SPDX-License-Identifier: Apache-2.0
import { domainsOf } from '#admission/scheduler/domains.ts';
import { type Verdict, verdictsOf } from '#admission/targets/feasibility.ts';
import { InFlight, type PendingPlacement } from '#admission/remembered/in-flight.ts';
import type { IncomingPod } from '#admission/pod/incoming-pod.ts';
import { nodeChecksFor } from '#admission/scheduler/node-checks.ts';
import type { InfeasibleReason } from '#admission/review/reasons.ts';
import { SeenTargets } from '#admission/targets/seen-targets.ts';
import type { SlimNode } from '#cluster/objects/slim.ts';
import { NAMESPACE, node, START, World } from '../world.ts';

/** The topology key. */
export const HOSTNAME = 'kubernetes.io/hostname';
/** The field of what an affinity requires. */
export const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
/** Selects the Pods of the workload. */
export const WEB = { matchLabels: { app: 'web' } };

/** What is said of each target, in a world and with decisions on their way. */
export function verdicts(
  world: World,
  pod: IncomingPod,
  options: { key?: string; candidates?: string[]; pending?: PendingPlacement[] } = {},
): Verdict[] {
  const { key = HOSTNAME, pending = [] } = options;
  const inFlight = new InFlight({ entries: 1000, lifetimeMilliseconds: 60_000 });
  for (const entry of pending) inFlight.add(entry);
  const nodesByTarget = world.view.nodesByLabel(key);
  const domains = domainsOf(pod, world.view, inFlight.entries(world.now));
  return verdictsOf({
    candidates: options.candidates ?? nodesByTarget.keys(),
    nodesByTarget,
    view: world.view,
    checks: nodeChecksFor(pod, world.view, domains),
    requests: pod.requests,
    pendingLoad: (target) => inFlight.load(key, target, world.now),
    seen: new SeenTargets().of(world.observation),
    checkpoint: () => undefined,
  });
}

/** Reason by target; `ok` where it is feasible. */
export function reasons(
  world: World,
  pod: IncomingPod,
  options: Parameters<typeof verdicts>[2] = {},
): Record<string, InfeasibleReason | 'ok'> {
  return Object.fromEntries(
    verdicts(world, pod, options).map((one) => [one.target, one.feasible ? 'ok' : one.reason]),
  );
}

/** A world of one node. */
export function only(overrides: Partial<SlimNode>): World {
  return new World([node('w1', overrides)]);
}

/** A decision on its way. */
export function pending(
  target: string,
  overrides: Partial<PendingPlacement> = {},
): PendingPlacement {
  return {
    id: `id-${target}-${String(overrides.decidedAt ?? 0)}-${JSON.stringify(overrides.labels)}`,
    decidedAt: START,
    namespace: NAMESPACE,
    workload: 'Deployment/web',
    topologyKey: HOSTNAME,
    target,
    labels: {},
    requests: { cpuMillicores: 0, memoryBytes: 0 },
    requiredAntiAffinity: [],
    ...overrides,
  };
}
