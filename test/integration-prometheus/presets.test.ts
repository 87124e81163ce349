// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { queriedCarbon } from '#telemetry/energy/carbon.ts';
import { ownMesh, ownMeter, presetsWith } from '#telemetry/presets/catalogue.ts';
import { createPodDirectory } from '#telemetry/reading/pod-directory.ts';
import { METERS } from '#telemetry/presets/preset.ts';
import {
  createPrometheusTelemetry,
  type PrometheusTelemetry,
} from '#telemetry/prometheus/prometheus.ts';
import type { Measured, Reading } from '#telemetry/reading/reading.ts';
import type { SourcesOptions } from '#telemetry/sources/sources.ts';
import {
  cadvisorPage,
  envoyPage,
  istioPage,
  keplerNewPage,
  keplerOldPage,
  linkerdPage,
  LISTED,
  openTelemetryPage,
  POD_UID,
  scaphandrePage,
  tcpPage,
  TRUTH,
  ztunnelPage,
} from '../unit/telemetry/samples.ts';
import { WATTSON, wattsonPage, WEAVE, weavePage } from '../unit/telemetry/invented.ts';
import { counterFamily, nativeFamily, PROTOBUF } from './protobuf.ts';

/*
 * Every preset, with its own queries, on a real Prometheus server (the `prometheus` on the PATH)
 * that scrapes pages of a scripted truth. Belongs to the end-to-end run.
 */

const started = Date.now() - 1_000_000;
/**
 * A sample is as late as its scrape took: of a window so long, half a second is within what the
 * figures may be off.
 */
const WINDOW_SECONDS = 17;
const NATIVE_POD = { reporter: 'destination', destination_workload: 'native' };

/** Half of the requests in the bucket up to 4 ms, half in that up to 8 ms. */
function nativePage(seconds: number): Buffer {
  const half = Math.round(20 * seconds);
  return Buffer.concat([
    counterFamily('istio_requests_total', { ...NATIVE_POD, response_code: '200' }, 2 * half),
    nativeFamily({
      name: 'istio_request_duration_milliseconds',
      labels: { ...NATIVE_POD, response_code: '200' },
      counts: new Map([
        [16, half],
        [24, half],
      ]),
    }),
  ]);
}

interface Job {
  readonly page: (seconds: number) => string | Buffer;
  readonly labels: Readonly<Record<string, string>>;
}

const hotel = (pod: string) => ({ namespace: 'hotel', pod });
const GEO = hotel('geo-6d5f7c9b8-abcde');
const JOBS: Readonly<Record<string, Job>> = {
  kepler: { page: keplerNewPage, labels: {} },
  keplerold: { page: (seconds) => keplerOldPage(seconds), labels: {} },
  scaphandre: {
    page: scaphandrePage,
    labels: { namespace: 'monitoring', pod: 'scaphandre-x' },
  },
  sidecar: { page: (seconds) => istioPage(seconds, 'destination'), labels: GEO },
  waypoint: { page: (seconds) => istioPage(seconds, 'waypoint'), labels: hotel('waypoint-1') },
  ztunnel: {
    page: (seconds) => ztunnelPage(seconds, 'mongodb'),
    labels: { namespace: 'istio-system', pod: 'ztunnel-q', app: 'ztunnel' },
  },
  database: { page: (seconds) => tcpPage(seconds), labels: hotel('mongodb-0') },
  linkerd: { page: linkerdPage, labels: GEO },
  otel: { page: openTelemetryPage, labels: GEO },
  envoy: { page: envoyPage, labels: GEO },
  cadvisor: { page: cadvisorPage, labels: { instance: TRUTH.node } },
  wattson: { page: wattsonPage, labels: {} },
  weave: { page: weavePage, labels: {} },
  native: { page: nativePage, labels: hotel('native-1') },
  grid: { page: () => 'grid_intensity{region="eu-1"} 42\n', labels: {} },
};

