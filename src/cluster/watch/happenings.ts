// SPDX-License-Identifier: Apache-2.0

/** What a reflector reports, each counted on its own. */
export const REFLECTOR_HAPPENINGS = [
  /** A list was finished. */
  'listed',
  /** A list or a watch failed: refused, cut off, or answered with an ERROR event. */
  'failed',
  /** A watch was opened. */
  'watched',
  /** An ADDED, MODIFIED or DELETED event was taken in. */
  'event',
  'bookmark',
  /** The server no longer knows our resourceVersion (410): everything is listed again. */
  'expired',
  /** A line that is no event; the watch is opened again where it was. */
  'garbage',
  /** Nothing was heard for too long; the watch is opened again where it was. */
  'idle',
  /** An object could not be projected; what was known of it stays. */
  'unreadable',
  /** A listener of the store threw. */
  'listener-failed',
] as const;

/** One of {@link REFLECTOR_HAPPENINGS}. */
export type ReflectorHappening = (typeof REFLECTOR_HAPPENINGS)[number];

/** Told of everything a reflector counts: the port for metrics and logs. Must not throw. */
export type ReflectorObserver = (happening: ReflectorHappening, error?: unknown) => void;
