// SPDX-License-Identifier: Apache-2.0
import type { PresetChoice } from '#telemetry/presets/preset.ts';
import type {
  CarbonSource,
  LatencySource,
  LoadSource,
  PowerSource,
  Window,
} from '#telemetry/reading/source.ts';
import { joinApplications } from './application.ts';
import type { ReadingChoice } from './preset-choice.ts';
import type { WindowReadings } from './outcome.ts';

/** The three sources of telemetry. */
export interface Sources {
  readonly power: PowerSource;
  readonly latency: LatencySource;
  readonly load: LoadSource;
  /** Carbon intensity; undefined = nobody tells, and no policy can count in it. */
  readonly carbon?: CarbonSource | undefined;
  /** What is wrong with a choice of presets; undefined = nobody checks. */
  readonly presetProblem?: ((choice: PresetChoice) => string | undefined) | undefined;
}

/**
 * Asks all three sources about one window, at the same time. The number of questions does not
 * depend on how many Pods or nodes there are. Rejects as soon as one source has no answer at all.
 */
export async function askWindow(
  sources: Sources,
  window: Window,
  choice: ReadingChoice = {},
): Promise<WindowReadings> {
  const { staleAfterSeconds } = choice;
  const [power, latency, load, carbon] = await Promise.all([
    sources.power.power(window, choice.meter, staleAfterSeconds),
    sources.latency.latency(window, choice.mesh, staleAfterSeconds),
    sources.load.load(window, staleAfterSeconds),
    sources.carbon?.intensity(window),
  ]);
  const joined = joinApplications(latency);
  return { window, power, latency: joined, load, ...(carbon === undefined ? {} : { carbon }) };
}

/** Failures in a row after which the rest of a tick does not ask any more. */
const FAILURES = 3;

/** Asks about windows, by the presets of a policy. */
export type AskWindow = (window: Window, choice?: ReadingChoice) => Promise<WindowReadings>;

/**
 * {@link askWindow} for the length of one tick. Asks about each window once only, since several
 * namespaces are observed over the same one, and of policies that read by different presets, or
 * allow samples of another age, only what differs; and after three failures in a row gives all others
 * the last failure at once, so that a dead server costs three time-outs and not one per episode.
 */
export function askOnce(given: Sources): AskWindow {
  const sources = sharing(given);
  const asked = new Map<string, Promise<WindowReadings>>();
  // By presets: one that cannot be answered must not silence the others.
  const failed = new Map<string, { readonly times: number; readonly last: unknown }>();
  const ask = async (window: Window, choice: ReadingChoice): Promise<WindowReadings> => {
    const presets = presetsOf(choice);
    const before = failed.get(presets);
    if (before !== undefined && before.times >= FAILURES) throw before.last;
    try {
      const readings = await askWindow(sources, window, choice);
      failed.delete(presets);
      return readings;
    } catch (error) {
      failed.set(presets, { times: (failed.get(presets)?.times ?? 0) + 1, last: error });
      throw error;
    }
  };
  return (window, choice = {}) => {
    const key = keyOf(window, `${presetsOf(choice)} ${choice.staleAfterSeconds}`);
    let answer = asked.get(key);
    if (answer === undefined) {
      answer = ask(window, choice);
      asked.set(key, answer);
    }
    return answer;
  };
}

/** The same sources, asked once about each window and preset. */
function sharing(sources: Sources): Sources {
  const { power, latency, load, carbon } = sources;
  const asked = once((window, _none, stale) => load.load(window, stale));
  return {
    power: { power: once((window, meter, stale) => power.power(window, meter, stale)) },
    latency: { latency: once((window, mesh, stale) => latency.latency(window, mesh, stale)) },
    load: { load: (window, stale) => asked(window, undefined, stale) },
    carbon: carbon && { intensity: once((window) => carbon.intensity(window)) },
  };
}

type Ask<T> = (window: Window, preset?: string, staleAfterSeconds?: number) => Promise<T>;

function once<T>(ask: Ask<T>): Ask<T> {
  const answers = new Map<string, Promise<T>>();
  return (window, preset, staleAfterSeconds) => {
    const key = keyOf(window, `${preset ?? ''} ${staleAfterSeconds}`);
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = ask(window, preset, staleAfterSeconds);
    answers.set(key, answer);
    return answer;
  };
}

function presetsOf({ meter = '', mesh = '' }: PresetChoice): string {
  return `${meter}/${mesh}`;
}

function keyOf({ from, to }: Window, how: string): string {
  return `${from}-${to} ${how}`;
}
