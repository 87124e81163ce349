// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { PerihelionError } from '#errors';
import { createPrometheusTelemetry } from '#telemetry/prometheus/prometheus.ts';
import { PrometheusClient, type PrometheusOptions } from '#telemetry/prometheus/client.ts';
import { type Answer, serve, type TestServer } from '../server.ts';

const EMPTY = '{"status":"success","data":{"resultType":"vector","result":[]}}';
const one = (value: string): string =>
  `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[1,"${value}"]}]}}`;

async function withClient(
  [t, answer]: readonly [TestContext, Answer],
  options: Partial<PrometheusOptions>,
  use: (client: PrometheusClient, server: TestServer) => Promise<void>,
): Promise<void> {
  const server = await serve(t, answer);
  const client = new PrometheusClient({
    url: server.url,
    random: () => 0,
    timeoutSeconds: 5,
    ...options,
  });
  try {
    await use(client, server);
  } finally {
    await client.close();
    await server.close();
  }
}

function unavailable(pattern: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof PerihelionError);
    assert.equal(error.code, 'PERI_TELEMETRY_UNAVAILABLE');
    assert.match(error.message, pattern);
    return true;
  };
}

test('a query is a form POST under the prefix, with its time and the extra headers', async (t) => {
  const server = await serve(t, (_, response) => response.end(one('NaN')));
  const client = new PrometheusClient({
    url: `${server.url}/prefix/`,
    headers: { 'x-scope-orgid': 'tenant' },
    random: () => 0,
  });
  const vector = await client.query('up{a="b&c"}', 1_700_000_000_123);
  assert.deepEqual(vector, [{ labels: { a: 'b' }, value: Number.NaN }]);
  const [request] = server.received;
  assert.equal(request?.method, 'POST');
  assert.equal(request.url, '/prefix/api/v1/query');
  assert.equal(request.headers['x-scope-orgid'], 'tenant');
  const form = new URLSearchParams(request.body);
  assert.equal(form.get('query'), 'up{a="b&c"}');
  assert.equal(form.get('time'), '1700000000.123');
  await client.close();
  await server.close();
});

test('5xx, 429 and broken connections are tried again, and then succeed', async (t) => {
  const failures: Answer[] = [
    (_, response) => response.writeHead(500).end('oops'),
    (_, response) => response.writeHead(429).end(),
    (_, response) => void response.destroy(),
  ];
  const answer: Answer = (request, response) =>
    failures.length > 0 ? failures.shift()!(request, response) : response.end(one('2'));
  await withClient([t, answer], { tries: 4 }, async (client, server) => {
    assert.equal((await client.query('a', 0))[0]?.value, 2);
    assert.equal(server.received.length, 4);
  });
});

test('tries are bounded, and the last failure is told', async (t) => {
  const answer: Answer = (_, response) => void response.writeHead(503).end('too busy');
  await withClient([t, answer], { tries: 3 }, async (client, server) => {
    await assert.rejects(client.query('a', 0), unavailable(/503: too busy/));
    assert.equal(server.received.length, 3);
  });
});

test('a query that is refused, a wrong login and garbage are not tried again', async (t) => {
  const answers: [number, string, RegExp][] = [
    [400, '{"status":"error","errorType":"bad_data","error":"parse error"}', /400.*parse error/],
    [401, 'who?', /401/],
    [200, '<html>', /not JSON/],
    [200, '{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}', /not a vector/],
    [302, '', /302/],
  ];
  for (const [status, body, pattern] of answers) {
    const answer: Answer = (_, response) => void response.writeHead(status).end(body);
    await withClient([t, answer], {}, async (client, server) => {
      await assert.rejects(client.query('a', 0), unavailable(pattern));
      assert.equal(server.received.length, 1);
    });
  }
});

test('a try that takes too long is given up and tried again', async (t) => {
  let asked = 0;
  const answer: Answer = (_, response) => {
    asked += 1;
    if (asked === 2) response.end(one('7'));
    else if (asked === 1) response.write('{"status"');
  };
  // The second try must be answered within it, also on a busy machine.
  await withClient([t, answer], { timeoutSeconds: 1, tries: 2 }, async (client) => {
    assert.equal((await client.query('a', 0))[0]?.value, 7);
    await assert.rejects(client.query('a', 0), unavailable(/no answer in 1000 ms/));
    assert.equal(asked, 4);
  });
});

