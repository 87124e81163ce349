// SPDX-License-Identifier: Apache-2.0
import { InputError } from '#errors';

/** Times of the election; the defaults are those of client-go. */
export interface LeaseTimes {
  /** Others wait this long after the last sign of life. */
  readonly leaseDurationSeconds: number;
  /** The leader stops when it could not renew for this long. */
  readonly renewDeadlineSeconds: number;
  /** Pause between tries. */
  readonly retryPeriodSeconds: number;
}

/** See {@link LeaseTimes}. */
export const DEFAULT_LEASE_TIMES: LeaseTimes = {
  leaseDurationSeconds: 15,
  renewDeadlineSeconds: 10,
  retryPeriodSeconds: 2,
};

/** Tries are spread over up to so many times the pause, as in client-go. */
export const JITTER = 1.2;

/** @throws InputError `PERI_SETTINGS_INVALID` when the times do not keep two leaders apart */
export function checkTimes(times: LeaseTimes): void {
  const { leaseDurationSeconds, renewDeadlineSeconds, retryPeriodSeconds } = times;
  if (!(leaseDurationSeconds > renewDeadlineSeconds)) {
    const expected = `more than renewDeadlineSeconds (${renewDeadlineSeconds})`;
    throw invalid('leaseDurationSeconds', leaseDurationSeconds, expected);
  }
  if (!(renewDeadlineSeconds > retryPeriodSeconds * JITTER)) {
    const expected = `more than ${JITTER} times retryPeriodSeconds (${retryPeriodSeconds})`;
    throw invalid('renewDeadlineSeconds', renewDeadlineSeconds, expected);
  }
  if (!(retryPeriodSeconds > 0)) {
    throw invalid('retryPeriodSeconds', retryPeriodSeconds, 'more than 0');
  }
}

function invalid(field: string, found: number, expected: string): InputError {
  return new InputError('PERI_SETTINGS_INVALID', field, found, expected);
}
