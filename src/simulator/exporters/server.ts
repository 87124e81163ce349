// SPDX-License-Identifier: Apache-2.0
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Gives the page of a path; undefined = nothing is there. */
export type PageSource = (path: string) => string | undefined;

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores';

/** One HTTP server on the loopback interface for all exporters; the path tells them apart. */
export class ExporterServer {
  readonly #server: Server;
  #port = 0;

  constructor(pages: PageSource) {
    this.#server = createServer((request, response) => {
      const path = new URL(request.url ?? '/', 'http://127.0.0.1').pathname;
      const page = request.method === 'GET' ? pages(path) : undefined;
      if (page === undefined) response.writeHead(404).end('not found\n');
      else response.writeHead(200, { 'content-type': CONTENT_TYPE }).end(page);
    });
    this.#server.keepAliveTimeout = 95_000;
  }

  /** The port; 0 before {@link listen}. */
  get port(): number {
    return this.#port;
  }

  /** Listens on a free port. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
