// SPDX-License-Identifier: Apache-2.0
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A wire between a browser and a server that can be cut and mended. */
export class Wire {
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  /** @param target address of the server, with its port */
  constructor(target: string) {
    this.#target = new URL(target);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  /** Takes connections (again), on the same port as before. */
  async mend(): Promise<void> {
    const server = createServer((socket) => {
      const onward = connect({ host: this.#target.hostname, port: Number(this.#target.port) });
      for (const one of [socket, onward]) {
        this.#sockets.add(one);
        one.once('close', () => this.#sockets.delete(one));
        one.on('error', () => one.destroy());
      }
      socket.pipe(onward);
      onward.pipe(socket);
    });
    this.#server = server;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    server.listen({ port: this.#port, host: '127.0.0.1' }, () => resolve(undefined));
    await promise;
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Ends every connection and takes no new one. */
  async cut(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#server?.close(() => resolve(undefined));
    for (const socket of this.#sockets) socket.destroy();
    await promise;
  }
}
