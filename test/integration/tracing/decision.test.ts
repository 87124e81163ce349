// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import type { Admission } from '#admission/handling/admission.ts';
import { SpanExporter } from '#tracing/exporter.ts';
import { TracingMetrics } from '#tracing/metrics.ts';
import { Sender } from '#tracing/sender.ts';
import { Tracer } from '#tracing/tracer.ts';
import { policyOf, quietLogger, rawPod, reviewOf, World } from '../../unit/admission/world.ts';
import { selfSigned } from '../admission/certificate.ts';
import { WireClient } from '../admission/client.ts';
import { clusterOf, configure, folderOf, PODS, serve } from '../serve/process.ts';
import { call } from '../simulator/http.ts';
import { type Answer, type ReceivedSpan, Receiver } from './receiver.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = '00f067aa0ba902b7';
const SAMPLED = { traceparent: `00-${TRACE}-${CALLER}-01` };
/** A burst may take longer than the usual 2 s on a busy machine; that limit is not what is tested. */
const AT_LEISURE = { path: '/mutate?timeout=30s' };
/** Of a request that gets a target, in order. */
const STEPS = [
  'read',
  'wait for turn',
  'parse',
  'eligibility',
  'decide',
  'merge',
  'check',
  'record',
  'respond',
];

interface Traced {
  readonly world: World;
  readonly admission: Admission;
  readonly receiver: Receiver;
  readonly client: WireClient;
  /** Ends the exporter, so that all it has is sent or dropped. */
  readonly flush: () => Promise<void>;
}

/** A webhook on a port of its own that always prefers something, traced to a receiver. */
async function traced(t: TestContext, share: number, answer?: Answer): Promise<Traced> {
  const receiver = await Receiver.start(t, answer);
  const world = new World();
  const { learning } = policyOf().spec;
  world.policy = policyOf({
    learning: {
      ...learning,
      burnInDecisions: 0,
      epsilonThousandths: 0,
      epsilonFloorThousandths: 0,
    },
  });
  const exporter = new SpanExporter({
    sender: new Sender({ endpoint: receiver.url, timeoutSeconds: 10 }),
    origin: { version: '0', resource: { 'service.name': 'perihelion' } },
    metrics: new TracingMetrics(world.registry),
    logger: quietLogger(),
    random: () => 0,
    queueSpans: 40,
  });
  const elapsed = (): number => performance.now();
  const tracer = new Tracer({
    ...{ share, elapsed, now: () => Date.now(), random: () => 0 },
    randomHex: (bytes) => randomBytes(bytes).toString('hex'),
    ended: (spans) => exporter.add(spans),
  });
  const admission = world.admission({ elapsed, tracer });
  const tls = await selfSigned('01');
  const server = admission.server(tls);
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' });
  const client = new WireClient(port, [String(tls.cert)]);
  t.after(async () => {
    client.agent.destroy();
    await server.close(0);
    await exporter.close();
  });
  return { world, admission, receiver, client, flush: () => exporter.close() };
}

function headersWith(client: WireClient, more: Record<string, string>): Record<string, string> {
  return { ...(client.options().headers as Record<string, string> | undefined), ...more };
}

function rootOf(spans: readonly ReceivedSpan[]): ReceivedSpan {
  const roots = spans.filter(({ kind }) => kind === 2);
  assert.equal(roots.length, 1);
  return roots[0]!;
}

