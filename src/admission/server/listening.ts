// SPDX-License-Identifier: Apache-2.0
import type { AddressInfo, Server } from 'node:net';

/** Where to listen. */
export interface ListenOptions {
  /** 0 = any free port. */
  readonly port: number;
  /** Default: every address. */
  readonly host?: string | undefined;
}

/**
 * Opens the port of a server; the address says which.
 * @throws what the system says, such as `EADDRINUSE`
 */
export async function listening(server: Server, options: ListenOptions): Promise<AddressInfo> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  server.once('error', reject);
  server.listen({ port: options.port, host: options.host }, () => resolve(undefined));
  await promise;
  server.off('error', reject);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP address');
  return address;
}