test('the pause before a retry is the whole of the generator, doubling', async (t) => {
  const drawn: number[] = [];
  const random = (): number => {
    drawn.push(0);
    return 0;
  };
  const answer: Answer = (_, response) => void response.writeHead(500).end();
  await withClient([t, answer], { tries: 3, random }, async (client) => {
    await assert.rejects(client.query('a', 0), unavailable(/500/));
    assert.equal(drawn.length, 2);
  });
});

test('a reply without end is cut off', async (t) => {
  const answer: Answer = (_, response) => void response.end('x'.repeat(5000));
  await withClient([t, answer], { maximumBodyBytes: 1000 }, async (client, server) => {
    await assert.rejects(client.query('a', 0), unavailable(/longer than 1000 bytes/));
    assert.equal(server.received.length, 1);
  });
});

test('no more queries than allowed are under way, over as few connections', async (t) => {
  let running = 0;
  let most = 0;
  const answer: Answer = async (_, response) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running -= 1;
    response.end(EMPTY);
  };
  await withClient([t, answer], { maximumInFlight: 2 }, async (client, server) => {
    await Promise.all(Array.from({ length: 12 }, () => client.query('a', 0)));
    assert.equal(most, 2);
    assert.ok(server.connections() <= 2);
  });
});

test('remarks of the server about the query are passed on', async (t) => {
  const heard: string[] = [];
  const body = EMPTY.replace(
    '}}',
    '},"warnings":["PromQL warning: bucket label"],"infos":["might not be a counter"]}',
  );
  const answer: Answer = (_, response) => void response.end(body);
  await withClient([t, answer], { onWarning: (message) => heard.push(message) }, async (client) => {
    await client.query('a', 0);
    assert.deepEqual(heard, [
      'Prometheus: PromQL warning: bucket label',
      'Prometheus: might not be a counter',
    ]);
  });
});

test('a partial answer is tried again, and is none: what is not in it would pass for 0', async (t) => {
  const whole = one('7');
  const partial = [
    EMPTY.replace('}}', '},"warnings":["store 10.0.0.7 is down"]}'),
    // VictoriaMetrics says it so.
    EMPTY.replace('"success"', '"success","isPartial":true'),
  ];
  for (const [index, body] of partial.entries()) {
    let asked = 0;
    const answer: Answer = (_, response) => void response.end((asked += 1) === 1 ? body : whole);
    await withClient([t, answer], {}, async (client) => {
      assert.equal((await client.query('a', 0))[0]?.value, 7);
    });
    const never: Answer = (_, response) => void response.end(body);
    await withClient([t, never], { tries: 2 }, async (client, server) => {
      const told = index === 0 ? /partial.*store 10.0.0.7 is down/ : /partial/;
      await assert.rejects(client.query('a', 0), unavailable(told));
      assert.equal(server.received.length, 2);
    });
  }
});

test('a server that says when to come back is not asked before', async (t) => {
  const asked: number[] = [];
  const answer: Answer = (_, response) => {
    asked.push(performance.now());
    if (asked.length > 1) response.end(one('2'));
    else response.writeHead(429, { 'retry-after': '1' }).end();
  };
  await withClient([t, answer], { backoffMilliseconds: 10 }, async (client) => {
    assert.equal((await client.query('a', 0))[0]?.value, 2);
    // A timer of the event loop may be a millisecond early.
    assert.ok(asked[1]! - asked[0]! >= 990, String(asked));
  });
});

test('a server that is silent does not cost a time-out for every query', async (t) => {
  let silent = true;
  const answer: Answer = (_, response) => (silent ? undefined : response.end(one('5')));
  await withClient([t, answer], { timeoutSeconds: 0.2, tries: 3 }, async (client, server) => {
    const ask = () => Promise.allSettled(Array.from({ length: 43 }, () => client.query('a', 0)));
    assert.ok((await ask()).every(({ status }) => status === 'rejected'));
    // The first four in full, about four more once; the others are not asked.
    assert.ok(server.received.length <= 4 * 3 + 2 * 4, String(server.received.length));
    const before = server.received.length;
    await ask();
    assert.ok(server.received.length <= before + 2 * 4, String(server.received.length));
    silent = false;
    assert.ok((await ask()).every(({ status }) => status === 'fulfilled'));
  });
});

