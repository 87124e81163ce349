// SPDX-License-Identifier: Apache-2.0
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { listenOnLoopback } from './ports.ts';

/**
 * What a Service is in a cluster: one address in front of several replicas, connection by
 * connection in turn. It forwards bytes and sees nothing of TLS.
 */
export class Forwarder {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #backends: readonly number[] = [];
  #turn = 0;
  #port = 0;

  constructor() {
    this.#server = createServer((client) => this.#accept(client));
  }

  /** Starts listening; resolves with the port. */
  async start(): Promise<number> {
    this.#port = await listenOnLoopback(this.#server);
    return this.#port;
  }

  get port(): number {
    return this.#port;
  }

  /** Ports of the replicas that get the connections from now on. */
  setBackends(ports: readonly number[]): void {
    this.#backends = ports;
  }

  /** Ends every connection, so that the next call goes to a backend of now. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(client: Socket): void {
    this.#track(client);
    const port = this.#backends[this.#turn % Math.max(1, this.#backends.length)];
    this.#turn += 1;
    if (port === undefined) {
      client.destroy();
      return;
    }
    const backend = connect({ host: '127.0.0.1', port });
    this.#track(backend);
    client.pipe(backend).pipe(client);
    client.once('close', () => backend.destroy());
    backend.once('close', () => client.destroy());
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    // Either end may go away at any time; the other end is closed with it.
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
