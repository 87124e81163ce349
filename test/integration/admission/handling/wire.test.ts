// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:https';
import { createConnection } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { Admission } from '#admission/handling/admission.ts';
import { BODY_LIMIT_BYTES } from '#admission/server/body.ts';
import type { AdmissionReview } from '#admission/review/review.ts';
import type { AdmissionServer, TlsMaterial } from '#admission/server/server.ts';
import { PerihelionError } from '#errors';
import { until } from '../../../support/until.ts';
import {
  fixture,
  node,
  patchOf,
  policyOf,
  rawPod,
  reviewOf,
  World,
} from '../../../unit/admission/world.ts';
import { selfSigned } from '../certificate.ts';
import { WireClient } from '../client.ts';

const NO_WAIT = { quietMilliseconds: 0, longestMilliseconds: 0, graceMilliseconds: 5000 };
const REVIEW = JSON.stringify(reviewOf(rawPod()));

let first: TlsMaterial;
let second: TlsMaterial;

before(async () => {
  [first, second] = await Promise.all([selfSigned('01'), selfSigned('02')]);
});

interface Running {
  readonly world: World;
  readonly admission: Admission;
  readonly server: AdmissionServer;
  readonly client: WireClient;
}

/** A webhook that always prefers w1, and a client that trusts both certificates. */
async function start(): Promise<Running> {
  const world = new World([node('w1', { labels: { type: 'kwok', 'kubernetes.io/os': 'linux' } })]);
  const { learning } = policyOf().spec;
  world.policy = policyOf({
    learning: {
      ...learning,
      burnInDecisions: 0,
      epsilonThousandths: 0,
      epsilonFloorThousandths: 0,
    },
  });
  const admission = world.admission({ elapsed: () => performance.now() });
  const server = admission.server(first);
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' });
  const ca = [String(first.cert), String(second.cert)];
  return { world, admission, server, client: new WireClient(port, ca) };
}

async function stop({ server, client }: Running): Promise<void> {
  client.agent.destroy();
  await server.close(0);
}

describe('recorded reviews over TLS', () => {
  let running: Running;
  before(async () => {
    running = await start();
  });
  after(() => stop(running));

  const term = {
    weight: 100,
    preference: {
      matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['w1'] }],
    },
  };
  const preferred = { preferredDuringSchedulingIgnoredDuringExecution: [term] };
  const creates: [string, string, unknown, number][] = [
    ['bare-pod-create', '/spec/affinity', { nodeAffinity: preferred }, 12],
    ['deployment-pod-create', '/spec/affinity', { nodeAffinity: preferred }, 12],
    ['statefulset-pod-create', '/spec/affinity', { nodeAffinity: preferred }, 2],
    ['dry-run-create', '/spec/affinity', { nodeAffinity: preferred }, 2],
    [
      'generate-name-with-required-affinity-create',
      '/spec/affinity/nodeAffinity/preferredDuringSchedulingIgnoredDuringExecution',
      [term],
      2,
    ],
  ];
  for (const [name, path, value, count] of creates) {
    it(`answers ${name} byte for byte`, async () => {
      const body = fixture(name);
      const answered = await running.client.send(JSON.stringify(body));
      assert.equal(answered.status, 200);
      assert.equal(answered.headers['content-type'], 'application/json');
      const review = JSON.parse(answered.text) as AdmissionReview;
      const operations = patchOf(review) ?? [];
      assert.deepEqual(operations[0], { op: 'add', path, value });
      assert.equal(operations.length, count);
      const { response } = review;
      // The whole answer, rebuilt from what it must be: nothing more may be in it.
      const expected = {
        apiVersion: 'admission.k8s.io/v1',
        kind: 'AdmissionReview',
        response: {
          uid: body.request['uid'],
          allowed: true,
          patchType: 'JSONPatch',
          patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
          auditAnnotations: {
            outcome: name === 'dry-run-create' ? 'dry-run' : 'injected',
            reason: 'greedy',
            'decision-id': response.auditAnnotations?.['decision-id'],
            workload: response.auditAnnotations?.['workload'],
            state: 'load=unknown,least=w1,peers=(none)',
            action: 'w1',
          },
        },
      };
      assert.equal(answered.text, JSON.stringify(expected));
      assert.equal(Number(answered.headers['content-length']), Buffer.byteLength(answered.text));
    });
  }

  it('answers pod-update byte for byte', async () => {
    const body = fixture('pod-update');
    const { text } = await running.client.send(JSON.stringify(body));
    assert.equal(
      text,
      `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"${String(body.request['uid'])}","allowed":true,"auditAnnotations":{"outcome":"skipped","reason":"not-create"}}}`,
    );
  });

  it('answers 200 requests at once, each with a decision of its own', async () => {
    const bodies = Array.from({ length: 200 }, (_, index) =>
      JSON.stringify(reviewOf(rawPod({}, { generateName: 'web-' }), { uid: `u-${String(index)}` })),
    );
    const answers = await Promise.all(bodies.map((body) => running.client.send(body)));
    const reviews = answers.map((one) => JSON.parse(one.text) as AdmissionReview);
    reviews.forEach((review, index) => {
      assert.equal(review.response.uid, `u-${String(index)}`);
      assert.equal(review.response.allowed, true);
    });
    const ids = new Set(reviews.map((one) => one.response.auditAnnotations?.['decision-id']));
    assert.equal(ids.size, 200);
  });
});

