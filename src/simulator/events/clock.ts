// SPDX-License-Identifier: Apache-2.0

/** Virtual time, shared by the engine and what it is made of. */
export class Clock {
  /** Seconds from the beginning of the simulation. */
  now = 0;
}
