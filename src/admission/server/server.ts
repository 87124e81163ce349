// SPDX-License-Identifier: Apache-2.0
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { PerihelionError } from '#errors';
import { noteArrival } from './arrival.ts';
import type { ClientGate, ClientTlsOptions } from './client-gate.ts';
import { Handshakes } from './handshakes.ts';
import { listening, type ListenOptions } from './listening.ts';
import { Traffic } from './traffic.ts';
import type { Turns } from './turns.ts';

/** Certificate chain and key of the webhook, PEM. */
export interface TlsMaterial {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

/** How a server goes away. */
export interface DrainOptions {
  /** Without a request for so long, nobody sends any more. */
  readonly quietMilliseconds: number;
  /** Stop waiting for quiet after so long. */
  readonly longestMilliseconds: number;
  /** Requests that are still answered then are cut. */
  readonly graceMilliseconds: number;
}

/** What the server needs of its surroundings. */
export interface ServerOptions {
  readonly app: RequestListener;
  readonly tls: TlsMaterial;
  /** A monotonic clock in milliseconds. */
  readonly elapsed: () => number;
  readonly onTlsError: () => void;
  /** Where requests are begun. Default: at once. */
  readonly turns?: Turns | undefined;
  /** Who may connect. Default: everybody. */
  readonly gate?: ClientGate | undefined;
}

/** Go keeps idle connections for 90 s and does not retry a POST on one that was just closed. */
const KEEP_ALIVE_MILLISECONDS = 95_000;
const HEADERS_MILLISECONDS = 10_000;
const REQUEST_MILLISECONDS = 15_000;
/** Node looks for late requests only this often; its default of 30 s would outlast both limits. */
const CHECK_MILLISECONDS = 2000;
const HEADER_LIMIT_BYTES = 16 * 1024;
/** About 0.4 ms each, so that all of them in one turn of the event loop leave it time for answers. */
const HANDSHAKES_AT_ONCE = 4;
/** While requests are under way one begins only so often: 3 % of a core. */
const HANDSHAKE_GAP_MILLISECONDS = 20;
/** A burst of some hundred requests is over by then, and a call's time-out is far. */
const HANDSHAKE_WAIT_MILLISECONDS = 250;
/** Longer than a client that is near takes from an answer to its next request on the connection. */
const QUIET_MILLISECONDS = 5;
/** Several ways to and fro within a cluster, and more than a turn of a busy event loop. */
const HANDSHAKE_PATIENCE_MILLISECONDS = 10;
/** A client's first bytes come right behind its connection. */
const HANDSHAKE_SILENCE_MILLISECONDS = 1;

type ContextOptions = TlsMaterial & typeof TLS_OPTIONS & ClientTlsOptions;

const TLS_OPTIONS = { minVersion: 'TLSv1.2', honorCipherOrder: true } as const;

/**
 * The HTTPS server of the webhook: HTTP/1.1 only, because Express cannot speak HTTP/2 and the API
 * server would take it where it is offered.
 */
export class AdmissionServer {
  readonly #server: Server;
  readonly #handshakes: Handshakes;
  readonly #traffic: Traffic;
  readonly #elapsed: () => number;
  readonly #gate: ClientGate | undefined;
  #tls: TlsMaterial;
  #draining = false;

