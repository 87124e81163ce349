// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import pino from 'pino';
import { Registry } from 'prom-client';
import { type ExporterOptions, SpanExporter } from '#tracing/exporter.ts';
import { TRACE_DROP_REASONS, TracingMetrics } from '#tracing/metrics.ts';
import { type ReceiverOptions, Sender } from '#tracing/sender.ts';
import type { Span } from '#tracing/span.ts';
import { Receiver, take } from './receiver.ts';
import { until } from '../../support/until.ts';

function spans(count: number): Span[] {
  return Array.from({ length: count }, (_, index) => ({
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    spanId: (index + 1).toString(16).padStart(16, '0'),
    parentSpanId: undefined,
    remoteParent: false,
    name: 'decide',
    kind: 'internal',
    startMilliseconds: 1,
    endMilliseconds: 2,
    attributes: {},
    error: undefined,
  }));
}

interface Made {
  readonly exporter: SpanExporter;
  readonly logs: string[];
  counts(): Promise<Record<string, number>>;
}

function make(
  endpoint: string,
  options: Partial<ExporterOptions> = {},
  receiver: Partial<ReceiverOptions> = {},
): Made {
  const registry = new Registry();
  const metrics = new TracingMetrics(registry);
  const logs: string[] = [];
  const exporter = new SpanExporter({
    sender: new Sender({ endpoint, timeoutSeconds: 10, ...receiver }),
    origin: { version: '0', resource: { 'service.name': 'perihelion' } },
    metrics,
    logger: pino({ base: null }, { write: (line: string) => void logs.push(line) }),
    random: () => 0,
    lingerMilliseconds: 1,
    backoffMilliseconds: 1,
    ...options,
  });
  return {
    exporter,
    logs,
    async counts() {
      const exported = (await metrics.exported.get()).values[0]?.value ?? Number.NaN;
      const dropped = (await metrics.dropped.get()).values;
      const named = dropped.map(({ labels, value }) => [String(labels.reason), value] as const);
      return { exported, ...Object.fromEntries(named) };
    },
  };
}

const NONE = Object.fromEntries(TRACE_DROP_REASONS.map((reason) => [reason, 0]));

/** Resolves once so many spans have an end, sent or dropped. */
async function settled(made: Made, count: number): Promise<Record<string, number>> {
  let counts: Record<string, number> = {};
  await until(async () => {
    counts = await made.counts();
    return Object.values(counts).reduce((sum, one) => sum + one, 0) >= count;
  });
  return counts;
}

describe('the exporter of spans', { timeout: 120_000 }, () => {
  it('sends all it was given, each once, in requests of a bounded size', async (t) => {
    const receiver = await Receiver.start(t);
    const made = make(receiver.url, { batchSpans: 10 });
    made.exporter.add([]);
    for (const span of spans(25)) made.exporter.add([span]);
    assert.deepEqual(await settled(made, 25), { exported: 25, ...NONE });
    await made.exporter.close();
    assert.deepEqual(
      receiver.spans.map(({ spanId }) => spanId),
      spans(25).map(({ spanId }) => spanId),
    );
    for (const request of receiver.requests) {
      assert.ok(request.spans.length <= 10);
      assert.equal(request.path, '/v1/traces');
      assert.equal(request.headers['content-type'], 'application/json');
    }
  });

  it('tries again what may pass, and only that', async (t) => {
    const busy = await Receiver.start(t, (response, turn) => {
      if (turn < 3) response.writeHead(turn === 1 ? 503 : 429, { 'Retry-After': '0' }).end();
      else take(response);
    });
    const made = make(busy.url);
    made.exporter.add(spans(2));
    assert.deepEqual(await settled(made, 2), { exported: 2, ...NONE });
    assert.equal(busy.requests.length, 3);
    await made.exporter.close();

    const wrong = await Receiver.start(t, (response) => response.writeHead(401).end('secret'));
    const refused = make(wrong.url);
    refused.exporter.add(spans(2));
    refused.exporter.add(spans(1));
    assert.deepEqual(await settled(refused, 3), { ...NONE, exported: 0, refused: 3 });
    await refused.exporter.close();
    assert.equal(refused.logs.length, 1, 'one warning until it works again');
    assert.ok(!refused.logs.join().includes('secret'));
  });

  it('counts what a receiver takes in part', async (t) => {
    const receiver = await Receiver.start(t, (response) =>
      response.end(JSON.stringify({ partialSuccess: { rejectedSpans: '2' } })),
    );
    const made = make(receiver.url);
    made.exporter.add(spans(5));
    assert.deepEqual(await settled(made, 5), { ...NONE, exported: 3, refused: 2 });
    await made.exporter.close();
  });

  it('gives up where nobody listens', async () => {
    // Port 1 of the loopback: reserved, and refused at once.
    const made = make('http://127.0.0.1:1/v1/traces');
    made.exporter.add(spans(4));
    assert.deepEqual(await settled(made, 4), { ...NONE, exported: 0, unreachable: 4 });
    assert.match(made.logs.join(), /ECONNREFUSED/);
    await made.exporter.close();
  });

  it('holds a bounded number while a receiver is silent, and ends in spite of it', async (t) => {
    const silent = await Receiver.start(t, () => undefined);
    const made = make(silent.url, { queueSpans: 20, batchSpans: 10 });
    made.exporter.add(spans(10));
    await until(() => silent.requests.length > 0);
    for (let turn = 0; turn < 100; turn += 1) made.exporter.add(spans(10));
    assert.equal(made.exporter.queued, 20);
    assert.deepEqual(await made.counts(), { ...NONE, exported: 0, 'queue-full': 980 });
    await made.exporter.close();
    const counts = await made.counts();
    assert.equal(counts['unreachable'], 30);
    made.exporter.add(spans(1));
    assert.equal((await made.counts())['queue-full'], 981);
  });

  it('says what waits before it ends', async (t) => {
    const receiver = await Receiver.start(t);
    const made = make(receiver.url, { lingerMilliseconds: 3_600_000 });
    made.exporter.add(spans(3));
    await made.exporter.close();
    assert.equal(receiver.spans.length, 3);
  });

  it('brings a token that is read anew, and the headers of a tenant', async (t) => {
    const receiver = await Receiver.start(t);
    const file = join(await folder(t), 'token');
    const headers = { 'x-scope-orgid': 'shop' };
    const made = make(receiver.url, {}, { bearerTokenFile: file, headers });
    for (const token of ['first', 'second\n']) {
      await writeFile(file, token);
      made.exporter.add(spans(1));
      await settled(made, token === 'first' ? 1 : 2);
    }
    await made.exporter.close();
    assert.deepEqual(
      receiver.requests.map(({ headers: got }) => [got.authorization, got['x-scope-orgid']]),
      [
        ['Bearer first', 'shop'],
        ['Bearer second', 'shop'],
      ],
    );
  });
});

async function folder(t: TestContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'perihelion-tracing-'));
  t.after(() => rm(made, { recursive: true, force: true }));
  return made;
}
