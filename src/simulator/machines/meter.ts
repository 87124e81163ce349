// SPDX-License-Identifier: Apache-2.0

/** Generations of Kepler, by the names that the product's settings have for them. */
export const METERS = ['KeplerNew', 'KeplerOld'] as const;
export type Meter = (typeof METERS)[number];
