// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { DashboardRole } from '#cli/dashboard/role.ts';
import { experimentOf } from './experiment.ts';
import { startAgentWorld } from './agent-run.ts';
import type { Job } from './job.ts';
import type { DemoResults } from './results.ts';

/** Where the dashboard is met. */
export type DashboardUrl = NonNullable<DashboardRole['url']>;

/** How the demo is kept open. */
export interface LiveOptions {
  /** Port on loopback; 0 = any free one. */
  readonly port: number;
  readonly results: DemoResults;
  /** Told once the page can be opened. */
  readonly onOpen: (url: DashboardUrl) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Between two rollouts, so that one can follow with the eye. */
const PAUSE_MILLISECONDS = 2000;

/**
 * Keeps a cluster of the demo running, with the dashboard on it: the agent learns from the
 * beginning, as fast as it can, and goes on with a rollout every few seconds.
 */
export async function runLive(job: Job, options: LiveOptions): Promise<void> {
  const { port, results, onOpen, signal } = options;
  const experiment = experimentOf(results);
  const world = await startAgentWorld(job, { port, experiment });
  try {
    onOpen(world.product.dashboardUrl ?? '');
    for (let rollout = 0; !signal.aborted; rollout += 1) {
      await world.rollout();
      // Requests of the page are answered between rollouts, which leave no turn of their own.
      const pause = rollout < job.rollouts ? 0 : PAUSE_MILLISECONDS;
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    await world.stop();
  }
}