describe('protocol', () => {
  let running: Running;
  before(async () => {
    running = await start();
  });
  after(() => stop(running));

  it('keeps connections for longer than a Go client does', async () => {
    const one = await running.client.send(REVIEW);
    const two = await running.client.send(REVIEW);
    assert.equal(one.localPort, two.localPort);
    assert.equal(one.headers['keep-alive'], 'timeout=95');
  });

  it('speaks HTTP/1.1 where HTTP/2 is offered, and nothing where only that is', async () => {
    const socket = await running.client.connect({ ALPNProtocols: ['h2', 'http/1.1'] });
    assert.equal(socket.alpnProtocol, 'http/1.1');
    socket.destroy();
    await assert.rejects(running.client.connect({ ALPNProtocols: ['h2'] }));
  });

  it('speaks TLS 1.2 and 1.3, and nothing older', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await running.client.connect({ minVersion: version, maxVersion: version });
      assert.equal(socket.getProtocol(), version);
      socket.destroy();
    }
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
    await assert.rejects(running.client.connect(old));
  });

  it('counts a client that speaks no TLS', async () => {
    const errors = await running.world.metric('perihelion_tls_errors_total');
    const port = Number(running.client.options().port);
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.on('error', () => undefined);
    socket.write('POST /mutate HTTP/1.1\r\nHost: x\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    assert.equal(await running.world.metric('perihelion_tls_errors_total'), errors + 1);
  });

  const hostile: [string, string, RegExp][] = [
    ['garbage', 'hello\r\n\r\n', /^HTTP\/1\.1 400 /],
    [
      'a body of two lengths',
      'POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      /^HTTP\/1\.1 400 /,
    ],
    [
      'headers without end',
      `POST /mutate HTTP/1.1\r\nHost: x\r\nX-Big: ${'a'.repeat(20_000)}\r\n\r\n`,
      /^HTTP\/1\.1 431 /,
    ],
    [
      'a length over the limit',
      `POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${String(BODY_LIMIT_BYTES + 1)}\r\n\r\n{`,
      /^HTTP\/1\.1 413 .*\r\nConnection: close/s,
    ],
    [
      'a body of another type that is never read',
      'POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nabc',
      /^HTTP\/1\.1 415 .*\r\nConnection: close/s,
    ],
  ];
  for (const [name, bytes, expected] of hostile) {
    it(`ends the connection on ${name}`, async () => {
      assert.match(await running.client.raw(bytes), expected);
      assert.equal((await running.client.send(REVIEW)).status, 200);
    });
  }

  it('stops reading a body without end', async () => {
    const chunk = `${(65_536).toString(16)}\r\n${' '.repeat(65_536)}\r\n`;
    const head =
      'POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
    const answered = await running.client.raw(head + chunk.repeat(140));
    assert.ok(answered === '' || answered.startsWith('HTTP/1.1 413 '), answered.slice(0, 40));
    const { status } = await running.client.send(REVIEW);
    assert.equal(status, 200);
  });

  it('survives clients that leave in the middle of a body', async () => {
    for (let round = 0; round < 20; round += 1) {
      const socket = await running.client.connect();
      socket.on('error', () => undefined);
      socket.write(
        `POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${String(REVIEW.length)}\r\n\r\n${REVIEW.slice(0, 20)}`,
      );
      socket.destroy();
    }
    assert.equal((await running.client.send(REVIEW)).status, 200);
  });
});

