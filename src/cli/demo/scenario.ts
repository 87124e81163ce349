// SPDX-License-Identifier: Apache-2.0
import { hotelReservation } from '#simulator/application/applications.ts';
import { createCluster, type EmbeddedCluster } from '#simulator/cluster/cluster.ts';
import type { IntervalStats } from '#simulator/engine/interval.ts';
import { MIXED_MACHINES, SEED_MACHINES } from '#simulator/machines/machines.ts';
import {
  dataPinned,
  DEFAULT_PLACEMENT,
  splitPlacement,
} from '#simulator/application/placements.ts';
import type { Pins } from '#simulator/application/pod-template.ts';
import { PLACEMENT_LABEL } from '#cluster/decision/decision.ts';
import type { Achievement, ClusterName, Job, ScenarioName } from './job.ts';

/** Namespace of the application. */
export const APPLICATION_NAMESPACE = 'hotel-res';

/** Virtual seconds of one rollout: Pods start, caches warm up, then it is measured. */
export const TIMES = { start: 1, warmUp: 1, window: 4 } as const;

/** Rollouts that count for the table: placements differ from one to the next. */
export const MEASURED_ROLLOUTS = 4;

/** A cluster of the demo; the namespace opts in only where the agent runs. */
export function clusterOf(job: Job, optIn: boolean): EmbeddedCluster {
  return createCluster({
    application: hotelReservation,
    machines: job.cluster === 'seed' ? SEED_MACHINES : MIXED_MACHINES,
    seed: job.seed,
    load: job.load,
    namespace: APPLICATION_NAMESPACE,
    namespaceLabels: optIn ? { [PLACEMENT_LABEL]: 'enabled' } : {},
    startUpSeconds: 1,
    gaugeSeconds: TIMES.window,
  });
}

/** What a person writes into the Pod templates in a scenario, on the first two workers. */
export function pinsOf(scenario: Exclude<ScenarioName, 'agent'>, cluster: ClusterName): Pins {
  const [data, business] = cluster === 'seed' ? ['worker-1', 'worker-2'] : ['tx1320', 'r710'];
  if (scenario === 'split') return splitPlacement(hotelReservation, data, business);
  if (scenario === 'data-pinned') return dataPinned(hotelReservation, data);
  return DEFAULT_PLACEMENT;
}

/** Measures a scenario without the product: as many rollouts as the agent gets measured. */
export async function measureScenario(
  job: Job,
  scenario: Exclude<ScenarioName, 'agent'>,
): Promise<Achievement> {
  const cluster = clusterOf(job, false);
  await cluster.start();
  try {
    cluster.setPins(pinsOf(scenario, job.cluster));
    const windows: IntervalStats[] = [];
    for (let rollout = 0; rollout < MEASURED_ROLLOUTS; rollout += 1) {
      await cluster.restartAll();
      cluster.advance(TIMES.start + TIMES.warmUp);
      windows.push(cluster.advance(TIMES.window));
    }
    return achievementOf(windows);
  } finally {
    await cluster.stop();
  }
}

/** Means over windows of equal length. @throws Error when a window completed no request */
export function achievementOf(windows: readonly IntervalStats[]): Achievement {
  const mean = (pick: (window: IntervalStats) => number | undefined): number => {
    let sum = 0;
    for (const window of windows) {
      const value = pick(window);
      if (value === undefined) throw new Error('a window of the demo completed no request');
      sum += value;
    }
    return sum / windows.length;
  };
  const joules = mean((window) => window.joules);
  const completed = mean((window) => window.completed);
  return {
    throughput: mean((window) => window.throughput),
    p99Milliseconds: mean((window) => window.p99Milliseconds),
    joulesPerRequest: joules / completed,
  };
}
