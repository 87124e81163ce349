// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  createPrometheusTelemetry,
  type PrometheusTelemetry,
} from '#telemetry/prometheus/prometheus.ts';
import type { Measured, Reading } from '#telemetry/reading/reading.ts';
import { createScrapeTelemetry } from '#telemetry/scrape/scrape.ts';

/*
 * A real Prometheus server (the `prometheus` on the PATH) scrapes an exporter every second; the
 * truth of the exporter is known. Belongs to the end-to-end run, because it needs the program.
 */

const WATTS = { n1: 120, n2: 60 };
const POD_WATTS = 50;
const REQUESTS_PER_SECOND = 200;
const ERROR_SHARE = 0.05;
const started = Date.now() - 1_000_000;
/**
 * A sample is as late as its scrape took: of a window so long, half a second is within what the
 * figures may be off.
 */
const ROUNDS = 17;

/** The truth at this instant; `/dying` stops answering on command. */
function exposition(path: string): string {
  const seconds = (Date.now() - started) / 1000;
  if (path === '/istio') {
    const labels =
      'reporter="destination",source_workload="web",source_workload_namespace="shop",destination_workload="geo",destination_workload_namespace="shop"';
    const all = REQUESTS_PER_SECOND * seconds;
    const lines = [
      `istio_requests_total{${labels},response_code="200"} ${all * (1 - ERROR_SHARE)}`,
      `istio_requests_total{${labels},response_code="503"} ${all * ERROR_SHARE}`,
    ];
    for (const [le, share] of [
      ['5', 0],
      ['10', 0.9],
      ['25', 1],
      ['+Inf', 1],
    ] as const) {
      lines.push(`istio_request_duration_milliseconds_bucket{${labels},le="${le}"} ${all * share}`);
    }
    return `${lines.join('\n')}\n`;
  }
  if (path === '/node') {
    return [
      `node_cpu_seconds_total{cpu="0",mode="idle"} ${seconds * 0.3}`,
      `node_cpu_seconds_total{cpu="0",mode="user"} ${seconds * 0.7}`,
      'node_memory_MemAvailable_bytes 4e9',
      'node_memory_MemTotal_bytes 16e9',
      'node_uname_info{nodename="n1"} 1',
      '',
    ].join('\n');
  }
  const [name, path2] =
    path === '/kepler'
      ? (['n1', 'aggregated-package'] as const)
      : (['n2', '/intel-rapl:0'] as const);
  return [
    `kepler_node_cpu_watts{node_name="${name}",path="${path2}",zone="package"} ${WATTS[name]}`,
    `kepler_node_cpu_watts{node_name="${name}",path="/intel-rapl:0:0",zone="dram"} 9`,
    `kepler_node_cpu_usage_ratio{node_name="${name}"} 0.6`,
    `kepler_pod_cpu_joules_total{node_name="${name}",pod_id="${name}-pod",pod_name="geo-1",pod_namespace="shop",state="running",zone="package"} ${POD_WATTS * seconds}`,
    `kepler_pod_cpu_joules_total{node_name="${name}",pod_id="${name}-pod",pod_name="geo-1",pod_namespace="shop",state="running",zone="dram"} ${seconds}`,
    '',
  ].join('\n');
}

const exporter = createServer((request, response) => {
  if (request.url === '/dying' && dead) response.writeHead(503).end();
  else response.end(exposition(request.url ?? ''));
});
let dead = false;
let folder: string;
let prometheus: ChildProcess | undefined;
let telemetry: PrometheusTelemetry;
let exporterAddress: string;

async function freePort(): Promise<number> {
  const server = createSocketServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function configuration(): string {
  const job = (name: string, labels: string): string =>
    `  - job_name: ${name}\n    metrics_path: /${name}\n    static_configs: [{targets: ['${exporterAddress}']${labels}}]\n`;
  return (
    'global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n' +
    job('kepler', '') +
    job('dying', '') +
    job('node', '') +
    job('istio', ', labels: {namespace: shop, pod: geo-1}')
  );
}

before(async () => {
  exporter.listen(0, '127.0.0.1');
  await once(exporter, 'listening');
  exporterAddress = `127.0.0.1:${(exporter.address() as AddressInfo).port}`;
  folder = await mkdtemp(join(tmpdir(), 'perihelion-prometheus-'));
  await writeFile(join(folder, 'prometheus.yml'), configuration());
  const port = await freePort();
  prometheus = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  await once(prometheus, 'spawn');
  telemetry = createPrometheusTelemetry({
    url: `http://127.0.0.1:${port}`,
    random: Math.random,
    staleAfterSeconds: 5,
  });
  await untilScraped();
});

/** Until all four jobs have been scraped at least once. */
async function untilScraped(): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    await delay(200);
    const now = Date.now();
    const window = { from: now - 10_000, to: now };
    try {
      const [power, latency, load] = await Promise.all([
        telemetry.power(window),
        telemetry.latency(window),
        telemetry.load(window),
      ]);
      if (power.nodeWatts.size === 2 && latency.pods.size === 1 && load.size === 2) return;
    } catch {
      // Not up yet.
    }
  }
  throw new Error('Prometheus scraped nothing in a minute');
}

