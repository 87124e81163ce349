// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { after, before, test } from 'node:test';
import type { Overview, Problem } from '#dashboard/api/api.ts';
import { type Guarded, startGuarded } from './product.ts';

const KNOWN = {
  users: { 'token-of-a-reader': 'alice', 'token-of-a-stranger': 'mallory' },
  allowed: new Set(['alice']),
};
const PATHS = ['overview', 'cluster', 'workloads', 'savings', 'values', 'decisions', 'stream'];

let guarded: Guarded;

before(async () => {
  guarded = await startGuarded(KNOWN);
});

after(() => guarded.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Over TLS, trusting the installation's CAs only, under the name of the Service. */
function get(
  path: string,
  token?: string,
  more: { method?: string; etag?: string } = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const { hostname, port } = new URL(guarded.url);
  const outgoing = request(
    {
      ...{ hostname, port, path, ca: guarded.ca, method: more.method ?? 'GET', agent: false },
      servername: 'perihelion-dashboard.perihelion-system.svc',
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(more.etag === undefined ? {} : { 'if-none-match': more.etag }),
      },
    },
    (response) => {
      let text = '';
      const { statusCode: status = 0, headers } = response;
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        // A stream has no end of its own.
        if (headers['content-type']?.startsWith('text/event-stream') === true) {
          resolve({ status, headers, text });
          response.destroy();
        }
      });
      response.once('end', () => resolve({ status, headers, text }));
    },
  );
  outgoing.once('error', reject);
  outgoing.end();
  return promise;
}

function problemOf({ text }: Answer): Problem['error'] {
  return (JSON.parse(text) as Problem).error;
}

test('every path of the data asks who reads, and says why in JSON', async () => {
  for (const path of PATHS) {
    const nobody = await get(`/api/${path}`);
    assert.equal(nobody.status, 401, path);
    assert.equal(nobody.headers['www-authenticate'], 'Bearer');
    assert.equal(nobody.headers['content-type'], 'application/json');
    assert.equal(problemOf(nobody).status, 401);
    const unknown = await get(`/api/${path}`, 'made-up');
    assert.equal(unknown.status, 401, path);
    const stranger = await get(`/api/${path}`, 'token-of-a-stranger');
    assert.equal(stranger.status, 403, path);
    assert.match(problemOf(stranger).message, /mallory may not get \/dashboard\.perihelion\.dev/);
    const reader = await get(`/api/${path}`, 'token-of-a-reader');
    assert.equal(reader.status, 200, `${path}: ${reader.text}`);
  }
});

test('the page itself holds no data and is open; the policy allows nothing from elsewhere', async () => {
  const page = await get('/');
  assert.equal(page.status, 200);
  const policy = String(page.headers['content-security-policy']);
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /require-trusted-types-for 'script'/);
  assert.doesNotMatch(policy, /unsafe|https?:|\*/);
  for (const [, file = ''] of page.text.matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
    assert.equal((await get(file)).status, 200, file);
  }
  assert.doesNotMatch(page.text, /https?:\/\//);
});

test('who reads is told, data can be asked for again without being sent again', async () => {
  const first = await get('/api/overview', 'token-of-a-reader');
  const overview = JSON.parse(first.text) as Overview;
  assert.equal(overview.user, 'alice');
  assert.ok(Number(first.headers['perihelion-time']) > 0);
  const { etag = '' } = first.headers;
  const again = await get('/api/overview', 'token-of-a-reader', { etag });
  assert.equal(again.status, 304);
  assert.equal(again.text, '');
  const nobody = await get('/api/overview', undefined, { etag });
  assert.equal(nobody.status, 401, 'not even whether it has changed');
});

test('the head of every path is answered at once, without a body', async () => {
  for (const path of PATHS) {
    const { status, text } = await get(`/api/${path}`, 'token-of-a-reader', { method: 'HEAD' });
    assert.deepEqual([status, text], [200, ''], path);
  }
});

test('nothing can be written, and nothing else is there', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    const answer = await get('/api/overview', 'token-of-a-reader', { method });
    assert.equal(answer.status, 405, method);
    assert.equal(answer.headers.allow, 'GET, HEAD');
  }
  for (const path of [
    '/api/',
    '/api/nothing',
    '/api/decisions/none',
    '/api/experiment',
    '/x',
    '/page-files.ts',
    '/..%2fapp.ts',
  ]) {
    assert.equal((await get(path, 'token-of-a-reader')).status, 404, path);
  }
  assert.equal((await get('/api/decisions?limit=100000', 'token-of-a-reader')).status, 400);
  assert.equal((await get('/api/decisions/%E0%A4%A', 'token-of-a-reader')).status, 400);
  assert.equal((await get('/api/values/table?namespace=x', 'token-of-a-reader')).status, 400);
});

test('reviews are remembered, and nobody new is let in while the API server is silent', async () => {
  await get('/api/overview', 'token-of-a-reader');
  const { reviews } = guarded.front;
  for (let index = 0; index < 20; index += 1) await get('/api/overview', 'token-of-a-reader');
  assert.equal(guarded.front.reviews, reviews);
  guarded.front.silent = true;
  const answer = await get('/api/overview', 'another-token');
  assert.equal(answer.status, 503);
  assert.match(problemOf(answer).message, /nobody is let in/);
  guarded.front.silent = false;
});
