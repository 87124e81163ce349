// SPDX-License-Identifier: Apache-2.0
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Whom the front knows: a user by token, and who of them may read the dashboard. */
export interface Known {
  readonly users: Readonly<Record<string, string>>;
  readonly allowed: Set<string>;
}

/** The embedded API server behind a front that answers the two reviews, which it does not serve. */
export interface ApiFront {
  readonly url: string;
  /** Reviews asked for. */
  reviews: number;
  /** Refuses both reviews while true. */
  silent: boolean;
  close(): Promise<void>;
}

/** Starts a front of the API server at `target`. */
export async function apiFront(target: string, known: Known): Promise<ApiFront> {
  const front = { url: '', reviews: 0, silent: false };
  const server = createServer((incoming, response) => {
    const path = incoming.url ?? '';
    if (/^\/apis\/(authentication|authorization)\.k8s\.io\//.test(path)) {
      void answerReview(incoming, response, path);
    } else forward(incoming, response);
  });

  async function answerReview(incoming: IncomingMessage, response: ServerResponse, path: string) {
    let text = '';
    for await (const chunk of incoming) text += String(chunk);
    front.reviews += 1;
    if (front.silent) {
      response.writeHead(500).end('{}');
      return;
    }
    const body = JSON.parse(text) as { spec: Record<string, unknown> };
    const status = path.includes('tokenreviews')
      ? tokenStatus(String(body.spec['token']))
      : { allowed: isAllowed(body.spec) };
    response.writeHead(201, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ...body, status }));
  }

  function tokenStatus(token: string): object {
    const username = known.users[token];
    if (username === undefined) return { authenticated: false };
    return { authenticated: true, user: { username, groups: ['system:authenticated'] } };
  }

  function isAllowed(spec: Record<string, unknown>): boolean {
    const { path, verb } = spec['nonResourceAttributes'] as { path: string; verb: string };
    const right = path === '/dashboard.perihelion.dev' && verb === 'get';
    return right && known.allowed.has(String(spec['user']));
  }

  function forward(incoming: IncomingMessage, response: ServerResponse): void {
    const { method, headers, url = '' } = incoming;
    const onward = request(new URL(url, target), { method: method ?? 'GET', headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    incoming.pipe(onward);
  }

  const { promise, resolve } = Promise.withResolvers<undefined>();
  server.listen({ port: 0, host: '127.0.0.1' }, () => resolve(undefined));
  await promise;
  front.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(front, {
    async close() {
      const ended = Promise.withResolvers<undefined>();
      server.close(() => ended.resolve(undefined));
      server.closeAllConnections();
      await ended.promise;
    },
  });
}
