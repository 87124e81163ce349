// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import { BACKDATE_MILLISECONDS } from './encode.ts';

/**
 * Whether a leaf is to be replaced: two thirds of its life are over, which leaves time to try again
 * many times; or it is not valid yet, since the clock was ahead when it was made.
 *
 * @param now milliseconds since the epoch
 */
export function isDue(certificatePem: string, now: number): boolean {
  const { validFromDate, validToDate } = new X509Certificate(certificatePem);
  const made = validFromDate.getTime() + BACKDATE_MILLISECONDS;
  const renewal = made + (2 / 3) * (validToDate.getTime() - made);
  return now >= renewal || now < validFromDate.getTime();
}