const exporter = createServer((request, response) => {
  const job = JOBS[(request.url ?? '').slice(1)];
  const page = job?.page((Date.now() - started) / 1000) ?? '';
  if (typeof page !== 'string') response.setHeader('content-type', PROTOBUF);
  response.end(page);
});
let folder: string;
let prometheus: ChildProcess | undefined;
let url: string;
let window: { readonly from: number; readonly to: number };
const opened: PrometheusTelemetry[] = [];

function open(options: SourcesOptions): PrometheusTelemetry {
  const telemetry = createPrometheusTelemetry({
    url,
    random: Math.random,
    directory: () => createPodDirectory(() => LISTED),
    staleAfterSeconds: 5,
    ...options,
  });
  opened.push(telemetry);
  return telemetry;
}

async function freePort(): Promise<number> {
  const server = createSocketServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

before(async () => {
  exporter.listen(0, '127.0.0.1');
  await once(exporter, 'listening');
  const address = `127.0.0.1:${(exporter.address() as AddressInfo).port}`;
  const jobs = Object.entries(JOBS).map(
    ([name, { labels }]) =>
      `  - job_name: ${name}\n    metrics_path: /${name}\n    static_configs: [{targets: ['${address}'], labels: ${JSON.stringify(labels)}}]\n`,
  );
  folder = await mkdtemp(join(tmpdir(), 'perihelion-presets-'));
  await writeFile(
    join(folder, 'prometheus.yml'),
    `global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n${jobs.join('')}`,
  );
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  prometheus = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--enable-feature=native-histograms',
    ],
    { stdio: 'ignore' },
  );
  await once(prometheus, 'spawn');
  window = await afterScrapes(WINDOW_SECONDS);
});

/** A window over so many seconds of scrapes, from the first moment all jobs have a sample. */
async function afterScrapes(seconds: number): Promise<typeof window> {
  const probe = open({});
  for (let tries = 0; tries < 300; tries += 1) {
    await delay(200);
    const up = await probe.query('sum(up)', Date.now()).catch(() => []);
    if (up[0]?.value === Object.keys(JOBS).length) {
      await delay(1500);
      const from = Date.now();
      await delay(seconds * 1000);
      return { from, to: Date.now() };
    }
  }
  throw new Error('Prometheus did not scrape all jobs in a minute');
}

