// SPDX-License-Identifier: Apache-2.0
import type { TargetHealth, TargetObservation } from '#cluster/model/observation.ts';
import type { SlimNode } from '#cluster/objects/slim.ts';
import type { MissingReason, Reading } from '#telemetry/reading/reading.ts';
import type { NodeLoad } from '#telemetry/reading/source.ts';
import { valueOf } from '#learner/readings/value.ts';

/**
 * A whole machine draws more than this, even asleep. What is below is a fake meter or one that
 * reports the wrong unit; watts.
 */
const LEAST_NODE_WATTS = 0.1;

/** No single node draws more; watts. */
const MOST_NODE_WATTS = 20_000;

const HEALTH_OF: Readonly<Record<MissingReason, TargetHealth>> = {
  absent: 'absent',
  'too-few-samples': 'absent',
  'not-a-number': 'not-a-number',
  stale: 'stale',
  fake: 'fake',
  absurd: 'absurd',
};

/**
 * Health of one node's power telemetry. Every way of being unusable keeps its own name: they are
 * mended in different places.
 * @param reading undefined = the node is in no answer.
 */
export function powerHealth(reading: Reading | undefined, staleAfterSeconds: number): TargetHealth {
  if (reading === undefined) return 'absent';
  if (reading.kind === 'missing') return HEALTH_OF[reading.reason];
  if (Number.isNaN(reading.value)) return 'not-a-number';
  if (reading.ageSeconds > staleAfterSeconds) return 'stale';
  if (reading.value === 0) return 'zero';
  const plausible = reading.value >= LEAST_NODE_WATTS && reading.value <= MOST_NODE_WATTS;
  return plausible ? 'healthy' : 'absurd';
}

/** What telemetry says of the nodes of one window. */
export interface NodeReadings {
  readonly watts: ReadonlyMap<string, Reading>;
  readonly load: ReadonlyMap<string, NodeLoad>;
}

/**
 * Observes one target. It is healthy when more than half of its Ready nodes are: one restarting
 * exporter must not take a zone out of the choice, and a Pod that lands on an unmeasured node is
 * censored anyway. Otherwise it takes the most frequent fault. `watts` is a sum, so it is only
 * known when every node of the sum is; ratios are means over the nodes that have one.
 */
export function observeTarget(
  nodes: readonly SlimNode[],
  readings: NodeReadings,
  staleAfterSeconds: number,
): TargetObservation {
  const ready = nodes.filter((node) => node.ready);
  const health = ready.map((node) => powerHealth(readings.watts.get(node.name), staleAfterSeconds));
  const healthy = health.filter((one) => one === 'healthy').length;
  const watts = ready.map((node) => valueOf(readings.watts.get(node.name)) ?? 0);
  const load = ready.map((node) => readings.load.get(node.name));
  return {
    health: healthy * 2 > ready.length ? 'healthy' : mostFrequentFault(health),
    cpuRatio: mean(load.map((one) => ratioOf(one?.cpuRatio, staleAfterSeconds))),
    memoryRatio: mean(load.map((one) => ratioOf(one?.memoryRatio, staleAfterSeconds))),
    watts:
      healthy === ready.length && healthy > 0
        ? watts.reduce((sum, value) => sum + value, 0)
        : undefined,
  };
}

function ratioOf(reading: Reading | undefined, staleAfterSeconds: number): number | undefined {
  const value = valueOf(reading);
  if (value === undefined || reading?.kind !== 'measured') return undefined;
  return reading.ageSeconds <= staleAfterSeconds && value >= 0 && value <= 1 ? value : undefined;
}

function mostFrequentFault(health: readonly TargetHealth[]): TargetHealth {
  const counts = new Map<TargetHealth, number>();
  let worst: TargetHealth = 'absent';
  for (const one of health) {
    if (one === 'healthy') continue;
    const count = (counts.get(one) ?? 0) + 1;
    counts.set(one, count);
    if (count > (counts.get(worst) ?? 0)) worst = one;
  }
  return worst;
}

function mean(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return undefined;
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}
