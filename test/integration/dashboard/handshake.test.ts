// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { it } from 'node:test';
import { DashboardServer } from '#dashboard/server/server.ts';
import { selfSigned } from '../admission/certificate.ts';

it('the dashboard cuts who opens a connection and never says a word of TLS', async () => {
  const { cert, key } = await selfSigned('01');
  const material = { cert: String(cert), key: String(key) };
  const server = new DashboardServer((_request, response) => response.end(), material);
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' });
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    // Two minutes unless the server is told otherwise.
    await once(socket, 'close', { signal: AbortSignal.timeout(60_000) });
    assert.ok(socket.destroyed);
  } finally {
    socket.destroy();
    await server.close();
  }
});
