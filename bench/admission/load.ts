// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { reviewBodies } from './review.ts';

/*
 * The load generator: kept TLS connections on the loopback interface, one request under way on
 * each, a bounded number of requests and a bounded time. Runs in a process of its own, so that its
 * cost is nobody else's.
 */

/** One run. */
export interface LoadOrder {
  readonly port: number;
  readonly connections: number;
  readonly requests: number;
  /** Bytes of one body. */
  readonly bytes: number;
  readonly limitMilliseconds: number;
}

/** What came of a run. */
export interface LoadReport {
  readonly completed: number;
  /** Answers that are not 200 or carry no patch. */
  readonly failed: number;
  /** Of all answers; the product leaves a share of Pods to the default on purpose. */
  readonly withTerm: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
  readonly maximumMilliseconds: number;
  readonly wallMilliseconds: number;
}

const HEADER_END = Buffer.from('\r\n\r\n');
/** Base64 of `"op":"add","path":"/spec/affinity` at the three alignments that it can have. */
const TERM = [0, 1, 2].map((shift) => {
  const text = Buffer.from(`${' '.repeat(shift)}/spec/affinity`).toString('base64');
  return text.slice(shift === 0 ? 0 : 4, -4);
});

process.on('message', (order: LoadOrder) => {
  void run(order).then((report) => process.send?.({ report }));
});
process.once('disconnect', () => process.exit());

async function run(order: LoadOrder): Promise<LoadReport> {
  const messages = reviewBodies(order.bytes).map(messageOf);
  const sockets = await Promise.all(
    Array.from({ length: order.connections }, () => open(order.port)),
  );
  const latencies: number[] = [];
  let failed = 0;
  let withTerm = 0;
  let sent = 0;
  const start = performance.now();
  const over = (): boolean =>
    sent >= order.requests || performance.now() - start > order.limitMilliseconds;
  const drive = async (socket: TLSSocket): Promise<void> => {
    const answers = new Answers(socket);
    while (!over()) {
      const message = messages[sent % messages.length];
      sent += 1;
      const begun = performance.now();
      socket.write(message ?? '');
      const text = await answers.next();
      latencies.push(performance.now() - begun);
      if (!text.startsWith('HTTP/1.1 200')) failed += 1;
      else if (TERM.some((part) => text.includes(part))) withTerm += 1;
    }
    socket.destroy();
  };
  await Promise.all(sockets.map(drive));
  const wallMilliseconds = performance.now() - start;
  latencies.sort((a, b) => a - b);
  const quantile = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))] ?? 0;
  return {
    completed: latencies.length,
    failed,
    withTerm,
    p50Milliseconds: quantile(0.5),
    p99Milliseconds: quantile(0.99),
    maximumMilliseconds: latencies.at(-1) ?? 0,
    wallMilliseconds,
  };
}

async function open(port: number): Promise<TLSSocket> {
  // Loopback, certificates made for this run: whom we talk to is not what is measured.
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  socket.setNoDelay(true);
  return socket;
}

function messageOf(body: Buffer): Buffer {
  const head = [
    'POST /mutate?timeout=10s HTTP/1.1',
    'Host: perihelion.perihelion-system.svc:443',
    'User-Agent: kube-apiserver-admission',
    `Content-Length: ${body.length}`,
    'Accept: application/json, */*',
    'Content-Type: application/json',
    'Accept-Encoding: gzip',
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
}

/** Answers with a Content-Length, one after another, from one socket. */
class Answers {
  #buffer: Buffer = Buffer.alloc(0);
  #waiting: ((text: string) => void) | undefined;

  constructor(socket: TLSSocket) {
    socket.on('data', (chunk: Buffer) => {
      this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
      this.#offer();
    });
    // A server that closes ends the wait; the answer then counts as failed.
    socket.once('close', () => this.#waiting?.(''));
    socket.on('error', () => undefined);
  }

  next(): Promise<string> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  #offer(): void {
    const end = this.#buffer.indexOf(HEADER_END);
    if (end < 0) return;
    const head = this.#buffer.toString('latin1', 0, end);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 'NaN');
    const total = end + HEADER_END.length + length;
    if (this.#buffer.length < total) return;
    const text = this.#buffer.toString('latin1', 0, total);
    this.#buffer = this.#buffer.subarray(total);
    this.#waiting?.(text);
  }
}
