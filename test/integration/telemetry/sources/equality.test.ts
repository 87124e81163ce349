// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPrometheusTelemetry } from '#telemetry/prometheus/prometheus.ts';
import type { Reading } from '#telemetry/reading/reading.ts';
import { createScrapeTelemetry } from '#telemetry/scrape/scrape.ts';
import type { ScrapeTarget } from '#telemetry/scrape/target.ts';
import { servePromql, type StoredScrape } from '../promql-server.ts';
import { serve } from '../server.ts';

/** A small cluster over time: two nodes, one restart, one fake, one that dies, three Pods. */
function exposition(path: string, second: number): string | undefined {
  switch (path) {
    case '/kepler-1': {
      // Restarts at second 45.
      const joules = second < 45 ? 1000 + 5 * second : 2 * (second - 45);
      return [
        node('n1', 100 + second, 'package', '/sys/intel-rapl:0'),
        node('n1', 7, 'dram', '/sys/intel-rapl:0:0'),
        pod('n1', 'u1', joules, 'running'),
        second >= 40 ? pod('n1', 'u2', 3 * (second - 40), 'running') : '',
        second < 50 ? pod('n1', 'u3', 10, 'running') : pod('n1', 'u3', 12, 'terminated'),
        second >= 20 ? pod('n1', 'u4', second >= 60 ? 9e14 : 5, 'running') : '',
        `kepler_node_cpu_usage_ratio{node_name="n1"} ${second / 100}`,
        '',
      ].join('\n');
    }
    case '/kepler-2':
      return `${node('n2', 0.0001, 'package', '/sys/class/powercap/intel-rapl/energy_package')}\n${pod('n2', 'u9', second, 'running')}\n`;
    case '/kepler-3':
      return second > 30
        ? undefined
        : `${node('n3', second === 20 ? 'NaN' : 50, 'package', '/sys/intel-rapl:0')}\n`;
    case '/node-1':
      return [
        `node_cpu_seconds_total{cpu="0",mode="idle"} ${1000 + second * 0.25}`,
        `node_cpu_seconds_total{cpu="0",mode="user"} ${500 + second * 0.75}`,
        `node_memory_MemAvailable_bytes ${1e9 - second * 1e6}`,
        'node_memory_MemTotal_bytes 2e9',
        'node_uname_info{nodename="n1"} 1',
        '',
      ].join('\n');
    case '/pod-a':
      return sidecar(second * 10, second, 1);
    case '/pod-b':
      return second < 20 ? '' : sidecar((second - 20) * 4, 0, 3);
    default:
      return sidecar(5, 0, 1);
  }
}

function node(name: string, watts: number | string, zone: string, path: string): string {
  return `kepler_node_cpu_watts{node_name="${name}",path="${path}",zone="${zone}"} ${watts}`;
}

function pod(name: string, uid: string, joules: number, state: string): string {
  return `kepler_pod_cpu_joules_total{node_name="${name}",pod_id="${uid}",pod_name="x",pod_namespace="shop",state="${state}",zone="package"} ${joules}`;
}

function sidecar(good: number, bad: number, slow: number): string {
  const labels =
    'reporter="destination",source_workload="web",source_workload_namespace="shop",destination_workload="geo",destination_workload_namespace="shop"';
  const all = good + bad;
  return [
    `istio_requests_total{${labels},response_code="200",grpc_response_status="0"} ${good}`,
    `istio_requests_total{${labels},response_code="200",grpc_response_status="14"} ${bad}`,
    ...[
      ['5', all / 2],
      ['10', all - all / 100],
      ['25', all - slow],
      ['+Inf', all],
    ].map(
      ([le, value]) => `istio_request_duration_milliseconds_bucket{${labels},le="${le}"} ${value}`,
    ),
    '',
  ].join('\n');
}

const seconds = [0, 10, 20, 30, 40, 50, 60, 70];
const paths: [string, ScrapeTarget['kind'], ScrapeTarget['labels']][] = [
  ['/kepler-1', 'kepler', {}],
  ['/kepler-2', 'kepler', {}],
  ['/kepler-3', 'kepler', {}],
  ['/node-1', 'node-exporter', {}],
  ['/pod-a', 'istio', { namespace: 'shop', pod: 'a' }],
  ['/pod-b', 'istio', { namespace: 'shop', pod: 'b' }],
  ['/pod-c', 'istio', { namespace: 'shop', pod: 'c' }],
];

test('both backends give the same readings for the same samples', async (t) => {
  let now = 0;
  const exporters = await serve(t, (request, response) => {
    const text = exposition(request.url, now);
    if (text === undefined) response.writeHead(503).end();
    else response.end(text);
  });
  const host = new URL(exporters.url).host;
  const scraped = createScrapeTelemetry({
    targets: () =>
      paths.map(([path, kind, labels]) => ({ url: `${exporters.url}${path}`, kind, labels })),
    staleAfterSeconds: 25,
  });
  const stored: StoredScrape[] = [];
  for (now of seconds) {
    await scraped.collect(now * 1000);
    for (const [path, , labels] of paths) {
      const text = exposition(path, now);
      const all = { ...labels, instance: host } as Record<string, string>;
      if (text !== undefined) stored.push({ time: now * 1000, text, labels: all });
    }
  }
  const server = await servePromql(t, stored);
  const queried = createPrometheusTelemetry({
    url: server.url,
    random: () => 0,
    staleAfterSeconds: 25,
  });
  const reasons = new Set<string>();
  for (const [from, to] of [
    [0, 60],
    [10, 70],
    [20, 50],
    [3, 64],
    [55, 70],
    [300, 400],
  ] as const) {
    const window = { from: from * 1000, to: to * 1000 };
    const power = await scraped.power(window);
    assert.deepEqual(await queried.power(window), power);
    const latency = await scraped.latency(window);
    assert.deepEqual(await queried.latency(window), latency);
    const load = await scraped.load(window);
    assert.deepEqual(await queried.load(window), load);
    const readings = [
      ...power.nodeWatts.values(),
      ...power.podJoules.values(),
      ...power.attributedJoules.values(),
      ...[...latency.pods.values()].flatMap((one): Reading[] => [
        one.requests,
        one.p50Milliseconds,
        one.p99Milliseconds,
        one.errorRatio,
      ]),
      ...[...load.values()].flatMap((one) => [one.cpuRatio, one.memoryRatio]),
    ];
    for (const reading of readings) {
      reasons.add(reading.kind === 'measured' ? 'measured' : reading.reason);
    }
  }
  // The comparison is worth something only if every kind of reading occurred.
  assert.deepEqual([...reasons].sort(), [
    'absent',
    'absurd',
    'fake',
    'measured',
    'stale',
    'too-few-samples',
  ]);
  await queried.close();
  await scraped.close();
  await Promise.all([server.close(), exporters.close()]);
});
