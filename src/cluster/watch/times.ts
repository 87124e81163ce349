// SPDX-License-Identifier: Apache-2.0

/** Times of a reflector, in milliseconds; the defaults suit a real API server. */
export interface ReflectorTimes {
  readonly backoffBaseMilliseconds: number;
  readonly backoffCapMilliseconds: number;
  /** A watch that is silent for longer is opened again; bookmarks come about every minute. */
  readonly inactivityMilliseconds: number;
  /** The server is asked to end a watch after this long, or up to twice that. */
  readonly watchSeconds: number;
  /** Everything is listed again when a watch ends after this long: a net under lost events. */
  readonly relistMilliseconds: number;
  readonly pageSize: number;
  /** Events of a busy watch are taken in together, once in so long; 0 = each by itself. */
  readonly gatherMilliseconds: number;
}

/** See {@link ReflectorTimes}. */
export const DEFAULT_REFLECTOR_TIMES: ReflectorTimes = {
  backoffBaseMilliseconds: 500,
  backoffCapMilliseconds: 30_000,
  inactivityMilliseconds: 150_000,
  watchSeconds: 300,
  relistMilliseconds: 3_600_000,
  pageSize: 500,
  gatherMilliseconds: 20,
};
