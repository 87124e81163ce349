// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import type { KubeClient } from '#cluster/api/client.ts';

/** Exports how far the clock of this process is from the API server's; absent until it is known. */
export function observeClock(client: KubeClient, registry: Registry): void {
  new Gauge({
    name: 'perihelion_clock_offset_seconds',
    help: "How far the clock of this process is ahead of the API server's.",
    registers: [registry],
    collect() {
      const offset = client.serverClock.offsetMilliseconds;
      if (offset !== undefined) this.set(offset / 1000);
    },
  });
}

/**
 * Why a learner must not lead by this clock: windows begin with times of the API server, and one
 * that is not over yet by that clock cannot be measured. Each change is logged once.
 */
export function clockProblem(
  client: KubeClient,
  logger: Pick<Logger, 'error' | 'info'>,
): () => string | undefined {
  let wrong = false;
  return () => {
    const { problem } = client.serverClock;
    if (problem !== undefined && !wrong) logger.error({ problem }, 'this process does not lead');
    if (problem === undefined && wrong) logger.info('the clock is right again');
    wrong = problem !== undefined;
    return problem;
  };
}
