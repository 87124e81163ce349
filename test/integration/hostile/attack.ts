// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Subject } from './subject.ts';
import { type Verdict, verdictOf, verdictOfAnswer } from './verdict.ts';

/** One row of the table. */
export interface HostileCase {
  readonly group: string;
  readonly name: string;
  /** Does it and tells what came back. */
  readonly attack: (subject: Subject) => Promise<Verdict>;
  /** The verdict's summary; a list where the race between two ends allows either. */
  readonly expected: string | readonly string[];
  /** `outcome/reason` of the audit line of the last review. */
  readonly line?: string;
  /** What else must hold of the answer. */
  readonly also?: ((verdict: Verdict) => void) | undefined;
  /** Whether audit lines may come without an answer that was read (the client left). */
  readonly unread?: boolean;
  /** Takes as long as the server's time limits; runs beside all others. */
  readonly slow?: boolean;
}

/**
 * Longest time that a connection may stay open: well above the server's own limits, also on a busy
 * machine.
 */
const LONGEST_MILLISECONDS = 60_000;

/** Posts a body as an API server would and reads the one answer. */
export function post(
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): (subject: Subject) => Promise<Verdict> {
  return async ({ client }) => {
    const options = {
      headers: { 'Content-Type': 'application/json', ...headers },
      // A connection of its own: a server that closes early must not fail the next request.
      agent: false as const,
    };
    const answer = await client.send(body as string, options);
    const lower = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
    return verdictOfAnswer({
      status: answer.status,
      headers: new Map(lower as [string, string][]),
      body: answer.text,
    });
  };
}

/** The half-close, and the end of a connection without a word. */
export const END = Symbol('end');
export const RESET = Symbol('reset');

/** What a script does: text and bytes are written, numbers are pauses in milliseconds. */
export type Step = string | Buffer | number | typeof END | typeof RESET;

/** Plays a script on a TLS connection and reads until the server closes. */
export function script(...steps: readonly Step[]): (subject: Subject) => Promise<Verdict> {
  return async ({ client }) => {
    const socket = await client.connect();
    return play(socket, steps);
  };
}

/** The same without TLS: what the port gets from scanners. */
export function plainScript(...steps: readonly Step[]): (subject: Subject) => Promise<Verdict> {
  return async ({ port }) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    await once(socket, 'connect');
    const bytes = await collect(socket, steps);
    // Without TLS there is nothing to be read but alerts.
    return { ...verdictOf(Buffer.alloc(0)), summary: bytes === undefined ? 'open' : 'closed' };
  };
}

/** Repeats a step for as long as the other end takes it. */
export function endless(
  head: string,
  chunk: string,
  limitBytes = 64 * 2 ** 20,
): (subject: Subject) => Promise<Verdict> {
  return async ({ client }) => {
    const socket = await client.connect();
    const reading = collect(socket, [head]);
    for (let sent = 0; sent < limitBytes && !socket.destroyed; sent += chunk.length) {
      if (!socket.write(chunk)) await Promise.race([drained(socket), closed(socket)]);
    }
    const bytes = await reading;
    return bytes === undefined ? open() : verdictOf(bytes);
  };
}

async function play(socket: Socket, steps: readonly Step[]): Promise<Verdict> {
  const bytes = await collect(socket, steps);
  return bytes === undefined ? open() : verdictOf(bytes);
}

function open(): Verdict {
  return { answers: [], reviews: [], summary: 'open' };
}

/** What came until the connection was closed; undefined if it never was. */
async function collect(socket: Socket, steps: readonly Step[]): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  // A server that closes while we still write is an answer too.
  socket.on('error', () => undefined);
  const ended = closed(socket);
  for (const step of steps) {
    if (socket.destroyed) break;
    if (step === END) socket.end();
    else if (step === RESET) socket.destroy();
    else if (typeof step === 'number') await sleep(step);
    else if (step.length > 0) socket.write(step);
  }
  const limit = new AbortController();
  const inTime = await Promise.race([
    ended.then(() => true),
    sleep(LONGEST_MILLISECONDS, false, { signal: limit.signal }).catch(() => false),
  ]);
  limit.abort();
  socket.destroy();
  return inTime ? Buffer.concat(chunks) : undefined;
}

async function drained(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  socket.once('drain', () => resolve(undefined));
  await promise;
}

async function closed(socket: Socket): Promise<void> {
  if (socket.closed) return;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  socket.once('close', () => resolve(undefined));
  await promise;
}
