// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { EventHub } from '#dashboard/server/event-hub.ts';
import { until } from '../../../support/until.ts';

const HALF_FULL_BYTES = 512 * 1024;

test('a stream that ends while its reader has stopped reading gets nothing more and gives its place back', async (t) => {
  const hub = new EventHub({ now: () => 0, longestSeconds: 1, beatSeconds: 0.02 });
  let response: ServerResponse | undefined;
  const failures: unknown[] = [];
  const server = createServer((_request, answer) => {
    response = answer;
    // Nobody listens in the product: there it is an exception that ends the process.
    answer.on('error', (error) => failures.push(error));
    answer.writeHead(200);
    hub.add(answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  t.after(() => {
    client.destroy();
    hub.close();
    server.close();
  });
  client.pause();
  client.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await until(() => hub.size === 1);
  // Beyond what the system takes, so that the end of the answer has to wait for the reader.
  const rows = [{ id: 'x'.repeat(64 * 1024) }] as never;
  while ((response?.writableLength ?? 0) < HALF_FULL_BYTES) {
    hub.send('decisions', { rows, skipped: 0, held: 1, seen: 1 });
    await sleep(1);
  }
  await until(() => response?.writableEnded === true);
  hub.send('changed', { parts: ['cluster'] });
  await until(() => hub.size === 0);
  assert.deepEqual(failures, []);
});
