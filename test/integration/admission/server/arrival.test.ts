// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { arrivalOf } from '#admission/server/arrival.ts';
import { AdmissionServer } from '#admission/server/server.ts';
import { Turns } from '#admission/server/turns.ts';
import { until } from '../../../support/until.ts';
import { selfSigned } from '../certificate.ts';
import { WireClient } from '../client.ts';

describe('a request that waits for its turn', () => {
  let now = 100;
  const ends: (() => void)[] = [];
  /** A turn has time for one request, and ends when the test says so. */
  const turns = new Turns({
    elapsed: () => now,
    budgetMilliseconds: 0,
    endOfTurn: (run) => ends.push(run),
    afterJob: (run) => run(),
  });
  const met: { readonly path: string | undefined; readonly arrivedAt: number }[] = [];
  let server: AdmissionServer;
  let client: WireClient;

  before(async () => {
    const tls = await selfSigned('01');
    server = new AdmissionServer({
      app: (request, response) => {
        met.push({ path: request.url, arrivedAt: arrivalOf(request, now) });
        response.end('{}');
      },
      tls,
      elapsed: () => now,
      onTlsError: () => undefined,
      turns,
    });
    const { port } = await server.listen({ port: 0, host: '127.0.0.1' });
    client = new WireClient(port, [String(tls.cert)]);
  });
  after(async () => {
    client.agent.destroy();
    await server.close(0);
  });

  function endTurns(): void {
    for (let left = 10; left > 0; left -= 1) for (const end of ends.splice(0)) end();
  }

  async function waiting(count: number): Promise<void> {
    await until(() => turns.waiting >= count);
  }

  it('counts its time from when it came, not from when it was begun', async () => {
    await client.send('{}', { path: '/at-once' });
    const later = client.send('{}', { path: '/later' });
    await waiting(1);
    assert.equal(met.length, 1);
    now = 700;
    endTurns();
    assert.equal((await later).status, 200);
    assert.deepEqual(met, [
      { path: '/at-once', arrivedAt: 100 },
      { path: '/later', arrivedAt: 100 },
    ]);
  });

  it('is not begun any more when its caller has gone', async () => {
    await client.send('{}', { path: '/first' });
    const socket = await client.connect();
    socket.write('POST /gone HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}');
    await waiting(1);
    // The server ends its side when it has met the end of ours.
    socket.end();
    socket.resume();
    await once(socket, 'close');
    const last = client.send('{}', { path: '/last' });
    await waiting(2);
    endTurns();
    assert.equal((await last).status, 200);
    assert.deepEqual(
      met.slice(2).map(({ path }) => path),
      ['/first', '/last'],
    );
  });
});
