// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';

const ARRIVED_AT = Symbol('arrived at');

interface Stamped {
  [ARRIVED_AT]?: number;
}

/** Notes when a request arrived, since it may have to wait for its turn: its deadline counts from here. */
export function noteArrival(request: IncomingMessage & Stamped, at: number): void {
  request[ARRIVED_AT] = at;
}

/** When the request arrived; `now` where nobody noted it. Both of the same monotonic clock, ms. */
export function arrivalOf(request: IncomingMessage & Stamped, now: number): number {
  return request[ARRIVED_AT] ?? now;
}
