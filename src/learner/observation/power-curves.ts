// SPDX-License-Identifier: Apache-2.0
import type { ModelView } from '#cluster/model/model.ts';
import type { Observation } from '#cluster/model/observation.ts';
import type { PlacementPolicy, PolicySpec } from '#cluster/policy/policy.ts';
import type { SlimNode } from '#cluster/objects/slim.ts';
import type { ClusterView } from '#cluster/mirror/view.ts';
import { fitPowerCurve, type FittedCurve } from '#reward/power-curve.ts';
import { updatePowerCurve } from '#reward/power-points.ts';
import { GENERAL_SHAPE, machineShape } from '#reward/power-prior.ts';
import type { PowerCurves } from '#learner/readings/marginal.ts';
import type { WindowReadings } from '#learner/readings/outcome.ts';
import { powerHealth } from './target-health.ts';
import { valueOf } from '#learner/readings/value.ts';

const INSTANCE_TYPE = 'node.kubernetes.io/instance-type';

/**
 * The power curves after one more window: each node whose power and utilisation were both measured
 * gains a sample. Windows overlap, so that a sample weighs what of its window is new. Nodes that are
 * gone are forgotten.
 * @returns undefined where the policy does not need them.
 */
export function learnPowerCurves(
  before: Observation | undefined,
  input: {
    readonly spec: PolicySpec;
    readonly nodes: Iterable<SlimNode>;
    readonly readings: WindowReadings;
    readonly now: number;
  },
): Observation['powerCurves'] {
  const { spec, nodes, readings, now } = input;
  if (spec.reward.accounting !== 'Marginal') return undefined;
  const { windowSeconds, staleAfterSeconds } = spec.measurement;
  const elapsed = before === undefined ? windowSeconds : (now - before.observedAt) / 1000;
  const weight = Math.min(1, Math.max(0, elapsed / windowSeconds));
  const curves: Record<string, readonly { utilisation: number; watts: number; weight: number }[]> =
    {};
  for (const { name } of nodes) {
    const old = before?.powerCurves?.[name];
    const watts = readings.power.nodeWatts.get(name);
    const utilisation = valueOf(readings.load.get(name)?.cpuRatio);
    const power = powerHealth(watts, staleAfterSeconds) === 'healthy' ? valueOf(watts) : undefined;
    const curve =
      power === undefined || utilisation === undefined
        ? old
        : updatePowerCurve(old, { utilisation, watts: power, weight });
    if (curve !== undefined) curves[name] = curve;
  }
  return curves;
}

/** The published curves, fitted when a node is first asked for. */
export function powerCurves(
  observation: Observation | undefined,
  nodeOf: (name: string) => SlimNode | undefined,
): PowerCurves {
  const fitted = new Map<string, FittedCurve | undefined>();
  return {
    of(node) {
      if (!fitted.has(node)) {
        const shape = machineShape(nodeOf(node)?.labels[INSTANCE_TYPE]);
        const curve = observation?.powerCurves?.[node];
        fitted.set(node, fitPowerCurve(curve, shape ?? GENERAL_SHAPE, shape !== undefined));
      }
      return fitted.get(node);
    },
  };
}

/** What settling under `Marginal` needs beside the readings of the window; else nothing. */
export function curvesOf(
  { namespace, policy }: { readonly namespace: string; readonly policy: PlacementPolicy },
  context: { readonly models: ModelView; readonly view: Pick<ClusterView, 'node'> },
): Pick<WindowReadings, 'curves'> {
  if (policy.spec.reward.accounting !== 'Marginal') return {};
  const observation = context.models.observation(namespace, policy.name);
  return { curves: powerCurves(observation, (name) => context.view.node(name)) };
}