describe('the trace of a decision', { timeout: 120_000 }, () => {
  it('is a part of the caller’s, and says what the audit log says', async (t) => {
    const { world, receiver, client, flush } = await traced(t, 0);
    const answer = await client.send(JSON.stringify(reviewOf(rawPod())), {
      headers: headersWith(client, SAMPLED),
    });
    assert.equal(answer.status, 200);
    await flush();
    const root = rootOf(receiver.spans);
    assert.equal(root.name, 'POST /mutate');
    assert.equal(root.traceId, TRACE);
    assert.equal(root.parentSpanId, CALLER);
    assert.equal(root.resource['service.name'], 'perihelion');
    const [entry] = world.admissions;
    assert.ok(entry?.decision !== undefined);
    const told = root.attributes;
    assert.equal(told['perihelion.decision.id'], entry.decision.id);
    assert.equal(told['perihelion.decision.action'], entry.decision.action);
    assert.equal(told['perihelion.outcome'], entry.outcome);
    assert.equal(told['k8s.namespace.name'], entry.namespace);
    assert.equal(told['http.request.method'], 'POST');
    assert.equal(told['http.response.status_code'], '200');
    assert.equal(told['perihelion.targets.feasible'], '2');
    assert.equal(root.status, undefined);
    const steps = receiver.spans.filter(({ kind }) => kind === 1);
    assert.deepEqual(
      steps.map(({ name }) => name),
      STEPS,
    );
    for (const [index, step] of steps.entries()) {
      assert.equal(step.parentSpanId, root.spanId);
      assert.ok(BigInt(step.startTimeUnixNano) >= BigInt(root.startTimeUnixNano));
      assert.ok(BigInt(step.endTimeUnixNano) <= BigInt(root.endTimeUnixNano));
      const next = steps[index + 1];
      if (next !== undefined) assert.equal(step.endTimeUnixNano, next.startTimeUnixNano);
    }
  });

  it('is not made where the caller does not record, whatever the share', async (t) => {
    const { receiver, client, flush } = await traced(t, 1);
    const headers = headersWith(client, { traceparent: `00-${TRACE}-${CALLER}-00` });
    assert.equal((await client.send(JSON.stringify(reviewOf(rawPod())), { headers })).status, 200);
    await flush();
    assert.equal(receiver.requests.length, 0);
  });

  it('shows Pods left alone and bodies that are none', async (t) => {
    const { receiver, client, flush } = await traced(t, 1);
    const optedOut = rawPod({}, { labels: { 'perihelion.dev/placement': 'disabled' } });
    await client.send(JSON.stringify(reviewOf(optedOut)));
    const broken = await client.send('{"half": ', {});
    assert.equal(broken.status, 400);
    await flush();
    const [left, wrong] = receiver.spans.filter(({ kind }) => kind === 2);
    assert.ok(left !== undefined && wrong !== undefined);
    assert.equal(left.attributes['perihelion.outcome'], 'skipped');
    assert.equal(left.attributes['perihelion.decision.id'], undefined);
    assert.equal(left.status, undefined);
    assert.equal(wrong.attributes['http.response.status_code'], '400');
    assert.deepEqual(wrong.status, { code: 2, message: '400' });
    const steps = receiver.spans.filter(
      ({ traceId, kind }) => traceId === left.traceId && kind === 1,
    );
    assert.ok(!steps.some(({ name }) => name === 'decide'));
  });

  it('holds no answer up, and changes none, when the receiver is silent', async (t) => {
    const { world, client } = await traced(t, 1, () => undefined);
    const review = JSON.stringify(reviewOf(rawPod()));
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => client.send(review, AT_LEISURE)),
    );
    for (const { status, text } of answers) {
      assert.equal(status, 200);
      assert.match(text, /"patch"/);
    }
    assert.equal(world.admissions.length, 60);
    const dropped = await world.metric('perihelion_trace_spans_dropped_total', {
      reason: 'queue-full',
    });
    // Ten spans each; forty may wait, and no more than were waiting once are on their way.
    assert.ok(dropped >= 600 - 40 - 40, String(dropped));
  });
});

describe('perihelion serve with tracing', { timeout: 120_000 }, () => {
  it('sends traces where the settings say, and counts them', async (t) => {
    const receiver = await Receiver.start(t);
    const cluster = await clusterOf(t);
    await configure(cluster, 9);
    const served = await serve(t, await folderOf(t), cluster.kubeconfig, {
      tracing: { endpoint: receiver.url, sampleThousandths: 1000 },
      drainSeconds: 1,
    });
    const port = await served.webhookPort();
    await configure(cluster, port);
    await served.ready();
    const body = rawPod({}, { namespace: 'shop' });
    await call(cluster.url, 'POST', PODS, { body });
    served.child.kill('SIGTERM');
    assert.equal(await served.ended, 0);
    const root = rootOf(receiver.spans);
    assert.equal(root.attributes['k8s.namespace.name'], 'shop');
    assert.equal(root.resource['service.name'], 'perihelion');
    assert.match(String(root.resource['service.version']), /^\d+\.\d+\.\d+/);
  });
});
