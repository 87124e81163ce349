// SPDX-License-Identifier: Apache-2.0

/**
 * A time as `metav1.MicroTime` wants it: exactly six fractional digits. The API server refuses
 * the three that JavaScript writes.
 * @param milliseconds since the epoch
 */
export function microTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z');
}
