// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { CoreV1Api } from '@kubernetes/client-node';
import { sleep } from '#cluster/api/backoff.ts';
import { KubernetesError } from '#cluster/api/kubernetes-error.ts';
import { bodyOf, json, refuse, scripted, type Scripted } from '../scripted-server.ts';
import { until } from '../../../support/until.ts';

async function using<T>(
  made: Promise<Scripted>,
  body: (server: Scripted) => Promise<T>,
): Promise<T> {
  const server = await made;
  try {
    return await body(server);
  } finally {
    await server.close();
  }
}

describe('the client', { timeout: 120_000 }, () => {
  it('shares connections: 200 calls one by one on two at most, 200 at a time on few', async () => {
    await using(
      scripted(({ response }) => json(response, 200, {})),
      async ({ client, connections }) => {
        for (let index = 0; index < 200; index += 1) await client.get('/api');
        assert.ok(connections() <= 2, String(connections()));
        await Promise.all(Array.from({ length: 200 }, () => client.get('/api')));
        assert.ok(connections() <= 8, String(connections()));
      },
    );
  });

  it('shares connections with the generated API classes', async () => {
    await using(
      scripted(({ response }) =>
        json(response, 200, { kind: 'NodeList', apiVersion: 'v1', items: [] }),
      ),
      async ({ config, connections }) => {
        const api = config.makeApiClient(CoreV1Api);
        for (let index = 0; index < 20; index += 1) await api.listNode();
        assert.ok(connections() <= 2, String(connections()));
      },
    );
  });

  it('does not let watches use up the connections of calls', async () => {
    await using(
      scripted(({ query, response }) => {
        if (query.get('watch') === 'true') response.writeHead(200).flushHeaders();
        else json(response, 200, {});
      }),
      async ({ client }) => {
        const end = new AbortController();
        const watches = await Promise.all(
          Array.from({ length: 20 }, () =>
            client.watch('/w', { query: { watch: true }, signal: end.signal }),
          ),
        );
        await client.get('/api');
        end.abort();
        for (const watch of watches) {
          await assert.rejects(async () => {
            for await (const chunk of watch.stream) assert.fail(String(chunk));
          });
        }
      },
    );
  });

  it('takes up new credentials for new calls', async () => {
    await using(
      scripted(({ request, response }) =>
        json(response, 200, { seen: request.headers.authorization }),
      ),
      async ({ client, config }) => {
        config.users = [{ name: 'u', token: 'one' }];
        assert.deepEqual(await client.get('/api'), { seen: 'Bearer one' });
        config.users = [{ name: 'u', token: 'two' }];
        assert.deepEqual(await client.get('/api'), { seen: 'Bearer two' });
      },
    );
  });

  it('sends the token that stands in its file now: a rotated one at once', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'perihelion-token-'));
    t.after(() => rm(folder, { recursive: true }));
    const tokenFile = join(folder, 'token');
    await using(
      scripted(({ request, response }) => {
        if (request.headers.authorization === 'Bearer one') json(response, 200, {});
        else refuse(response, 401, 'Unauthorized');
      }),
      async ({ client, config }) => {
        config.users = [{ name: 'u', authProvider: { name: 'tokenFile', config: { tokenFile } } }];
        await writeFile(tokenFile, 'former');
        await assert.rejects(client.get('/api'), { status: 401 });
        await writeFile(tokenFile, 'one\n');
        await client.get('/api');
      },
    );
  });

  it('opens new connections when the CA changes, and lets calls under way finish', async () => {
    let release: () => void = () => undefined;
    await using(
      scripted(({ path, response }) => {
        if (path === '/slow') release = () => json(response, 200, { slow: true });
        else json(response, 200, {});
      }),
      async ({ client, config, connections, url, asked }) => {
        await client.get('/api');
        const slow = client.get('/slow');
        await until(() => asked.length === 2);
        const before = connections();
        const caData = Buffer.from('another CA').toString('base64');
        config.clusters = [{ name: 'c', server: url, skipTLSVerify: true, caData }];
        await client.get('/api');
        assert.equal(connections(), before + 1);
        release();
        assert.deepEqual(await slow, { slow: true });
      },
    );
  });

  it('sends each patch with its content type', async () => {
    await using(
      scripted(async ({ request, response, query }) => {
        const body: unknown = JSON.parse(await bodyOf(request));
        const type = request.headers['content-type'];
        json(response, 200, { type, body, query: String(query), method: request.method });
      }),
      async ({ client }) => {
        const apply = {
          type: 'apply',
          body: { a: 1 },
          fieldManager: 'perihelion',
          force: true,
        } as const;
        assert.deepEqual(await client.patch('/x', apply), {
          type: 'application/apply-patch+yaml',
          body: { a: 1 },
          query: 'fieldManager=perihelion&force=true',
          method: 'PATCH',
        });
        const merge = await client.patch('/x', { type: 'merge', body: { a: null } });
        assert.equal(merge['type'], 'application/merge-patch+json');
        const patch = await client.patch('/x', {
          type: 'json',
          body: [{ op: 'remove', path: '/a' }],
        });
        assert.equal(patch['type'], 'application/json-patch+json');
        assert.equal((await client.create('/x', { b: 2 }))['method'], 'POST');
        assert.equal((await client.update('/x', { b: 2 }))['type'], 'application/json');
      },
    );
  });

  it('gives a refusal its status, reason and message', async () => {
    await using(
      scripted(({ response }) => refuse(response, 403, 'Forbidden')),
      async ({ client }) => {
        await assert.rejects(client.get('/secret'), (error) => {
          assert.ok(error instanceof KubernetesError);
          assert.equal(error.code, 'PERI_KUBERNETES_REQUEST');
          assert.equal(error.status, 403);
          assert.equal(error.reason, 'Forbidden');
          assert.equal(error.message, 'GET /secret: 403 Forbidden: because of Forbidden');
          return true;
        });
      },
    );
  });

  it('gives the words of a proxy that is no API server', async () => {
    await using(
      scripted(({ response }) => void response.writeHead(404).end('<html>no such page</html>')),
      async ({ client }) => {
        await assert.rejects(client.get('/x'), {
          status: 404,
          reason: 'Unknown',
          message: /no such page/,
        });
      },
    );
  });

  it('tries reading again after 429, 500 and a lost connection, honouring Retry-After', async () => {
    const waits: number[] = [];
    let calls = 0;
    await using(
      scripted(
        ({ response }) => {
          calls += 1;
          if (calls === 1) refuse(response, 429, 'TooManyRequests', { 'retry-after': '3' });
          else if (calls === 2) refuse(response, 500, 'InternalError');
          else if (calls === 3) response.socket?.destroy();
          else json(response, 200, { calls });
        },
        {
          sleep: (milliseconds) => {
            waits.push(milliseconds);
            return Promise.resolve();
          },
        },
      ),
      async ({ client }) => {
        assert.deepEqual(await client.get('/x'), { calls: 4 });
        assert.deepEqual(waits, [3125, 250, 500]);
      },
    );
  });

  it('gives up after its tries', async () => {
    await using(
      scripted(({ response }) => refuse(response, 503, 'ServiceUnavailable')),
      async ({ client, asked }) => {
        await assert.rejects(client.get('/x'), { status: 503 });
        assert.equal(asked.length, 5);
        await assert.rejects(client.get('/x', { retries: 0 }), { status: 503 });
        assert.equal(asked.length, 6);
      },
    );
  });

  it('tries writing again only when it was certainly not done', async () => {
    let calls = 0;
    await using(
      scripted(({ response }) => {
        calls += 1;
        if (calls === 1) refuse(response, 429, 'TooManyRequests');
        else if (calls === 2) refuse(response, 500, 'InternalError');
        else response.socket?.destroy();
      }),
      async ({ client }) => {
        await assert.rejects(client.create('/x', {}), { status: 500 });
        assert.equal(calls, 2);
        await assert.rejects(client.update('/x', {}), { status: 0, reason: 'Unreachable' });
        assert.equal(calls, 3);
      },
    );
  });

  it('deletes with preconditions in the body, and without one with none', async () => {
    const bodies: string[] = [];
    await using(
      scripted(async ({ request, response }) => {
        bodies.push(await bodyOf(request));
        json(response, 200, {});
      }),
      async ({ client, asked }) => {
        await client.delete('/x', { preconditions: { resourceVersion: '7' } });
        await client.delete('/x');
        assert.deepEqual(bodies, [
          '{"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"resourceVersion":"7"}}',
          '',
        ]);
        assert.deepEqual(
          asked.map(({ method, request }) => [method, request.headers['content-type']]),
          [
            ['DELETE', 'application/json'],
            ['DELETE', undefined],
          ],
        );
      },
    );
  });

  it('says whether a call was too late or was given up', async () => {
    await using(
      scripted(() => undefined),
      async ({ client, asked }) => {
        await assert.rejects(client.get('/x', { timeoutMilliseconds: 20, retries: 0 }), {
          status: 0,
          reason: 'TimedOut',
        });
        const end = new AbortController();
        const call = client.get('/x', { signal: end.signal });
        const failed = assert.rejects(call, { status: 0, reason: 'Aborted' });
        await until(() => asked.length === 2);
        end.abort();
        await failed;
        assert.equal(asked.length, 2);
      },
    );
  });

  it('ends every call with its configuration: under way, watching, waiting to try again', async () => {
    await using(
      scripted(
        ({ path, query, response }) => {
          if (path === '/busy') refuse(response, 429, 'TooManyRequests', { 'retry-after': '20' });
          else if (query.get('watch') === 'true') response.writeHead(200).flushHeaders();
        },
        { sleep },
      ),
      async ({ client, config, asked }) => {
        const watch = await client.watch('/watched', { query: { watch: true } });
        const calls = [client.get('/silent'), client.update('/silent', {}), client.get('/busy')];
        const failures = calls.map((call) => assert.rejects(call));
        await until(() => asked.length === 4);
        await config.close();
        await Promise.all(failures);
        await assert.rejects(watch.stream.toArray());
        await assert.rejects(client.get('/later'), { status: 0, reason: 'Aborted' });
        assert.equal(asked.length, 4);
      },
    );
  });
});
