// SPDX-License-Identifier: Apache-2.0
import { monitorEventLoopDelay } from 'node:perf_hooks';

/*
 * Loaded before a server under measurement (`node --import`), so that the server itself stays as
 * it is: answers questions about CPU time and event loop delay over the channel to the parent.
 */

/** What a probe tells: since the last `reset` for the delay, since the start for CPU time. */
export interface Usage {
  /** User and system time of the whole process, all threads. */
  readonly cpuMicroseconds: number;
  readonly maxDelayMilliseconds: number;
  readonly heapUsedBytes: number;
  readonly rssBytes: number;
}

/** One millisecond: a delay is seen to that resolution, which is itself part of every figure. */
export const RESOLUTION_MILLISECONDS = 1;

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MILLISECONDS });
delay.enable();

process.on('message', (question) => {
  if (question === 'reset') delay.reset();
  if (question === 'usage') process.send?.({ usage: usage() });
});
process.once('disconnect', () => process.exit());
process.channel?.unref();

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  const { heapUsed, rss } = process.memoryUsage();
  return {
    cpuMicroseconds: user + system,
    // The histogram holds whole intervals between two timers; the timer's own is not a delay.
    maxDelayMilliseconds: Math.max(0, delay.max / 1e6 - RESOLUTION_MILLISECONDS),
    heapUsedBytes: heapUsed,
    rssBytes: rss,
  };
}
