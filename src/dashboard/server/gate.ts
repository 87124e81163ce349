// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';

/** Whether a request may read. */
export type Verdict =
  | { readonly kind: 'allowed'; readonly user?: string | undefined }
  | { readonly kind: 'refused'; readonly status: 401 | 403 | 503; readonly message: string };

/** Decides who may read. Never rejects: whatever goes wrong is a refusal. */
export interface Gate {
  check(request: Pick<IncomingMessage, 'headers'>): Promise<Verdict>;
}

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether only this machine can reach an address to listen on. */
export function isLoopback(host: string): boolean {
  return host === '::1' || host === 'localhost' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Everybody who can reach a loopback port, but under a name of this machine only: a web site
 * whose name was pointed here (DNS rebinding) reads nothing.
 */
export const LOOPBACK_GATE: Gate = {
  check({ headers }) {
    const name = (headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
    if (LOOPBACK_NAMES.has(name)) return Promise.resolve({ kind: 'allowed' });
    const message = 'this port answers under localhost, 127.0.0.1 and [::1] only';
    return Promise.resolve({ kind: 'refused', status: 403, message });
  },
};