after(async () => {
  await Promise.all(opened.map((telemetry) => telemetry.close()));
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

/** By second, with the time that the samples really span. */
function perSecond(reading: Reading | undefined): number {
  const { value, windowSeconds } = measured(reading);
  return value / windowSeconds;
}

describe('meters', () => {
  for (const meter of METERS) {
    test(`${meter}: node watts, Pod joules, and their sum`, async () => {
      const power = await open({ meter }).power(window);
      assert.equal(power.meter, meter);
      near(measured(power.nodeWatts.get(TRUTH.node)).value, TRUTH.nodeWatts);
      near(perSecond(power.podJoules.get(POD_UID)), TRUTH.podWatts);
      near(perSecond(power.attributedJoules.get(TRUTH.node)), TRUTH.podWatts);
    });
  }

  test('Auto finds all of them with one query and reads the first', async () => {
    const warnings: string[] = [];
    const power = await open({ onWarning: (message) => warnings.push(message) }).power(window);
    assert.equal(power.meter, 'KeplerNew');
    assert.deepEqual(warnings, [
      'several meters are there, the first is read: KeplerNew, KeplerOld, Scaphandre',
    ]);
  });
});

describe('meshes', () => {
  const meshes: readonly string[] = [
    'IstioSidecar',
    'IstioAmbient',
    'Linkerd',
    'OpenTelemetry',
    'Envoy',
  ];
  for (const mesh of meshes) {
    test(`${mesh}: requests, errors, p50 and p99`, async () => {
      const latency = await open({ mesh }).latency(window);
      const pod = latency.pods.get('hotel/geo-6d5f7c9b8-abcde');
      assert.equal(pod?.scope, mesh === 'IstioAmbient' ? 'workload' : undefined);
      near(perSecond(pod?.requests), TRUTH.requestsPerSecond);
      near(measured(pod?.errorRatio).value, TRUTH.failedShare, 1e-6);
      near(measured(pod?.p50Milliseconds).value, TRUTH.p50Milliseconds, 1e-6);
      near(measured(pod?.p99Milliseconds).value, TRUTH.p99Milliseconds, 1e-6);
    });
  }

  test('Auto finds all of them, and what speaks no HTTP', async () => {
    const latency = await open({}).latency(window);
    assert.deepEqual(latency.meshes, meshes);
    assert.equal(latency.tcpOnly?.get('hotel/mongodb-0')?.workload, 'mongodb');
    assert.ok(latency.edges.some(({ destination }) => destination === 'mongodb'));
  });

  test('a native histogram gives the same quantiles as its law', async () => {
    const { pods } = await open({ mesh: 'IstioSidecar' }).latency(window);
    const pod = pods.get('hotel/native-1');
    near(perSecond(pod?.requests), 40);
    near(measured(pod?.p50Milliseconds).value, 4, 0.01);
    near(measured(pod?.p99Milliseconds).value, 8, 0.01);
  });
});

describe('a meter and a mesh that nobody shipped, as data alone', () => {
  const meter = ownMeter(WATTSON);
  const mesh = ownMesh(WEAVE);
  const cases: [how: string, options: SourcesOptions, names: [meter: string, mesh: string]][] = [
    [
      'declared in the settings',
      { presets: presetsWith({ meters: [WATTSON], meshes: [WEAVE] }) },
      ['Wattson', 'Weave'],
    ],
    [
      'brought by a policy',
      { more: () => ({ meters: [meter], meshes: [mesh] }) },
      [meter.name, mesh.name],
    ],
  ];
  for (const [how, options, [meterName, meshName]] of cases) {
    test(`${how}: the same truth as by every shipped preset`, async () => {
      const telemetry = open(options);
      const power = await telemetry.power(window, meterName);
      assert.equal(power.meter, meterName);
      near(measured(power.nodeWatts.get(TRUTH.node)).value, TRUTH.nodeWatts);
      near(perSecond(power.podJoules.get(POD_UID)), TRUTH.podWatts);
      near(perSecond(power.attributedJoules.get(TRUTH.node)), TRUTH.podWatts);
      const latency = await telemetry.latency(window, meshName);
      assert.deepEqual(latency.meshes, [meshName]);
      const pod = latency.pods.get('hotel/geo-6d5f7c9b8-abcde');
      near(perSecond(pod?.requests), TRUTH.requestsPerSecond);
      near(measured(pod?.errorRatio).value, TRUTH.failedShare, 1e-6);
      near(measured(pod?.p50Milliseconds).value, TRUTH.p50Milliseconds, 1e-6);
      near(measured(pod?.p99Milliseconds).value, TRUTH.p99Milliseconds, 1e-6);
      assert.deepEqual(
        latency.edges.map(({ source, destination }) => `${source} ${destination}`),
        ['frontend geo'],
      );
    });
  }

  test('declared, Auto finds them, too, and before those that are shipped', async () => {
    const telemetry = open({ presets: presetsWith({ meters: [WATTSON], meshes: [WEAVE] }) });
    assert.equal((await telemetry.power(window)).meter, 'Wattson');
    assert.equal((await telemetry.latency(window)).meshes?.[0], 'Weave');
  });
});

test('cAdvisor tells the load of a node without node-exporter', async () => {
  const load = (await open({}).load(window)).get(TRUTH.node);
  near(measured(load?.cpuRatio).value, 0.625, 0.01);
  near(measured(load?.memoryRatio).value, 0.375, 1e-6);
});

test('carbon intensity by a query of the user', async () => {
  const telemetry = open({});
  const source = queriedCarbon(
    (query, time) => telemetry.query(query, time),
    { query: 'max by (region) (grid_intensity)', zoneLabel: 'region' },
    { nodes: () => [{ name: 'a', zone: 'eu-1' }] },
  );
  assert.equal(measured((await source.intensity(window)).get('a')).value, 42);
});
