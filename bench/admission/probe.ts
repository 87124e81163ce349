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
  /**
   * CPU time that the main thread spent in the longest turn of the event loop since `reset-turns`: what
   * others do on the machine meanwhile does not count. undefined = turns are not watched.
   */
  readonly longestTurnMilliseconds?: number | undefined;
  readonly heapUsedBytes: number;
  readonly rssBytes: number;
}

/** One millisecond: a delay is seen to that resolution, which is itself part of every figure. */
export const RESOLUTION_MILLISECONDS = 1;

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MILLISECONDS });
delay.enable();

/** Watches the turns of the event loop; undefined = nobody asked for it. */
let turns: { longestMicroseconds: number } | undefined;

process.on('message', (question) => {
  if (question === 'reset' || question === 'reset-turns') {
    delay.reset();
    turns = undefined;
  }
  if (question === 'reset-turns') watchTurns();
  if (question === 'usage') process.send?.({ usage: usage() });
});
process.once('disconnect', () => process.exit());
process.channel?.unref();

/** The loop is kept turning for it, so CPU time of the process says nothing meanwhile. */
function watchTurns(): void {
  const watch = { longestMicroseconds: 0 };
  turns = watch;
  let before = mainThreadMicroseconds();
  const turn = (): void => {
    if (turns !== watch) return;
    const now = mainThreadMicroseconds();
    watch.longestMicroseconds = Math.max(watch.longestMicroseconds, now - before);
    before = now;
    setImmediate(turn);
  };
  setImmediate(turn);
}

function mainThreadMicroseconds(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  const { heapUsed, rss } = process.memoryUsage();
  return {
    cpuMicroseconds: user + system,
    // The histogram holds whole intervals between two timers; the timer's own is not a delay.
    maxDelayMilliseconds: Math.max(0, delay.max / 1e6 - RESOLUTION_MILLISECONDS),
    longestTurnMilliseconds: turns && turns.longestMicroseconds / 1000,
    heapUsedBytes: heapUsed,
    rssBytes: rss,
  };
}
