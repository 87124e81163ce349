// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFailure } from '#telemetry/mesh/failure.ts';
import type { Reading } from '#telemetry/reading/reading.ts';
import { createFed, sidecar } from '../support.ts';

const window = { from: 100_000, to: 160_000 };

interface Served {
  readonly codes?: Readonly<Record<string, number | string>>;
  readonly buckets?: Readonly<Record<string, number>>;
  readonly source?: string;
  readonly reporter?: string;
}

/** What a sidecar says; `codes` by `response/grpc`. */
function exposition({
  codes = {},
  buckets = {},
  source = 'frontend',
  reporter = 'destination',
}: Served): string {
  const common = `reporter="${reporter}",source_workload="${source}",source_workload_namespace="shop",destination_workload="geo",destination_workload_namespace="shop"`;
  const lines = Object.entries(codes).map(([code, value]) => {
    const [response, grpc = ''] = code.split('/');
    return `istio_requests_total{${common},response_code="${response}",grpc_response_status="${grpc}"} ${value}`;
  });
  for (const [le, value] of Object.entries(buckets)) {
    lines.push(
      `istio_request_duration_milliseconds_bucket{${common},response_code="200",le="${le}"} ${value}`,
    );
  }
  return lines.map((line) => `${line}\n`).join('');
}

function value(reading: Reading | undefined): number {
  assert.ok(reading?.kind === 'measured', JSON.stringify(reading));
  return reading.value;
}

function reason(reading: Reading | undefined): string {
  assert.ok(reading?.kind === 'missing', JSON.stringify(reading));
  return reading.reason;
}

const quick = { '5': 0, '10': 90, '25': 100, '+Inf': 100 };

test('requests, quantiles and errors of a Pod are differences over the window', async () => {
  const { sources, feed } = createFed();
  const before = {
    codes: { '200': 1000, '503': 10 },
    buckets: { '5': 1000, '10': 1000, '25': 1000, '+Inf': 1010 },
  };
  feed(sidecar('geo-1'), 100, exposition(before));
  const after = {
    codes: { '200': 1090, '503': 20 },
    buckets: { '5': 1000, '10': 1090, '25': 1100, '+Inf': 1110 },
  };
  feed(sidecar('geo-1'), 160, exposition(after));
  const { pods, edges } = await sources.latency(window);
  const pod = pods.get('shop/geo-1');
  assert.equal(value(pod?.requests), 100);
  assert.equal(value(pod?.errorRatio), 0.1);
  assert.ok(Math.abs(value(pod?.p50Milliseconds) - (5 + (5 * 50) / 90)) < 1e-9);
  assert.ok(Math.abs(value(pod?.p99Milliseconds) - (10 + (15 * 9) / 10)) < 1e-9);
  assert.ok(pod?.p99Milliseconds.kind === 'measured' && pod.p99Milliseconds.samples === 100);
  assert.equal(pod.p99Milliseconds.windowSeconds, 60);
  assert.deepEqual(edges, [
    { namespace: 'shop', source: 'frontend', destination: 'geo', requests: 100 },
  ]);
});

test('only the server side is counted', async () => {
  const { sources, feed } = createFed({ minimumRequests: 1 });
  const outbound = { codes: { '200': 5 }, reporter: 'source' };
  feed(sidecar('a'), 100, exposition(outbound) + exposition({ codes: { '200': 1 } }));
  const more = { codes: { '200': 999 }, reporter: 'source' };
  feed(sidecar('a'), 160, exposition(more) + exposition({ codes: { '200': 3 } }));
  const { pods } = await sources.latency(window);
  assert.equal(value(pods.get('shop/a')?.requests), 2);
});

test('failures: 5xx, no response, and gRPC codes that are the fault of the server', () => {
  const failing = [
    '500/',
    '503/',
    '599/',
    '0/',
    '200/2',
    '200/4',
    '200/8',
    '200/13',
    '200/14',
    '200/15',
  ];
  const fine = [
    '200/',
    '200/0',
    '404/',
    '429/',
    '302/',
    '200/1',
    '200/3',
    '200/5',
    '200/7',
    '200/16',
  ];
  const fails = (code: string): boolean => isFailure(code.split('/')[0]!, code.split('/')[1]!);
  assert.deepEqual(failing.filter(fails), failing);
  assert.deepEqual(fine.filter(fails), []);
});

test('too few requests tell no quantile and no error ratio, but their number', async () => {
  const { sources, feed } = createFed({ minimumRequests: 100 });
  feed(sidecar('a'), 100, exposition({ codes: { '200': 1 }, buckets: { '5': 1, '+Inf': 1 } }));
  feed(
    sidecar('a'),
    160,
    exposition({ codes: { '200': 100 }, buckets: { '5': 100, '+Inf': 100 } }),
  );
  const pod = (await sources.latency(window)).pods.get('shop/a');
  assert.equal(value(pod?.requests), 99);
  for (const reading of [pod?.p50Milliseconds, pod?.p99Milliseconds, pod?.errorRatio]) {
    assert.equal(reason(reading), 'too-few-samples');
  }
});

test('no requests are 0 requests and no ratio, even if none are asked for', async () => {
  const { sources, feed } = createFed({ minimumRequests: 0 });
  for (const time of [100, 160]) {
    feed(sidecar('a'), time, exposition({ codes: { '200': 7 }, buckets: { '5': 7, '+Inf': 7 } }));
  }
  const pod = (await sources.latency(window)).pods.get('shop/a');
  assert.equal(value(pod?.requests), 0);
  assert.equal(reason(pod?.errorRatio), 'too-few-samples');
  assert.equal(reason(pod?.p99Milliseconds), 'too-few-samples');
});