test('queries that take too long do not silence the others', async (t) => {
  const answer: Answer = ({ body }, response) =>
    body.includes('slow') ? undefined : response.end(one('5'));
  await withClient([t, answer], { timeoutSeconds: 0.2, tries: 2 }, async (client) => {
    const asked = Array.from({ length: 43 }, (_, index) => (index < 7 ? 'slow' : 'quick'));
    const settled = await Promise.allSettled(asked.map((query) => client.query(query, 0)));
    assert.deepEqual(
      settled.map(({ status }) => status),
      asked.map((query) => (query === 'slow' ? 'rejected' : 'fulfilled')),
    );
  });
});

test('logins come from files that may change, without their line end', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'perihelion-'));
  const file = join(folder, 'secret');
  const answer: Answer = (_, response) => void response.end(EMPTY);
  await withClient([t, answer], { bearerTokenFile: file }, async (client, server) => {
    await assert.rejects(client.query('a', 0), unavailable(/cannot read/));
    for (const token of ['first', 'second']) {
      await writeFile(file, `${token}\n`);
      await client.query('a', 0);
      assert.equal(server.received.at(-1)?.headers.authorization, `Bearer ${token}`);
    }
  });
  await withClient([t, answer], { username: 'me', passwordFile: file }, async (client, server) => {
    await client.query('a', 0);
    const login = Buffer.from('me:second').toString('base64');
    assert.equal(server.received.at(-1)?.headers.authorization, `Basic ${login}`);
  });
  await rm(folder, { recursive: true });
});

test('a CA bundle that cannot be read is told at once', () => {
  assert.throws(
    () => new PrometheusClient({ url: 'https://x', caFile: '/nowhere/ca', random: () => 0 }),
    (error) => error instanceof PerihelionError && error.code === 'PERI_SETTINGS_UNREADABLE',
  );
});

test('a partial answer is an answer; none at all rejects', async (t) => {
  const warnings: string[] = [];
  const server = await serve(t, (request, response) => {
    const query = new URLSearchParams(request.body).get('query') ?? '';
    if (query.includes('joules')) response.writeHead(400).end('no');
    else if (query.includes('timestamp')) response.end(watts('120'));
    else response.end(watts(query.includes('count_over') ? '4' : '400'));
  });
  const telemetry = createPrometheusTelemetry({
    url: server.url,
    random: () => 0,
    onWarning: (message) => warnings.push(message),
  });
  const window = { from: 60_000, to: 120_000 };
  const { nodeWatts, attributedJoules } = await telemetry.power(window);
  const reading = nodeWatts.get('n1');
  assert.ok(reading?.kind === 'measured' && reading.value === 100);
  const joules = attributedJoules.get('n1');
  assert.equal(joules?.kind, 'missing');
  assert.deepEqual(warnings.map((message) => message.split(':')[0]).sort(), [
    'podFirst',
    'podSecond',
    'presets',
  ]);
  // What is there could not be asked either: then the first meter is taken.
  assert.equal(server.received.length, 8);
  await server.close();
  await assert.rejects(telemetry.power(window), unavailable(/no metrics could be read/));
  await telemetry.close();
});

function watts(value: string): string {
  const metric = { node_name: 'n1', zone: 'package', path: '/sys/intel-rapl:0' };
  return JSON.stringify({
    status: 'success',
    data: { resultType: 'vector', result: [{ metric, value: [120, value] }] },
  });
}

test('without any series the answer is empty, not an error', async (t) => {
  const server = await serve(t, (_, response) => void response.end(EMPTY));
  const telemetry = createPrometheusTelemetry({ url: server.url, random: () => 0 });
  const window = { from: 60_000, to: 120_000 };
  assert.equal((await telemetry.power(window)).nodeWatts.size, 0);
  const { pods, edges, meshes } = await telemetry.latency(window);
  assert.deepEqual([pods.size, edges, meshes], [0, [], []]);
  assert.equal((await telemetry.load(window)).size, 0);
  // One question which meter and one which mesh, 7 to the meter taken, none to a mesh, 23 on load.
  assert.equal(server.received.length, 32);
  await telemetry.close();
  await server.close();
});
