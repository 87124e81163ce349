// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { PodLives, type Encoding } from './pod-life.ts';

/*
 * An API server of which every collection is empty until it is told to let Pods live: a process of
 * its own, over TLS, each event in a chunk of its own as a kube-apiserver flushes it, in protobuf to
 * those that ask for it. Stays until its parent ends. Arguments: certificate, key, signing key (hex).
 */
const [certificate = '', key = '', signingKey = ''] = process.argv.slice(2);
const lives = new PodLives(Buffer.from(signingKey, 'hex'));
const watches = new Map<ServerResponse, Encoding>();
const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** What the parent orders: so many lives, spread evenly; 0 = as fast as they are taken. */
export interface LivesOrder {
  readonly pods: number;
  readonly eventsPerSecond: number;
}

const server = createServer(
  { cert: readFileSync(certificate), key: readFileSync(key) },
  (request, response) => {
    const url = new URL(request.url ?? '/', 'https://localhost');
    if (url.searchParams.get('watch') !== 'true') {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ metadata: { resourceVersion: '1' }, items: [] }));
      return;
    }
    const encoding = (request.headers.accept ?? '').startsWith(PROTOBUF) ? 'protobuf' : 'json';
    const type = encoding === 'json' ? 'application/json' : `${PROTOBUF};stream=watch`;
    response.setHeader('content-type', type);
    response.flushHeaders();
    if (url.pathname !== '/api/v1/pods') return;
    watches.set(response, encoding);
    response.on('close', () => watches.delete(response));
  },
);
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
process.on('message', (order: LivesOrder) => {
  void live(order).then(() => process.send?.({ sent: order.pods * lives.events }));
});
process.once('disconnect', () => process.exit());

/** Pods are created together, bound together, and so on: as in a rollout. */
async function live({ pods, eventsPerSecond }: LivesOrder): Promise<void> {
  const stages = new Map<Encoding, Buffer[][]>();
  for (const encoding of new Set(watches.values())) {
    stages.set(
      encoding,
      Array.from({ length: pods }, (_, index) => lives.of(index, encoding)),
    );
  }
  const begun = performance.now();
  for (let count = 0; count < pods * lives.events; count += 1) {
    const [step, pod] = [Math.floor(count / pods), count % pods];
    for (const [response, encoding] of watches) {
      const event = stages.get(encoding)?.[pod]?.[step];
      if (event === undefined || response.write(event)) continue;
      await new Promise((resolve) => response.once('drain', resolve));
    }
    const due = eventsPerSecond === 0 ? 0 : begun + (1000 * count) / eventsPerSecond;
    if (due > performance.now()) await sleep(due - performance.now());
    else await new Promise((resolve) => setImmediate(resolve));
  }
}
