// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import supertest from 'supertest';
import { BODY_LIMIT_BYTES } from '#admission/server/body.ts';
import type { JsonObject } from '#admission/review/json.ts';
import { rawPod, reviewOf, World } from '../world.ts';

const REVIEW = JSON.stringify(reviewOf(rawPod()));

interface Expected {
  readonly method?: 'get' | 'post' | 'put' | 'delete' | 'options';
  readonly path?: string;
  readonly type?: string | undefined;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
  readonly status: number;
}

async function send(world: World, expected: Omit<Expected, 'status'>) {
  const { method = 'post', path = '/mutate', type = 'application/json', body = REVIEW } = expected;
  let request = supertest(world.admission().app)[method](path);
  if (type !== '') request = request.set('Content-Type', type);
  for (const [name, value] of Object.entries(expected.headers ?? {}))
    request = request.set(name, value);
  // A plain function keeps the client from serialising the body itself.
  const serialized = request.serialize((value) => value as string);
  return method === 'get' ? serialized : serialized.send(body);
}

describe('routes', () => {
  const cases: [string, Expected][] = [
    ['a review', { status: 200 }],
    [
      'a review with parameters of the type',
      { type: 'application/json; charset=utf-8', status: 200 },
    ],
    ['a type in capitals', { type: 'Application/JSON', status: 200 }],
    ['the time-out in the query', { path: '/mutate?timeout=2s', status: 200 }],
    ['a broken query', { path: '/mutate?%zz=[[]', status: 200 }],
    ['a slash behind the path', { path: '/mutate/?timeout=2s', status: 200 }],
    ['the path in capitals', { path: '/MUTATE', status: 200 }],
    ['a path that only starts alike', { path: '/mutated?timeout=2s', status: 404 }],
    ['no type', { type: '', status: 415 }],
    ['a form', { type: 'application/x-www-form-urlencoded', status: 415 }],
    ['text', { type: 'text/plain', status: 415 }],
    ['a type that only starts alike', { type: 'application/jsonp', status: 415 }],
    ['YAML', { type: 'application/yaml', status: 415 }],
    ['an encoded body', { headers: { 'Content-Encoding': 'gzip' }, status: 415 }],
    ['an empty body', { body: '', status: 400 }],
    ['half a document', { body: REVIEW.slice(0, 50), status: 400 }],
    ['a byte order mark', { body: `\uFEFF${REVIEW}`, status: 400 }],
    ['bytes that are no UTF-8', { body: Buffer.from([0x22, 0xff, 0x22]), status: 400 }],
    ['null', { body: 'null', status: 400 }],
    ['a list', { body: '[]', status: 400 }],
    ['a number', { body: '1e999', status: 400 }],
    ['an empty object', { body: '{}', status: 400 }],
    ['very deep nesting', { body: '['.repeat(200_000), status: 400 }],
    [
      'v1beta1',
      { body: REVIEW.replace('admission.k8s.io/v1', 'admission.k8s.io/v1beta1'), status: 400 },
    ],
    ['a GET', { method: 'get', status: 405 }],
    ['a PUT', { method: 'put', status: 405 }],
    ['a DELETE', { method: 'delete', status: 405 }],
    ['another path', { path: '/', status: 404 }],
    ['a longer path', { path: '/mutate/x', status: 404 }],
    ['an escaped path', { path: '/%6dutate/..%2f', status: 404 }],
    ['a path that does not decode', { path: '/%', status: 404 }],
  ];
  for (const [name, expected] of cases) {
    it(`${name}: ${String(expected.status)}`, async () => {
      const world = new World();
      const response = await send(world, expected);
      assert.equal(response.status, expected.status);
      assert.equal(response.headers['content-type'], 'application/json');
      assert.equal(response.headers['x-powered-by'], undefined);
      assert.equal(response.headers['etag'], undefined);
      const body = JSON.parse(response.text) as JsonObject;
      if (expected.status === 200) {
        assert.equal(body['kind'], 'AdmissionReview');
        return;
      }
      const error = body['error'] as { status: number; message: string };
      assert.equal(error.status, expected.status);
      assert.ok(error.message.length < 200);
      assert.doesNotMatch(response.text, /<|node_modules|\.ts|at /);
      const status = String(expected.status);
      assert.equal(await world.metric('perihelion_http_refused_total', { status }), 1);
    });
  }

  it('names the method that is answered', async () => {
    const response = await send(new World(), { method: 'get' });
    assert.equal(response.headers['allow'], 'POST');
  });

  it('refuses a body over the limit', async () => {
    const body = Buffer.alloc(BODY_LIMIT_BYTES + 1, ' ');
    const response = await send(new World(), { body }).catch((error: unknown) => error);
    // The answer may come while the client still sends; either it reads 413 or the end.
    if (response instanceof Error)
      assert.match(String(response), /ECONNRESET|EPIPE|socket hang up/);
    else assert.equal((response as { status: number }).status, 413);
  });

  it('takes a body just under the limit', async () => {
    const padding = BODY_LIMIT_BYTES - REVIEW.length;
    const response = await send(new World(), { body: REVIEW + ' '.repeat(padding) });
    assert.equal(response.status, 200);
  });

  it('ends the connection of an answer while draining', async () => {
    const world = new World();
    const admission = world.admission();
    await admission.drain({ quietMilliseconds: 0, longestMilliseconds: 0, graceMilliseconds: 0 });
    const response = await supertest(admission.app)
      .post('/mutate')
      .set('Content-Type', 'application/json')
      .send(REVIEW);
    assert.equal(response.status, 200);
    assert.equal(response.headers['connection'], 'close');
  });

  it('counts the requests being answered down again', async () => {
    const world = new World();
    await send(world, {});
    assert.equal(await world.metric('perihelion_admission_in_flight'), 0);
  });
});
