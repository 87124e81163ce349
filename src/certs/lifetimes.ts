// SPDX-License-Identifier: Apache-2.0

/** How long everything lives, in milliseconds. Tests shrink them all alike. */
export interface Lifetimes {
  /**
   * From one renewal of a CA's slot to the next. The other slot's falls in the middle: the two
   * expiries stay half a turn apart.
   */
  readonly authorityTurn: number;
  /** A CA is renewed when it has so much left. More than {@link server}: nobody is left behind. */
  readonly authorityMark: number;
  /** A server's certificate; renewed at two thirds. */
  readonly server: number;
  /**
   * From reading a new CA back from the webhook configuration to the first certificate of it. It
   * covers what an API server needs to notice (seconds) and the difference of two clocks.
   */
  readonly propagation: number;
  /** A Secret that was unusable for so long was not caught in the middle of a change. */
  readonly heal: number;
}

const SECOND = 1000;
const DAY = 86_400_000;

/** What runs in a cluster. A CA is valid for a turn and the mark: 450 days. */
export const LIFETIMES: Lifetimes = {
  authorityTurn: 360 * DAY,
  authorityMark: 90 * DAY,
  server: 30 * DAY,
  propagation: 60 * SECOND,
  heal: 30 * SECOND,
};