after(async () => {
  await telemetry.close();
  if (prometheus?.exitCode === null) {
    prometheus.kill('SIGTERM');
    await once(prometheus, 'exit');
  }
  exporter.closeAllConnections();
  exporter.close();
  await rm(folder, { recursive: true, force: true });
});

function measured(reading: Reading | undefined): Measured {
  assert.ok(reading?.kind === 'measured', JSON.stringify(reading));
  return reading;
}

function near(actual: number, expected: number, share = 0.03): void {
  assert.ok(Math.abs(actual - expected) <= share * expected, `${actual} is not near ${expected}`);
}

/** Counter rises by second, with the time that they really span. */
function perSecond(reading: Reading | undefined): number {
  const { value, windowSeconds } = measured(reading);
  return value / windowSeconds;
}

test('a real server and the direct scrape both tell the truth of the exporter', async () => {
  const direct = createScrapeTelemetry({
    targets: () => [
      { url: `http://${exporterAddress}/kepler`, labels: {}, kind: 'kepler' },
      { url: `http://${exporterAddress}/dying`, labels: {}, kind: 'kepler' },
      { url: `http://${exporterAddress}/node`, labels: {}, kind: 'node-exporter' },
      {
        url: `http://${exporterAddress}/istio`,
        labels: { namespace: 'shop', pod: 'geo-1' },
        kind: 'istio',
      },
    ],
  });
  await direct.collect(Date.now());
  await delay(1200);
  const from = Date.now();
  for (let i = 0; i < ROUNDS; i += 1) {
    await direct.collect(Date.now());
    await delay(1000);
  }
  const window = { from, to: Date.now() };
  // Rounds take longer on a busy machine, and the server scrapes every second all the same.
  const most = Math.ceil((window.to - from) / 1000) + 2;
  for (const source of [telemetry, direct]) {
    const power = await source.power(window);
    const watts = measured(power.nodeWatts.get('n1'));
    assert.equal(watts.value, WATTS.n1);
    assert.ok(watts.samples >= ROUNDS - 2 && watts.samples <= most, `${watts.samples} samples`);
    assert.ok(watts.ageSeconds < 3);
    near(perSecond(power.podJoules.get('n1-pod')), POD_WATTS);
    near(perSecond(power.attributedJoules.get('n1')), POD_WATTS);
    const { pods, edges } = await source.latency(window);
    const pod = pods.get('shop/geo-1');
    near(perSecond(pod?.requests), REQUESTS_PER_SECOND);
    near(measured(pod?.errorRatio).value, ERROR_SHARE, 1e-6);
    near(measured(pod?.p50Milliseconds).value, 5 + (5 * 0.5) / 0.9, 1e-6);
    near(measured(pod?.p99Milliseconds).value, 10 + 15 * 0.9, 1e-6);
    assert.equal(edges[0]?.source, 'web');
    const loads = await source.load(window);
    near(measured(loads.get('n1')?.cpuRatio).value, 0.7, 1e-6);
    near(measured(loads.get('n1')?.memoryRatio).value, 0.75, 1e-6);
    near(measured(loads.get('n2')?.cpuRatio).value, 0.6, 1e-6);
    const memory = loads.get('n2')?.memoryRatio;
    assert.ok(memory?.kind === 'missing' && memory.reason === 'absent');
  }
  await direct.close();
});

/** Until the server has met the exporter that does not answer any more. */
async function untilDown(): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    const [up] = await telemetry.query('up{job="dying"}', Date.now());
    if (up?.value === 0) return;
    await delay(200);
  }
  throw new Error('Prometheus has not scraped it for a minute');
}

test('an exporter that dies is stale, although the server still has its samples', async () => {
  const from = Date.now() - 5000;
  dead = true;
  await untilDown();
  await delay(1000);
  const power = await telemetry.power({ from, to: Date.now() });
  const reading = power.nodeWatts.get('n2');
  assert.ok(reading?.kind === 'missing' && reading.reason === 'stale', JSON.stringify(reading));
  const joules = power.podJoules.get('n2-pod');
  assert.ok(joules?.kind === 'missing' && joules.reason === 'stale', JSON.stringify(joules));
  assert.equal(power.nodeWatts.get('n1')?.kind, 'measured');
});

test('a window before the first sample is absent', async () => {
  const to = Date.now();
  const power = await telemetry.power({ from: to - 3_600_000, to });
  const joules = power.podJoules.get('n1-pod');
  assert.ok(joules?.kind === 'missing' && joules.reason === 'absent', JSON.stringify(joules));
});
