// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeClient } from '#cluster/api/client.ts';
import { PooledKubeConfig } from '#cluster/api/pooled-kube-config.ts';

type Json = Record<string, unknown>;

/** One call as the server received it. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly contentType: string;
  readonly body: Json;
}

/** An API server on a real socket that keeps objects by path and knows resourceVersion. */
export interface FakeApi {
  readonly client: KubeClient;
  readonly objects: Map<string, Json>;
  readonly calls: Call[];
  readonly close: () => Promise<void>;
}

/**
 * Starts a {@link FakeApi} on a free port of loopback.
 * @param aheadMilliseconds how far our clock is from that of its answers
 */
export async function startFakeApi(aheadMilliseconds = 0): Promise<FakeApi> {
  const objects = new Map<string, Json>();
  const calls: Call[] = [];
  let version = 1;
  const store = (path: string, object: Json): Json => {
    version += 1;
    const metadata = { ...(object['metadata'] as Json), resourceVersion: String(version) };
    const stored = { ...object, metadata };
    objects.set(path, stored);
    return stored;
  };
  const answer = (call: Call): [number, Json] => {
    const object = objects.get(call.path);
    if (call.method === 'POST') {
      const path = `${call.path}/${String((call.body['metadata'] as Json)['name'])}`;
      if (objects.has(path)) return [409, { reason: 'AlreadyExists', message: 'already exists' }];
      return [201, store(path, call.body)];
    }
    if (object === undefined) return [404, { reason: 'NotFound', message: 'not found' }];
    if (call.method === 'GET') return [200, object];
    if (call.method === 'PATCH') return [200, store(call.path, applied(object, call.body))];
    const sent = (call.body['metadata'] as Json)['resourceVersion'];
    if (sent !== (object['metadata'] as Json)['resourceVersion']) {
      return [409, { reason: 'Conflict', message: 'the object has been modified' }];
    }
    return [200, store(call.path, call.body)];
  };
  const server = createServer((request, response) => {
    void receive(request).then((call) => {
      calls.push(call);
      const [status, body] = answer(call);
      const date = new Date(Date.now() - aheadMilliseconds).toUTCString();
      const headers = { 'content-type': 'application/json', date };
      response.writeHead(status, headers).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const config = new PooledKubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'c', server: `http://127.0.0.1:${port}`, skipTLSVerify: true }],
    users: [{ name: 'u' }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  });
  const client = new KubeClient(config, {
    random: () => 0,
    sleep: () => Promise.resolve(),
    now: () => Date.now(),
  });
  return {
    client,
    objects,
    calls,
    async close() {
      await config.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Server-side apply, as far as a list of webhooks merged by name needs it. */
function applied(object: Json, patch: Json): Json {
  const patches = new Map((patch['webhooks'] as Json[]).map((item) => [item['name'], item]));
  const webhooks = (object['webhooks'] as Json[]).map((item) => {
    const change = patches.get(item['name']);
    if (change === undefined) return item;
    const clientConfig = {
      ...(item['clientConfig'] as Json),
      ...(change['clientConfig'] as Json),
    };
    return { ...item, clientConfig };
  });
  return { ...object, webhooks };
}

async function receive(request: IncomingMessage): Promise<Call> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const url = new URL(request.url ?? '/', 'http://localhost');
  return {
    method: request.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    contentType: request.headers['content-type'] ?? '',
    body: text === '' ? {} : (JSON.parse(text) as Json),
  };
}
