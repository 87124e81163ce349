// SPDX-License-Identifier: Apache-2.0
import type { Server, Socket } from 'node:net';

/** What {@link Handshakes} needs. */
export interface HandshakesOptions {
  /** A monotonic clock in milliseconds. */
  readonly elapsed: () => number;
  /** Handshakes under way at once. */
  readonly atOnce: number;
  /** Whether there is nothing better to do. */
  readonly quiet: () => boolean;
  /** While it is not quiet, one begins only so long after the one before … */
  readonly gapMilliseconds: number;
  /** … unless it has waited for so long: it may be of a client that has no other connection. */
  readonly longestWaitMilliseconds: number;
  /** One that takes longer no longer counts as under way. */
  readonly patienceMilliseconds: number;
  /** The same for one of which nothing was heard: who connects and says nothing costs nothing. */
  readonly silenceMilliseconds: number;
}

/** A connection that was handed to TLS, and when. */
interface UnderWay {
  readonly socket: Socket;
  readonly since: number;
}

/** A connection that waits, and what hands it to TLS. */
interface Newcomer {
  readonly socket: Socket;
  readonly peer: string;
  readonly since: number;
  readonly start: () => void;
}

/**
 * Stands between a TLS server and its new connections. A handshake is half a millisecond of
 * arithmetic, and Node.js does all at once whose first bytes have arrived: 200 connections opened
 * together, as the API server does it for a rollout, would hold the event loop up for a tenth of a
 * second. Here a few are under way at a time, so that no turn of the loop has more than those.
 *
 * And requests come first: Go opens a connection for each request that finds none idle, but sends it
 * on whichever is free sooner, so in a burst most of the connections are not needed by the time
 * they are open. While requests are under way, handshakes only begin now and then.
 *
 * The first bytes are not waited for here. One that says nothing for a moment no longer counts, so
 * that silent connections keep nobody out. That one is gone is found when its turn comes.
 */
export class Handshakes {
  readonly #options: HandshakesOptions;
  readonly #waiting = new Set<Newcomer>();
  readonly #underWay = new Map<string, UnderWay>();
  /** All that were handed to TLS and are not met yet, those that no longer count as under way, too. */
  readonly #unmet = new Map<string, Socket>();
  #timer: NodeJS.Timeout | undefined;
  #lastBegunAt = Number.NEGATIVE_INFINITY;

  constructor(options: HandshakesOptions) {
    this.#options = options;
  }

  /** How many connections wait for their handshake to begin. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * From here on the server meets a connection when it is its turn. Once per server, which is to be
   * made with `pauseOnConnect`: bytes that were read before TLS has the connection take a slower way, on
   * which an answer that ends it can be lost.
   */
  standBefore(server: Server): void {
    const starts = server.listeners('connection');
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      this.#arrived(socket, () => {
        for (const start of starts) start.call(server, socket);
      });
    });
    server.on('secureConnection', (socket: Socket) => {
      this.#unmet.delete(peerOf(socket));
      this.#over(peerOf(socket));
    });
  }

  /** Drops those that wait: they have no request that could be answered. */
  endWaiting(): void {
    for (const { socket } of this.#waiting) socket.destroy();
  }

  /** Drops those whose handshake has begun: a server that closes would wait for each of them. */
  endBegun(): void {
    for (const socket of this.#unmet.values()) socket.destroy();
  }

  #arrived(socket: Socket, start: () => void): void {
    const peer = peerOf(socket);
    const newcomer = { socket, peer, since: this.#options.elapsed(), start };
    this.#waiting.add(newcomer);
    // Without a listener an error would end the process; what it leads to is `close`.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#waiting.delete(newcomer);
      this.#unmet.delete(peer);
      this.#over(peer);
    });
    this.#startSome();
  }

  #over(peer: string): void {
    if (this.#underWay.delete(peer)) this.#startSome();
  }

  #startSome(): void {
    if (this.#waiting.size === 0) return;
    this.#forgetSlow();
    for (const newcomer of this.#waiting) {
      if (this.#underWay.size >= this.#options.atOnce || !this.#mayBegin(newcomer)) break;
      this.#waiting.delete(newcomer);
      const { peer, socket } = newcomer;
      this.#lastBegunAt = this.#options.elapsed();
      this.#underWay.set(peer, { socket, since: this.#lastBegunAt });
      this.#unmet.set(peer, socket);
      newcomer.start();
    }
    this.#lookAgain();
  }

  #mayBegin({ since }: Newcomer): boolean {
    const { elapsed, gapMilliseconds, longestWaitMilliseconds, quiet } = this.#options;
    const now = elapsed();
    return (
      now - this.#lastBegunAt >= gapMilliseconds ||
      now - since >= longestWaitMilliseconds ||
      quiet()
    );
  }

  #forgetSlow(): void {
    const { elapsed, patienceMilliseconds, silenceMilliseconds } = this.#options;
    for (const [peer, { socket, since }] of this.#underWay) {
      const patience = socket.bytesRead === 0 ? silenceMilliseconds : patienceMilliseconds;
      if (elapsed() - since >= patience) this.#underWay.delete(peer);
    }
  }

  /** Where nothing else happens, the slow ones make room by the clock, and it becomes quiet by it. */
  #lookAgain(): void {
    if (this.#waiting.size === 0 || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // What has arrived meanwhile is read first: only then is it known whether it is quiet.
      setImmediate(() => this.#startSome());
    }, this.#options.silenceMilliseconds).unref();
  }
}

/** What tells connections apart on both sides of TLS. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${String(remoteAddress)} ${String(remotePort)}`;
}
