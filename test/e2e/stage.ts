// SPDX-License-Identifier: Apache-2.0
import type { Checks } from './checks.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Ledger } from './ledger.ts';
import type { Manifests } from './manifests.ts';
import type { Models } from './models.ts';
import type { NodeSpec } from './nodes.ts';
import type { PowerCurve } from './power-curve.ts';
import { HUNGRY, THRIFTY } from './power-curve.ts';
import type { Product } from './product.ts';
import type { Progress } from './progress.ts';
import type { Prometheus } from './prometheus.ts';
import type { Traffic } from './load-model.ts';
import type { World } from './world.ts';

/** Everything a check may look at. */
export interface Stage {
  readonly progress: Progress;
  readonly checks: Checks;
  readonly controlPlane: ControlPlane;
  readonly world: World;
  readonly prometheus: Prometheus;
  readonly manifests: Manifests;
  readonly product: Product;
  readonly ledger: Ledger;
  readonly models: Models;
}

/** Opted in; where the agent learns. */
export const SHOP = 'shop';
/** Opted in; every decision explores, so that injection can be seen at once. */
export const PROBE = 'probe';
/** Not opted in. */
export const PLAIN = 'plain';

/** Targets by what they are for; label values, which differ from the names of the nodes. */
export const TARGETS = {
  /** First the cheaper of the two machines, then the dearer. */
  one: 'worker-1',
  two: 'worker-2',
  /** Tainted: only for Pods that tolerate it. */
  tainted: 'infra-1',
  /** Tainted too, and nobody measures it. */
  dark: 'dark-1',
} as const;

/** Name of the node of a target. */
export function nodeName(target: string): string {
  return `${target}.e2e.internal`;
}

/** Key of the taint on the nodes that are not for everybody. */
export const TAINT = 'dedicated';

const CORES = 8;

/** The machines of the run. */
export const NODES: readonly NodeSpec[] = Object.values(TARGETS).map((target) => ({
  name: nodeName(target),
  labels: { 'kubernetes.io/hostname': target },
  cores: CORES,
  ...(target === TARGETS.tainted || target === TARGETS.dark
    ? { taints: [{ key: TAINT, value: target, effect: 'NoSchedule' }] }
    : {}),
}));

/** The measured machines with their first power curves. */
export const MACHINES: readonly { name: string; cores: number; curve: PowerCurve }[] = [
  { name: nodeName(TARGETS.one), cores: CORES, curve: THRIFTY },
  { name: nodeName(TARGETS.two), cores: CORES, curve: HUNGRY },
  { name: nodeName(TARGETS.tainted), cores: CORES, curve: THRIFTY },
];

/** Workloads that the agent learns about. */
export const SHOP_WORKLOADS = ['frontend', 'cart'] as const;

/** Replicas of each of them. */
export const SHOP_REPLICAS = 6;

/** What they are asked for. */
export const TRAFFIC: Readonly<Record<string, Traffic>> = {
  [`${SHOP}/frontend`]: {
    source: 'istio-ingressgateway',
    requestsPerSecond: 180,
    cpuSecondsPerRequest: 0.006,
    baseMilliseconds: 9,
  },
  [`${SHOP}/cart`]: {
    source: 'frontend',
    requestsPerSecond: 150,
    cpuSecondsPerRequest: 0.006,
    baseMilliseconds: 6,
  },
};

const MEASUREMENT = {
  // A new Pod is in Prometheus at the latest 7 s after it is Ready: discovery takes 5 of them.
  warmUpSeconds: 7,
  windowSeconds: 6,
  minimumRequests: 20,
  staleAfterSeconds: 60,
  episodeGapSeconds: 3,
};

/** The policy of each opted-in namespace: quick enough to see learning within minutes. */
export const POLICIES: Readonly<Record<string, object>> = {
  [SHOP]: {
    holdoutPercent: 5,
    learning: {
      epsilonThousandths: 300,
      epsilonFloorThousandths: 250,
      explorationTemperatureThousandths: 0,
      stepFloorThousandths: 300,
      burnInDecisions: 2,
    },
    measurement: MEASUREMENT,
    exploration: { budgetPerHour: 100_000 },
  },
  [PROBE]: {
    holdoutPercent: 0,
    learning: {
      epsilonThousandths: 1000,
      epsilonFloorThousandths: 1000,
      explorationTemperatureThousandths: 0,
      burnInDecisions: 0,
    },
    measurement: MEASUREMENT,
    exploration: { budgetPerHour: 100_000 },
  },
};
