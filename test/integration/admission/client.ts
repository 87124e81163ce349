// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { Agent, request, type RequestOptions } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import { connect, TLSSocket, type ConnectionOptions } from 'node:tls';
import { SERVER_NAME } from './certificate.ts';

/** An answer as it came over the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Serial number of the certificate that was served. */
  readonly serial: string;
  /** Port of our own end: the same for two requests on one connection. */
  readonly localPort: number | undefined;
}

/** A client like the API server's: TLS, one pool of kept connections, names checked. */
export class WireClient {
  readonly agent: Agent;
  readonly #port: number;
  readonly #ca: string[];

  constructor(port: number, ca: string[]) {
    this.#port = port;
    this.#ca = ca;
    this.agent = new Agent({ keepAlive: true, maxSockets: 50 });
  }

  /** Sends one request and reads the whole answer. */
  async send(body: string | undefined, options: RequestOptions = {}): Promise<WireAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<WireAnswer>();
    const outgoing = request({ ...this.options(), ...options }, (response) => {
      const { socket } = response;
      if (!(socket instanceof TLSSocket)) throw new Error('the answer came without TLS');
      const serial = socket.getPeerCertificate().serialNumber;
      const { localPort } = socket;
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString('utf8'),
          serial,
          localPort,
        }),
      );
    });
    outgoing.once('error', reject);
    outgoing.end(body);
    return promise;
  }

  /** Options of a request for `POST /mutate?timeout=2s`. */
  options(): RequestOptions {
    return {
      host: '127.0.0.1',
      port: this.#port,
      servername: SERVER_NAME,
      ca: this.#ca,
      agent: this.agent,
      method: 'POST',
      path: '/mutate?timeout=2s',
      headers: { 'Content-Type': 'application/json' },
    };
  }

  /** A bare TLS connection. */
  async connect(options: ConnectionOptions = {}): Promise<TLSSocket> {
    const socket = connect({
      host: '127.0.0.1',
      port: this.#port,
      servername: SERVER_NAME,
      ca: this.#ca,
      ...options,
    });
    await once(socket, 'secureConnect');
    return socket;
  }

  /** Writes raw bytes and reads until the server closes. */
  async raw(bytes: string): Promise<string> {
    const socket = await this.connect();
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    // A server that closes while we still write is an answer too.
    socket.on('error', () => undefined);
    socket.write(bytes);
    await once(socket, 'close');
    return Buffer.concat(chunks).toString('latin1');
  }
}
