// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectPlain, type AddressInfo, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { Handshakes } from '#admission/server/handshakes.ts';
import type { TlsMaterial } from '#admission/server/server.ts';
import { node, World } from '../../../unit/admission/world.ts';
import { until } from '../../../support/until.ts';
import { SERVER_NAME, selfSigned } from '../certificate.ts';

const BURST = 40;
const AT_ONCE = 3;
/** Longer than any test: nobody is forgotten. */
const FOR_EVER = 2 ** 30;
/** Longer than a burst takes to connect. */
const GAP_MILLISECONDS = 200;
/** The head of a TLS record of 512 bytes, and the first of them. */
const HALF_GREETING = Buffer.from([22, 3, 1, 2, 0, 1]);

let certificate: TlsMaterial;

before(async () => {
  certificate = await selfSigned('01');
});

/** A TLS server behind {@link Handshakes}, and what was under way in it. */
class Guarded {
  readonly server: Server;
  readonly handshakes: Handshakes;
  /** Ports of the connections that were handed to TLS, in that order. */
  readonly begun: (number | undefined)[] = [];
  greatest = 0;
  #done = 0;
  readonly #open = new Set<Socket>();

  constructor(
    atOnce: number,
    {
      patienceMilliseconds = FOR_EVER,
      silenceMilliseconds = FOR_EVER,
      gapMilliseconds = FOR_EVER,
      longestWaitMilliseconds = FOR_EVER,
      quiet = (): boolean => true,
    } = {},
  ) {
    const { cert, key } = certificate;
    this.server = createServer({ cert, key, pauseOnConnect: true });
    // Registered before the guard, so that they are what it holds back.
    this.server.on('connection', (socket: Socket) => {
      this.#open.add(socket);
      this.begun.push(socket.remotePort);
      this.greatest = Math.max(this.greatest, this.begun.length - this.#done);
    });
    this.server.on('secureConnection', () => (this.#done += 1));
    this.server.on('tlsClientError', () => undefined);
    const elapsed = (): number => performance.now();
    const patience = { patienceMilliseconds, silenceMilliseconds };
    const turns = { atOnce, quiet, gapMilliseconds, longestWaitMilliseconds };
    this.handshakes = new Handshakes({ elapsed, ...patience, ...turns });
    this.handshakes.standBefore(this.server);
  }

  /** Whether a byte of a client has been read, and so counts against silence. */
  get heard(): boolean {
    return [...this.#open].some((socket) => socket.bytesRead > 0);
  }

  async listen(): Promise<number> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.handshakes.endWaiting();
    for (const socket of this.#open) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}

async function secure(port: number): Promise<TLSSocket> {
  const ca = certificate.cert;
  const socket = connect({ host: '127.0.0.1', port, servername: SERVER_NAME, ca });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  return socket;
}

/** A connection that never says anything. */
async function silent(port: number): Promise<Socket> {
  const socket = connectPlain({ host: '127.0.0.1', port });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** One that begins to speak and does not go on: the first byte of a TLS record. */
async function faltering(port: number): Promise<Socket> {
  const socket = await silent(port);
  socket.write(Uint8Array.of(22));
  return socket;
}

describe('handshakes', () => {
  it('of a burst are under way a few at a time, and all come to their end', async () => {
    const guarded = new Guarded(AT_ONCE);
    const port = await guarded.listen();
    const sockets = await Promise.all(Array.from({ length: BURST }, () => secure(port)));
    assert.equal(guarded.greatest, AT_ONCE);
    assert.equal(guarded.begun.length, BURST);
    for (const socket of sockets) socket.destroy();
    await guarded.close();
  });

  for (const [who, open, limits] of [
    ['says nothing', silent, { silenceMilliseconds: 1 }],
    ['does not go on', faltering, { silenceMilliseconds: 1, patienceMilliseconds: 5 }],
  ] as const) {
    it(`are not kept from others by who ${who}`, async () => {
      const guarded = new Guarded(AT_ONCE, limits);
      const port = await guarded.listen();
      const mute = await Promise.all(Array.from({ length: 4 * AT_ONCE }, () => open(port)));
      const socket = await secure(port);
      assert.equal(guarded.begun.length, mute.length + 1);
      for (const one of [socket, ...mute]) one.destroy();
      await guarded.close();
    });
  }

  it('wait longer for who has begun to speak than for who has not', async () => {
    const guarded = new Guarded(1, { silenceMilliseconds: 1 });
    const port = await guarded.listen();
    const first = await faltering(port);
    // Before its first byte is read it would count as one that says nothing.
    await until(() => guarded.heard);
    const second = await silent(port);
    await until(() => guarded.handshakes.waiting === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(guarded.begun, [first.localPort]);
    for (const one of [first, second]) one.destroy();
    await guarded.close();
  });

  it('begin only now and then while requests are under way, and all when there are none', async () => {
    let quiet = false;
    const guarded = new Guarded(AT_ONCE, {
      silenceMilliseconds: 1,
      gapMilliseconds: GAP_MILLISECONDS,
      quiet: () => quiet,
    });
    const port = await guarded.listen();
    const began = performance.now();
    const all = Array.from({ length: BURST }, () => secure(port));
    await all[0];
    const begun = guarded.begun.length;
    const gaps = Math.floor((performance.now() - began) / GAP_MILLISECONDS);
    assert.ok(begun <= 1 + gaps, `${begun} in ${gaps} gaps`);
    await until(() => guarded.begun.length > begun);
    quiet = true;
    for (const socket of await Promise.all(all)) socket.destroy();
    await guarded.close();
  });

  it('begin for who has waited long, though requests are under way all the time', async () => {
    const guarded = new Guarded(AT_ONCE, {
      silenceMilliseconds: 1,
      longestWaitMilliseconds: 20,
      quiet: () => false,
    });
    const port = await guarded.listen();
    const sockets = await Promise.all(Array.from({ length: BURST }, () => secure(port)));
    assert.equal(guarded.begun.length, BURST);
    for (const socket of sockets) socket.destroy();
    await guarded.close();
  });

  it('make room when a connection goes, and lose no time with one that is gone', async () => {
    const guarded = new Guarded(1);
    const port = await guarded.listen();
    const first = await silent(port);
    const second = await silent(port);
    const third = secure(port);
    const { localPort: gone } = second;
    await until(() => guarded.handshakes.waiting === 2);
    second.destroy();
    assert.deepEqual(guarded.begun, [first.localPort]);
    first.destroy();
    const { localPort } = await third;
    assert.deepEqual(guarded.begun.slice(1), [gone, localPort]);
    (await third).destroy();
    await guarded.close();
  });
});

describe('a server that closes', () => {
  const world = new World([node('w1')]);
  const sockets: Socket[] = [];
  after(() => {
    for (const socket of sockets) socket.destroy();
  });

  it('does not wait for connections whose handshake has not begun', async () => {
    // A clock that stands still: nobody is slow.
    const server = world.admission({ elapsed: () => 0 }).server(certificate);
    const { port } = await server.listen({ port: 0, host: '127.0.0.1' });
    for (let index = 0; index < BURST; index += 1) sockets.push(await silent(port));
    await until(() => server.connectionsWaiting > 0);
    const ended = sockets.map((socket) => once(socket, 'close'));
    for (const socket of sockets) socket.resume();
    // Those under way are TLS's own and get its time; the last one came last and waits for sure.
    const closed = server.close(0);
    await ended.at(-1);
    for (const socket of sockets) socket.destroy();
    await closed;
  });

  it('cuts after its grace those that say nothing once it has begun, or half of a greeting', async () => {
    const server = new World([node('w1')]).admission().server(certificate);
    const { port } = await server.listen({ port: 0, host: '127.0.0.1' });
    const [mute, half] = [await silent(port), await silent(port)];
    sockets.push(mute, half);
    half.write(HALF_GREETING);
    await until(() => server.connectionsWaiting === 0);
    const ended = [mute, half].map((socket) => once(socket.resume(), 'close'));
    // TLS itself gives them ten seconds: longer than a Pod may have left by then.
    const late = once(AbortSignal.timeout(5000), 'abort').then(() => 'late');
    const closed = server.close(50).then(() => 'closed');
    assert.equal(await Promise.race([closed, late]), 'closed');
    await Promise.all(ended);
  });
});
