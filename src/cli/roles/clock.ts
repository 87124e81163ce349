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

/** Behind by more than this, our clock could take a leaf that has expired for one that is good. */
const MOST_BEHIND_MILLISECONDS = 5 * 86_400_000;

/**
 * The time by which certificates are made and judged, milliseconds since the epoch. Who checks them is
 * the API server: a replica that starts with a clock that is years ahead would find every CA expired,
 * and replace what all others serve by. The earlier of the two clocks counts, so that what is made is
 * valid by both; one that is behind by days is not believed at all. Ours until the API server has answered.
 */
export function certificateClock(
  { serverClock }: Pick<KubeClient, 'serverClock'>,
  now: () => number = Date.now,
): () => number {
  return () => {
    const ahead = serverClock.offsetMilliseconds ?? 0;
    return ahead > 0 || ahead < -MOST_BEHIND_MILLISECONDS ? now() - ahead : now();
  };
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
