// SPDX-License-Identifier: Apache-2.0

/**
 * The rise of a counter between two readings. A fall means that the counter was reset (the
 * exporter restarted): what it shows now was counted since then and is all that is known.
 * NaN in, NaN out.
 */
export function counterDelta(before: number, after: number): number {
  return after < before ? after : after - before;
}
