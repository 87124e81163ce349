// SPDX-License-Identifier: Apache-2.0

/** What counts as a usable reading. All have defaults: {@link DEFAULT_READING_OPTIONS}. */
export interface ReadingOptions {
  /** The RAPL zone that is preferred. Zones overlap and are never summed. */
  readonly zone: string;
  /** A newest sample older than this at the end of the window (or its start) is stale. */
  readonly staleAfterSeconds: number;
  /** Fewer samples of a gauge in the window than this are too few. */
  readonly minimumSamples: number;
  /** Fewer requests in the window than this tell no quantile and no error ratio. */
  readonly minimumRequests: number;
  /** More power than this on one node is absurd. */
  readonly maximumNodeWatts: number;
  /** More power than this in one Pod is absurd. */
  readonly maximumPodWatts: number;
}

/** Every node's and Pod's least plausible bounds; the policy may ask for more requests. */
export const DEFAULT_READING_OPTIONS: ReadingOptions = {
  zone: 'package',
  staleAfterSeconds: 60,
  minimumSamples: 2,
  minimumRequests: 20,
  maximumNodeWatts: 100_000,
  maximumPodWatts: 10_000,
};