describe('certificates', () => {
  it('changes from one connection to the next, and keeps the open ones', async (t) => {
    const running = await start();
    t.after(() => stop(running));
    const { client, server } = running;
    const kept = await client.send(REVIEW);
    assert.equal(kept.serial, '01');
    server.setSecureContext(second);
    const fresh = await client.send(REVIEW, { agent: false });
    assert.equal(fresh.serial, '02');
    const again = await client.send(REVIEW);
    assert.equal(again.localPort, kept.localPort);
    assert.equal(again.serial, '01');
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
    await assert.rejects(client.connect(old));
  });

  it('refuses a pair that does not belong together, and serves the old one on', async (t) => {
    const running = await start();
    t.after(() => stop(running));
    const mixed = { cert: second.cert, key: first.key };
    const isOurs = (error: unknown): boolean =>
      error instanceof PerihelionError && error.code === 'PERI_CERTIFICATE_INVALID';
    assert.throws(() => running.server.setSecureContext(mixed), isOurs);
    assert.throws(() => running.server.setSecureContext({ cert: 'x', key: 'y' }), isOurs);
    assert.throws(() => running.admission.server(mixed), isOurs);
    assert.equal((await running.client.send(REVIEW, { agent: false })).serial, '01');
  });

  it('loses no request over rotations under load', async (t) => {
    const running = await start();
    t.after(() => stop(running));
    let asked = 0;
    let stopped = false;
    t.after(() => {
      stopped = true;
    });
    const worker = async (): Promise<void> => {
      while (!stopped) {
        asked += 1;
        const fresh = asked % 3 === 0 ? { agent: false as const } : {};
        assert.equal((await running.client.send(REVIEW, fresh)).status, 200);
      }
    };
    const workers = Array.from({ length: 8 }, worker);
    for (let round = 0; round < 10; round += 1) {
      running.server.setSecureContext(round % 2 === 0 ? second : first);
      await running.client.send(REVIEW, { agent: false });
    }
    stopped = true;
    await Promise.all(workers);
    assert.ok(asked > 20);
  });
});

describe('draining', () => {
  it('answers what is under way, ends connections and takes no new one', async (t) => {
    const running = await start();
    t.after(() => stop(running));
    const { client, admission, server } = running;
    await client.send(REVIEW);
    // A request whose body is only half here when draining starts.
    const slow = request({ ...client.options(), agent: false });
    slow.setHeader('Content-Length', REVIEW.length);
    slow.write(REVIEW.slice(0, 10));
    await once(slow, 'socket');
    await client.send(REVIEW);
    const drained = admission.drain({
      ...NO_WAIT,
      quietMilliseconds: 50,
      longestMilliseconds: 1000,
    });
    assert.equal(server.draining, true);
    assert.ok(admission.checks.some((check) => check.problem() !== undefined));
    const during = await client.send(REVIEW);
    assert.equal(during.status, 200);
    assert.equal(during.headers['connection'], 'close');
    const answered = once(slow, 'response');
    slow.end(REVIEW.slice(10));
    const [response] = (await answered) as [{ statusCode: number; resume: () => void }];
    assert.equal(response.statusCode, 200);
    response.resume();
    await drained;
    assert.equal(server.listening, false);
    await assert.rejects(client.send(REVIEW, { agent: false }), /ECONNREFUSED/);
  });

  it('serves on while requests still come, but not for ever', async (t) => {
    const running = await start();
    t.after(() => stop(running));
    const { client, admission } = running;
    let closed = false;
    const drained = admission
      .drain({ quietMilliseconds: 10_000, longestMilliseconds: 2000, graceMilliseconds: 1000 })
      .then(() => {
        closed = true;
      });
    assert.equal((await client.send(REVIEW)).status, 200);
    assert.equal(closed, false);
    await drained;
  });

  it('cuts what does not end within the grace', async (t) => {
    const running = await start();
    t.after(() => stop(running));
    const { client, server } = running;
    const stuck = request({ ...client.options(), agent: false });
    stuck.setHeader('Content-Length', 100);
    stuck.write('{');
    const ended = once(stuck, 'error');
    await once(stuck, 'socket');
    // The request is under way once the gauge says so.
    await until(async () => {
      await client.send(REVIEW);
      return (await running.world.metric('perihelion_admission_in_flight')) !== 0;
    });
    await server.close(50);
    await ended;
  });
});

describe('operations server', () => {
  it('tells on a port of its own whether the webhook is ready', async (t) => {
    const running = await start();
    t.after(() => stop(running));
    let certificate: string | undefined = 'not issued yet';
    const operations = running.admission.operations([
      { name: 'certificate', problem: () => certificate },
    ]);
    const { port } = await operations.listen({ port: 0, host: '127.0.0.1' });
    t.after(() => operations.close());
    const get = (path: string) => fetch(`http://127.0.0.1:${String(port)}${path}`);
    const unready = await get('/readyz');
    assert.equal(unready.status, 503);
    assert.deepEqual(await unready.json(), {
      ready: false,
      problems: [{ name: 'certificate', problem: 'not issued yet' }],
    });
    certificate = undefined;
    assert.equal((await get('/readyz')).status, 200);
    await running.client.send(REVIEW);
    const metrics = await (await get('/metrics')).text();
    assert.match(metrics, /perihelion_admission_requests_total\{outcome="injected"\} 1/);
    await running.admission.drain(NO_WAIT);
    assert.equal((await get('/readyz')).status, 503);
    assert.equal((await get('/healthz')).status, 200);
  });
});
