// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { connect } from 'node:http2';
import { Agent, request } from 'node:https';
import { reviewBodies } from './review.ts';

/*
 * A caller of either protocol, in a process of its own. Over HTTP/2 everything goes through one
 * connection, over HTTP/1.1 each request under way has one, as with the API server's client: it
 * keeps {@link IDLE_CONNECTIONS} when they are idle and closes the others.
 */

/** One run. */
export interface ProtocolOrder {
  readonly protocol: 'http1' | 'http2';
  readonly port: number;
  readonly requests: number;
  /** Requests under way at once. */
  readonly inFlight: number;
}

/** What came of it. */
export interface ProtocolReport {
  readonly completed: number;
  /** Connections opened; each is a TLS handshake. */
  readonly connections: number;
  readonly wallMilliseconds: number;
}

/** `MaxIdleConnsPerHost` of client-go's transports. */
const IDLE_CONNECTIONS = 25;
const PATH = '/mutate?timeout=10s';
const HEADERS = { 'content-type': 'application/json', accept: 'application/json, */*' };

/** Sends one body and waits for the whole answer. */
type Send = (body: Buffer) => Promise<void>;

process.on('message', (order: ProtocolOrder) => {
  void run(order).then((report) => process.send?.({ report }));
});
process.once('disconnect', () => process.exit());

async function run(order: ProtocolOrder): Promise<ProtocolReport> {
  const bodies = reviewBodies();
  const client =
    order.protocol === 'http2' ? await http2Client(order.port) : http1Client(order.port);
  const start = performance.now();
  let sent = 0;
  const drive = async (): Promise<void> => {
    while (sent < order.requests) {
      const body = bodies[sent % bodies.length] ?? Buffer.alloc(0);
      sent += 1;
      await client.send(body);
    }
  };
  await Promise.all(Array.from({ length: order.inFlight }, drive));
  const wallMilliseconds = performance.now() - start;
  await client.close();
  return { completed: sent, connections: client.connections(), wallMilliseconds };
}

interface Client {
  readonly send: Send;
  readonly connections: () => number;
  readonly close: () => Promise<void>;
}

async function http2Client(port: number): Promise<Client> {
  // Loopback, a certificate made for this run: whom we talk to is not what is measured.
  const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  await once(session, 'connect');
  return {
    send: async (body) => {
      const stream = session.request({
        ':method': 'POST',
        ':path': PATH,
        ...HEADERS,
        'content-length': body.length,
      });
      stream.end(body);
      const answered = once(stream, 'response');
      stream.resume();
      await once(stream, 'end');
      const [headers] = (await answered) as [{ readonly ':status'?: number }];
      if (headers[':status'] !== 200) throw new Error(`status ${String(headers[':status'])}`);
    },
    connections: () => 1,
    close: async () => {
      session.close();
      await once(session, 'close');
    },
  };
}

function http1Client(port: number): Client {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: IDLE_CONNECTIONS });
  let opened = 0;
  const send: Send = (body) =>
    new Promise((resolve, reject) => {
      const headers = { ...HEADERS, 'content-length': body.length };
      const options = { host: '127.0.0.1', port, path: PATH, method: 'POST', headers, agent };
      const outgoing = request({ ...options, rejectUnauthorized: false }, (response) => {
        response.resume();
        response.once('end', () => {
          if (response.statusCode === 200) resolve();
          else reject(new Error(`status ${String(response.statusCode)}`));
        });
      });
      outgoing.once('socket', () => {
        if (!outgoing.reusedSocket) opened += 1;
      });
      outgoing.once('error', reject);
      outgoing.end(body);
    });
  return {
    send,
    connections: () => opened,
    close: () => {
      agent.destroy();
      return Promise.resolve();
    },
  };
}
