// SPDX-License-Identifier: Apache-2.0
import type { CarbonSource } from '#telemetry/carbon.ts';
import type { LatencySource, LoadSource, PowerSource, Window } from '#telemetry/source.ts';
import { joinApplications } from './application.ts';
import type { WindowReadings } from './outcome.ts';

/** The three sources of telemetry. */
export interface Sources {
  readonly power: PowerSource;
  readonly latency: LatencySource;
  readonly load: LoadSource;
  /** Carbon intensity; undefined = nobody tells, and no policy can count in it. */
  readonly carbon?: CarbonSource | undefined;
}

/**
 * Asks all three sources about one window, at the same time. The number of questions does not
 * depend on how many Pods or nodes there are. Rejects as soon as one source has no answer at all.
 */
export async function askWindow(sources: Sources, window: Window): Promise<WindowReadings> {
  const [power, latency, load, carbon] = await Promise.all([
    sources.power.power(window),
    sources.latency.latency(window),
    sources.load.load(window),
    sources.carbon?.intensity(window),
  ]);
  const joined = joinApplications(latency);
  return { window, power, latency: joined, load, ...(carbon === undefined ? {} : { carbon }) };
}

/** Failures in a row after which the rest of a tick does not ask any more. */
const FAILURES = 3;

/** Asks about windows. */
export type AskWindow = (window: Window) => Promise<WindowReadings>;

/**
 * {@link askWindow} for the length of one tick. Asks about each window once only, since several
 * namespaces are observed over the same one; and after three failures in a row gives all others
 * the last failure at once, so that a dead server costs three time-outs and not one per episode.
 */
export function askOnce(sources: Sources): AskWindow {
  const asked = new Map<string, Promise<WindowReadings>>();
  let failures = 0;
  let lastFailure: unknown;
  const ask: AskWindow = async (window) => {
    if (failures >= FAILURES) throw lastFailure;
    try {
      const readings = await askWindow(sources, window);
      failures = 0;
      return readings;
    } catch (error) {
      failures += 1;
      lastFailure = error;
      throw error;
    }
  };
  return (window) => {
    const key = `${window.from}-${window.to}`;
    let answer = asked.get(key);
    if (answer === undefined) {
      answer = ask(window);
      asked.set(key, answer);
    }
    return answer;
  };
}
