// SPDX-License-Identifier: Apache-2.0
import { globSync } from 'node:fs';

/** Where Debian's package `faketime` puts the library, on any architecture. */
const PLACES = ['/usr/lib/*/faketime/libfaketimeMT.so.1', '/usr/lib/faketime/libfaketimeMT.so.1'];

/**
 * Variables that give a process another wall clock; its monotonic clock stays, as on a machine
 * whose time was never set.
 *
 * @param seconds how far it is ahead; negative = behind
 * @throws Error that says what to install where the library is missing
 */
export function shiftedClock(seconds: number): Record<string, string> {
  const [library] = globSync(PLACES);
  if (library === undefined) {
    throw new Error('libfaketime is not on this machine: apt-get install faketime');
  }
  return {
    LD_PRELOAD: library,
    FAKETIME: `${seconds < 0 ? '-' : '+'}${Math.abs(seconds)}`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  };
}
