// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '#cluster/wire/json.ts';
import { isLoopback, LOOPBACK_GATE } from '#dashboard/server/gate.ts';
import { DASHBOARD_PATH, KubernetesGate } from '#dashboard/server/kubernetes-gate.ts';

interface Call {
  readonly path: string;
  readonly body: JsonObject;
}

/** An API server that knows `good` (allowed) and `poor` (authenticated only). */
function apiServer(): {
  calls: Call[];
  api: ConstructorParameters<typeof KubernetesGate>[0]['api'];
} {
  const calls: Call[] = [];
  return {
    calls,
    api: {
      create(path, body) {
        calls.push({ path, body });
        const spec = body['spec'] as JsonObject;
        if (path.endsWith('tokenreviews')) {
          const { token } = spec;
          if (token === 'broken') return Promise.reject(new Error('no answer'));
          const authenticated = token === 'good' || token === 'poor';
          const user = {
            username: `user-${String(token)}`,
            groups: ['g'],
            extra: { scope: ['x'] },
          };
          return Promise.resolve({ status: authenticated ? { authenticated, user } : {} });
        }
        return Promise.resolve({ status: { allowed: spec['user'] === 'user-good' } });
      },
    },
  };
}

function gate(clock = { now: 0 }, capacity = 256) {
  const { api, calls } = apiServer();
  const problems: unknown[] = [];
  const made = new KubernetesGate({
    api,
    elapsed: () => clock.now,
    onProblem: (error) => problems.push(error),
    capacity,
  });
  const check = (authorization?: string) => made.check({ headers: { authorization } });
  return { made, check, calls, problems };
}

describe('the gate of Kubernetes', () => {
  it('lets in who is known and allowed, and asks for the right that is documented', async () => {
    const { check, calls } = gate();
    assert.deepEqual(await check('Bearer good'), { kind: 'allowed', user: 'user-good' });
    assert.deepEqual(calls[1]?.body['spec'], {
      user: 'user-good',
      uid: '',
      groups: ['g'],
      extra: { scope: ['x'] },
      nonResourceAttributes: { path: DASHBOARD_PATH, verb: 'get' },
    });
  });

  it('tells nobody, unknown, and known but not allowed apart', async () => {
    const { check, calls } = gate();
    for (const header of [
      undefined,
      '',
      'Basic abc',
      'Bearer',
      'Bearer a b',
      `Bearer ${'x'.repeat(9000)}`,
    ]) {
      const verdict = await check(header);
      assert.equal(verdict.kind === 'refused' && verdict.status, 401, header?.slice(0, 20));
    }
    assert.equal(calls.length, 0, 'nobody is asked about what is no token');
    const unknown = await check('Bearer other');
    assert.equal(unknown.kind === 'refused' && unknown.status, 401);
    const poor = await check('Bearer poor');
    assert.ok(poor.kind === 'refused');
    assert.equal(poor.status, 403);
    assert.match(poor.message, /user-poor may not get/);
  });

  it('lets nobody in while the API server does not answer, and asks again at once', async () => {
    const { check, calls, problems } = gate();
    const verdict = await check('Bearer broken');
    assert.equal(verdict.kind === 'refused' && verdict.status, 503);
    await check('Bearer broken');
    assert.equal(calls.length, 2);
    assert.equal(problems.length, 2);
  });

  it('remembers a verdict for a short time: a right that was taken away ends', async () => {
    const clock = { now: 0 };
    const { check, calls } = gate(clock);
    await check('Bearer good');
    await check('Bearer good');
    assert.equal(calls.length, 2);
    clock.now = 60_001;
    await check('Bearer good');
    assert.equal(calls.length, 4);
    await check('Bearer other');
    clock.now += 4000;
    await check('Bearer other');
    assert.equal(calls.length, 5);
    clock.now += 1001;
    await check('Bearer other');
    assert.equal(calls.length, 6, 'one that was just given is seen soon');
  });

  it('asks once about a token that comes many times at once', async () => {
    const { check, calls } = gate();
    await Promise.all(Array.from({ length: 50 }, () => check('Bearer good')));
    assert.equal(calls.length, 2);
  });

  it('remembers a bounded number, and asks about a bounded number at once', async () => {
    const { made, check } = gate({ now: 0 }, 8);
    for (let index = 0; index < 40; index += 1) await check(`Bearer token-${index}`);
    assert.equal(made.size, 8);
    const flood = await Promise.all(
      Array.from({ length: 40 }, (_, index) => check(`Bearer flood-${index}`)),
    );
    const turned = flood.filter((one) => one.kind === 'refused' && one.status === 503);
    assert.equal(turned.length, 24);
  });
});

describe('a flood of made-up tokens', () => {
  it('neither makes the gate forget who was let in nor keeps them out', async () => {
    const clock = { now: 0 };
    const { made, check, calls } = gate(clock, 8);
    await check('Bearer good');
    for (let index = 0; index < 40; index += 1) await check(`Bearer token-${index}`);
    assert.equal(made.size, 8);
    const asked = calls.length;
    assert.equal((await check('Bearer good')).kind, 'allowed');
    assert.equal(calls.length, asked, 'still remembered');
    clock.now = 60_001;
    const flood = Array.from({ length: 40 }, (_, index) => check(`Bearer flood-${index}`));
    assert.equal((await check('Bearer good')).kind, 'allowed', 'asked about again, in the flood');
    await Promise.all(flood);
  });
});

describe('the gate of loopback', () => {
  it('answers under names of this machine only', async () => {
    const verdict = async (host: string | undefined) =>
      (await LOOPBACK_GATE.check({ headers: { host } })).kind;
    for (const host of ['localhost:1', '127.0.0.1:10260', '[::1]:8', 'LOCALHOST']) {
      assert.equal(await verdict(host), 'allowed', host);
    }
    for (const host of [undefined, 'evil.example', '127.0.0.1.evil.example:80', 'localhost.evil']) {
      assert.equal(await verdict(host), 'refused', host);
    }
  });

  it('knows which addresses are loopback', () => {
    for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) assert.ok(isLoopback(host));
    for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.evil', '']) assert.ok(!isLoopback(host));
  });
});