  /** @throws PerihelionError `PERI_CERTIFICATE_INVALID` if certificate and key do not belong together */
  constructor(options: ServerOptions) {
    checkMaterial(options.tls);
    this.#tls = options.tls;
    this.#gate = options.gate;
    this.#elapsed = options.elapsed;
    this.#traffic = new Traffic(options.elapsed);
    const listener: RequestListener = (request, response) => {
      noteArrival(request, this.#traffic.came(response));
      if (options.turns === undefined) options.app(request, response);
      else options.turns.begin(() => begin(options.app, request, response));
    };
    this.#server = createServer(
      {
        ...this.#contextOptions(),
        ALPNProtocols: ['http/1.1'],
        keepAliveTimeout: KEEP_ALIVE_MILLISECONDS,
        headersTimeout: HEADERS_MILLISECONDS,
        // Node's default of 120 s would hold a connection that never says a word.
        handshakeTimeout: HEADERS_MILLISECONDS,
        requestTimeout: REQUEST_MILLISECONDS,
        connectionsCheckingInterval: CHECK_MILLISECONDS,
        maxHeaderSize: HEADER_LIMIT_BYTES,
        // What waits for its handshake is not read: what was read before TLS has it takes another way.
        pauseOnConnect: true,
      },
      listener,
    );
    this.#server.on('tlsClientError', options.onTlsError);
    this.#handshakes = new Handshakes({
      elapsed: options.elapsed,
      atOnce: HANDSHAKES_AT_ONCE,
      quiet: () => this.#traffic.quietFor(QUIET_MILLISECONDS),
      gapMilliseconds: HANDSHAKE_GAP_MILLISECONDS,
      longestWaitMilliseconds: HANDSHAKE_WAIT_MILLISECONDS,
      patienceMilliseconds: HANDSHAKE_PATIENCE_MILLISECONDS,
      silenceMilliseconds: HANDSHAKE_SILENCE_MILLISECONDS,
    });
    this.#handshakes.standBefore(this.#server);
    // An expectation that nobody knows may be ignored; Node would refuse it without a word.
    this.#server.on('checkExpectation', listener);
  }

  /** Whether {@link drain} was called: readiness fails, answers end their connection. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Whether the port is open. */
  get listening(): boolean {
    return this.#server.listening;
  }

  /** How many new connections wait for their handshake to begin. */
  get connectionsWaiting(): number {
    return this.#handshakes.waiting;
  }

  /** Opens the port; the address says which. */
  listen(options: ListenOptions): Promise<AddressInfo> {
    return listening(this.#server, options);
  }

  /**
   * Serves another certificate from the next connection on; open ones keep the old one.
   * @throws PerihelionError `PERI_CERTIFICATE_INVALID`; the old certificate then stays.
   */
  setSecureContext(tls: TlsMaterial): void {
    checkMaterial(tls);
    this.#tls = tls;
    this.#server.setSecureContext(this.#contextOptions());
  }

  /**
   * Asks for client certificates of other CAs from the next connection on.
   * @throws PerihelionError `PERI_CERTIFICATE_INVALID` if the PEM holds no certificate; the former CAs then stay.
   */
  setClientAuthority(caPem: string): void {
    this.#gate?.setAuthority(caPem);
    this.#server.setSecureContext(this.#contextOptions());
  }

  /**
   * Goes away without losing a request: answers end their connection while the endpoint is being
   * taken out everywhere, then no new connection is taken and the rest is answered.
   */
  async drain(options: DrainOptions): Promise<void> {
    this.#draining = true;
    const start = this.#elapsed();
    for (;;) {
      const now = this.#elapsed();
      const last = Math.max(this.#traffic.cameAt, start);
      const quiet = options.quietMilliseconds - (now - last);
      const left = options.longestMilliseconds - (now - start);
      const wait = Math.min(quiet, left);
      if (wait <= 0) break;
      await sleep(wait);
    }
    await this.close(options.graceMilliseconds);
  }

  #contextOptions(): ContextOptions {
    const { cert, key } = this.#tls;
    return { ...TLS_OPTIONS, cert, key, ...this.#gate?.tlsOptions };
  }

  /** Takes no new connection, waits for open requests, cuts them after the grace. */
  async close(graceMilliseconds: number): Promise<void> {
    this.#draining = true;
    if (!this.#server.listening) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#server.close(() => resolve(undefined));
    this.#server.closeIdleConnections();
    this.#handshakes.endWaiting();
    const timer = setTimeout(() => {
      this.#handshakes.endBegun();
      this.#server.closeAllConnections();
    }, graceMilliseconds);
    await promise;
    clearTimeout(timer);
  }
}

/** Who has gone while the request waited wants no answer. */
function begin(app: RequestListener, request: IncomingMessage, response: ServerResponse): void {
  if (!request.destroyed && !response.destroyed) app(request, response);
}

function checkMaterial(tls: TlsMaterial): void {
  try {
    createSecureContext({ ...TLS_OPTIONS, ...tls });
  } catch (error) {
    throw new PerihelionError(
      'PERI_CERTIFICATE_INVALID',
      'the webhook certificate and its key do not load together',
      { cause: error },
    );
  }
}
