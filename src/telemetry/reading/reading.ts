// SPDX-License-Identifier: Apache-2.0

/** Where a number comes from. A modelled watt is worth less than a measured one. */
export type Quality = 'measured' | 'modelled';

/** Why there is no usable number. They are different things, and none of them is 0. */
export type MissingReason =
  'absent' | 'not-a-number' | 'stale' | 'fake' | 'too-few-samples' | 'absurd';

/** A number with its provenance. */
export interface Measured {
  readonly kind: 'measured';
  readonly value: number;
  /** Length of the window that the value describes. */
  readonly windowSeconds: number;
  /** Samples or requests behind it. */
  readonly samples: number;
  /** Age of the newest sample at the end of the window. */
  readonly ageSeconds: number;
  readonly quality: Quality;
}

/** No number, and why. */
export interface Missing {
  readonly kind: 'missing';
  readonly reason: MissingReason;
  /** One line for people: which series, what was found. */
  readonly detail: string;
}

/** The answer to every question put to telemetry: a number with provenance, or why not. */
export type Reading = Measured | Missing;
