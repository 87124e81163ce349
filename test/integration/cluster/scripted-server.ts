// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { sleep, type Sleep } from '#cluster/api/backoff.ts';
import { KubeClient } from '#cluster/api/client.ts';
import { PooledKubeConfig } from '#cluster/api/pooled-kube-config.ts';

/** One request as a test's script sees it. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly accept: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** An HTTP server on loopback that answers as a test says, and an API client for it. */
export interface Scripted {
  readonly url: string;
  readonly client: KubeClient;
  readonly config: PooledKubeConfig;
  readonly asked: Asked[];
  /** Connections opened so far. */
  readonly connections: () => number;
  /** Connections open now. */
  readonly open: () => number;
  readonly close: () => Promise<void>;
}

/** Listens on a free port. */
export async function scripted(
  answer: (asked: Asked) => void | Promise<void>,
  ports: { random?: () => number; sleep?: Sleep } = {},
): Promise<Scripted> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const one: Asked = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      accept: request.headers.accept ?? '',
      request,
      response,
    };
    asked.push(one);
    void answer(one);
  });
  const { opened, sockets } = countSockets(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = new PooledKubeConfig();
  config.loadFromClusterAndUser({ name: 'c', server: url, skipTLSVerify: true }, { name: 'u' });
  return {
    url,
    config,
    client: new KubeClient(config, {
      random: ports.random ?? (() => 0.5),
      sleep: ports.sleep ?? ((milliseconds, signal) => sleep(milliseconds / 1000, signal)),
    }),
    asked,
    connections: () => opened.count,
    open: () => sockets.size,
    close: async () => {
      await config.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function countSockets(server: Server): { opened: { count: number }; sockets: Set<Socket> } {
  const opened = { count: 0 };
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    opened.count += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  return { opened, sockets };
}

/** Answers with JSON. */
export function json(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** Answers with a `metav1.Status`. */
export function refuse(
  response: ServerResponse,
  code: number,
  reason: string,
  headers: Record<string, string> = {},
): void {
  json(response, code, { kind: 'Status', code, reason, message: `because of ${reason}` }, headers);
}

/** The body of a request. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