test('a new code counts from 0; a restarted sidecar does not tell what was before', async () => {
  const { sources, feed } = createFed();
  feed(sidecar('a'), 100, exposition({ codes: { '200': 1000, '500': 3 } }));
  feed(sidecar('a'), 160, exposition({ codes: { '200': 1060, '500': 8, '503': 10 } }));
  const restarted = sidecar('b', 'shop', '10.0.1.2:15020');
  feed(restarted, 100, exposition({ codes: { '200': 1000, '500': 3 } }));
  feed(restarted, 160, exposition({ codes: { '200': 60, '500': 5, '503': 10 } }));
  const { pods } = await sources.latency(window);
  assert.equal(value(pods.get('shop/a')?.requests), 75);
  assert.equal(value(pods.get('shop/a')?.errorRatio), 0.2);
  assert.equal(reason(pods.get('shop/b')?.requests), 'absent');
});

test('a Pod that had served nothing counts from 0 if its sidecar was there', async () => {
  const { sources, feed } = createFed();
  feed(sidecar('a'), 100, '');
  feed(sidecar('a'), 160, exposition({ codes: { '200': 100 }, buckets: quick }));
  feed(sidecar('b', 'shop', '10.0.1.2:15020'), 160, exposition({ codes: { '200': 100 } }));
  const { pods } = await sources.latency(window);
  assert.equal(value(pods.get('shop/a')?.requests), 100);
  assert.equal(reason(pods.get('shop/b')?.requests), 'absent');
});

test('NaN, stale and absent are told apart', async () => {
  const { sources, feed } = createFed({ staleAfterSeconds: 20 });
  feed(sidecar('nan'), 100, exposition({ codes: { '200': 1 } }));
  feed(sidecar('nan'), 160, exposition({ codes: { '200': 'NaN' } }));
  const stale = sidecar('stale', 'shop', '10.0.1.2:15020');
  feed(stale, 100, exposition({ codes: { '200': 1 } }));
  feed(stale, 130, exposition({ codes: { '200': 90 } }));
  const bare = sidecar('bare', 'shop', '10.0.1.3:15020');
  for (const time of [100, 160]) feed(bare, time, exposition({ codes: { '200': time } }));
  const { pods } = await sources.latency(window);
  assert.equal(reason(pods.get('shop/nan')?.requests), 'not-a-number');
  assert.equal(reason(pods.get('shop/stale')?.requests), 'stale');
  assert.equal(reason(pods.get('shop/bare')?.p99Milliseconds), 'absent');
  assert.equal(value(pods.get('shop/bare')?.requests), 60);
  assert.equal(pods.get('shop/none'), undefined);
});

test('a Pod that two jobs scrape counts once', async () => {
  const { sources, feed } = createFed();
  for (const host of ['10.0.1.1:15020', '10.0.1.1:15090']) {
    feed(sidecar('a', 'shop', host), 100, exposition({ codes: { '200': 1 } }));
    feed(sidecar('a', 'shop', host), 160, exposition({ codes: { '200': 51 } }));
  }
  const { pods, edges } = await sources.latency(window);
  assert.equal(value(pods.get('shop/a')?.requests), 50);
  assert.equal(edges[0]?.requests, 50);
});

test('edges stay in the namespace, add up over Pods, and hold databases', async () => {
  const { sources, feed } = createFed();
  const lines = (calls: number, connections: number): string =>
    [
      `istio_requests_total{reporter="destination",source_workload="web",source_workload_namespace="shop",destination_workload="geo",destination_workload_namespace="shop",response_code="200"} ${calls}`,
      `istio_requests_total{reporter="destination",source_workload="gateway",source_workload_namespace="edge",destination_workload="geo",destination_workload_namespace="shop",response_code="200"} ${calls}`,
      `istio_requests_total{reporter="destination",source_workload="unknown",source_workload_namespace="unknown",destination_workload="geo",destination_workload_namespace="shop",response_code="200"} ${calls}`,
      `istio_tcp_connections_opened_total{reporter="destination",source_workload="geo",source_workload_namespace="shop",destination_workload="mongodb",destination_workload_namespace="shop"} ${connections}`,
      '',
    ].join('\n');
  for (const [index, pod] of ['a', 'b'].entries()) {
    const target = sidecar(pod, 'shop', `10.0.1.${index}:15020`);
    feed(target, 100, lines(10, 4));
    feed(target, 160, lines(15, 4));
  }
  const { edges } = await sources.latency(window);
  assert.deepEqual(edges, [
    { namespace: 'shop', source: 'web', destination: 'geo', requests: 10 },
    { namespace: 'shop', source: 'geo', destination: 'mongodb', requests: 0 },
  ]);
});

test('an edge does not count what a counter that fell holds: it is the past, or half of the window', async () => {
  const { sources, feed } = createFed();
  const calls = (before: number, after: number, host: string): void => {
    feed(sidecar(host, 'shop', `${host}:15020`), 100, exposition({ codes: { '200': before } }));
    feed(sidecar(host, 'shop', `${host}:15020`), 160, exposition({ codes: { '200': after } }));
  };
  calls(1_000_000, 501_600, '10.0.1.1');
  calls(10, 25, '10.0.1.2');
  const { edges } = await sources.latency(window);
  assert.equal(edges[0]?.requests, 15);
});
