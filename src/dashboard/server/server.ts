// SPDX-License-Identifier: Apache-2.0
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** Certificate chain and key, PEM. */
export interface Material {
  readonly cert: string;
  readonly key: string;
}

/** Where to listen. */
export interface Address {
  /** 0 = any free port. */
  readonly port: number;
  readonly host: string;
}

const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 30_000,
  maxHeaderSize: 16 * 1024,
} as const;
/** Connections at once: pages keep a few each, and the admission path may share the process. */
const CONNECTIONS = 512;

/** The server of the dashboard: HTTPS with material, else HTTP for loopback. */
export class DashboardServer {
  readonly #server: Server | SecureServer;

  constructor(app: RequestListener, material: Material | undefined) {
    this.#server =
      material === undefined
        ? createServer(LIMITS, app)
        : createSecureServer(
            {
              ...LIMITS,
              ...material,
              // Who opens a connection and says nothing holds one of few places.
              handshakeTimeout: LIMITS.headersTimeout,
              minVersion: 'TLSv1.2',
              ALPNProtocols: ['http/1.1'],
            },
            app,
          );
    this.#server.maxConnections = CONNECTIONS;
  }

  /** Opens the port; the address says which. */
  async listen({ port, host }: Address): Promise<AddressInfo> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    this.#server.once('error', reject);
    this.#server.listen({ port, host }, () => resolve(undefined));
    await promise;
    this.#server.off('error', reject);
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not a TCP address');
    return address;
  }

  /** Serves another certificate from the next connection on. */
  setMaterial(material: Material): void {
    if ('setSecureContext' in this.#server) {
      this.#server.setSecureContext({ ...material, minVersion: 'TLSv1.2' });
    }
  }

  /** Closes at once. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#server.close(() => resolve(undefined));
    this.#server.closeAllConnections();
    await promise;
  }
}
