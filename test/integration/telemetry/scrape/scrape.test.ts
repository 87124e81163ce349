// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createScrapeTelemetry } from '#telemetry/scrape/scrape.ts';
import type { ScrapeTarget } from '#telemetry/scrape/target.ts';
import { serve } from '../server.ts';

const watts = (node: string, value: number | string): string =>
  `kepler_node_cpu_watts{node_name="${node}",path="/sys/intel-rapl:0",zone="package"} ${value}\n`;

function keplerAt(url: string): ScrapeTarget {
  return { url: `${url}/metrics`, labels: {}, kind: 'kepler' };
}

test('exporters are scraped over one kept connection each', async (t) => {
  let value = 100;
  const server = await serve(t, (_, response) => void response.end(watts('n1', (value += 10))));
  const telemetry = createScrapeTelemetry({ targets: () => [keplerAt(server.url)] });
  for (const time of [10_000, 20_000, 30_000]) await telemetry.collect(time);
  const { nodeWatts } = await telemetry.power({ from: 10_000, to: 30_000 });
  const reading = nodeWatts.get('n1');
  assert.ok(reading?.kind === 'measured');
  assert.equal(reading.value, 125);
  assert.equal(server.connections(), 1);
  assert.equal(telemetry.exporters, 1);
  await telemetry.close();
  await server.close();
});

test('an exporter that hangs, fails or talks too much is a warning and hurts nobody else', async (t) => {
  const warnings: string[] = [];
  const good = await serve(t, (_, response) => void response.end(watts('good', 50)));
  const bad = [
    await serve(t, () => undefined),
    await serve(t, (_, response) => void response.writeHead(500).end('no')),
    await serve(t, (_, response) => void response.end('#'.repeat(5000))),
    await serve(t, (_, response) => void response.destroy()),
  ];
  const targets = [...bad, good].map(({ url }) => keplerAt(url));
  const telemetry = createScrapeTelemetry({
    targets: () => [...targets, keplerAt('http://127.0.0.1:1')],
    // The good one must be read within it, also on a busy machine.
    timeoutSeconds: 2,
    maximumBodyBytes: 4000,
    onWarning: (message) => warnings.push(message),
  });
  for (const time of [10_000, 20_000]) await telemetry.collect(time);
  const { nodeWatts } = await telemetry.power({ from: 0, to: 20_000 });
  assert.deepEqual([...nodeWatts.keys()], ['good']);
  assert.equal(warnings.length, 10);
  await telemetry.close();
  await Promise.all([...bad, good].map((server) => server.close()));
});

test('no more scrapes than allowed are under way', async (t) => {
  let running = 0;
  let most = 0;
  const server = await serve(t, async (_, response) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running -= 1;
    response.end(watts('n', 1));
  });
  const targets = Array.from({ length: 12 }, (_, index) => ({
    ...keplerAt(server.url.replace('127.0.0.1', `127.0.0.${index + 1}`)),
    url: `${server.url}/${index}`,
  }));
  const telemetry = createScrapeTelemetry({ targets: () => targets, maximumInFlight: 3 });
  await telemetry.collect(1000);
  assert.ok(most <= 3);
  assert.equal(server.received.length, 12);
  await telemetry.close();
  await server.close();
});

test('a metric that lost a line is not summed over the rest; other metrics are', async (t) => {
  const warnings: string[] = [];
  let damage = '';
  const server = await serve(t, (_, response) => {
    const usage = 'kepler_node_cpu_usage_ratio{node_name="n1"} 0.5\n';
    response.end(`!garbage\n${watts('n1', 100)}${damage}${usage}`);
  });
  const telemetry = createScrapeTelemetry({
    targets: () => [keplerAt(server.url)],
    onWarning: (message) => warnings.push(message),
  });
  await telemetry.collect(10_000);
  damage = 'kepler_node_cpu_watts{node_name="n1",zone="pack\n';
  await telemetry.collect(20_000);
  const window = { from: 0, to: 20_000 };
  const watched = (await telemetry.power(window)).nodeWatts.get('n1');
  assert.equal(watched?.kind === 'missing' && watched.reason, 'stale');
  assert.equal((await telemetry.load(window)).get('n1')?.cpuRatio.kind, 'measured');
  assert.match(warnings[0] ?? '', /1 malformed lines; line 1/);
  assert.match(warnings[1] ?? '', /2 malformed lines/);
  await telemetry.close();
  await server.close();
});

test('more series than allowed: the scrape does not count, rather than half of it', async (t) => {
  const warnings: string[] = [];
  const server = await serve(
    t,
    (_, response) =>
      void response.end(Array.from({ length: 20 }, (_, i) => watts(`n${i}`, 1)).join('')),
  );
  const telemetry = createScrapeTelemetry({
    targets: () => [keplerAt(server.url)],
    maximumSeries: 10,
    onWarning: (message) => warnings.push(message),
  });
  await telemetry.collect(10_000);
  assert.equal(telemetry.exporters, 0);
  assert.match(warnings[0] ?? '', /too many series/);
  await telemetry.close();
  await server.close();
});

test('targets that are gone are forgotten after their time', async (t) => {
  const server = await serve(t, (_, response) => void response.end(watts('n1', 100)));
  let targets = [keplerAt(server.url)];
  const telemetry = createScrapeTelemetry({ targets: () => targets, retentionSeconds: 60 });
  await telemetry.collect(10_000);
  targets = [];
  await telemetry.collect(20_000);
  assert.equal(telemetry.exporters, 1);
  await telemetry.collect(80_000);
  assert.equal(telemetry.exporters, 0);
  await telemetry.close();
  await server.close();
});

test('a sidecar whose page cannot be read wholly at the start of the window counts nothing from 0', async (t) => {
  let page = '';
  const server = await serve(t, (_, response) => void response.end(page));
  const labels = { namespace: 'shop', pod: 'a' };
  const telemetry = createScrapeTelemetry({
    targets: () => [{ url: `${server.url}/stats/prometheus`, labels, kind: 'istio' }],
  });
  const served = (count: number): string =>
    `istio_requests_total{reporter="destination",response_code="200"} ${count}\n`;
  page = `${served(100_000)}istio_requests_total{reporter="dest\n`;
  await telemetry.collect(10_000);
  page = served(100_600);
  await telemetry.collect(70_000);
  const { pods } = await telemetry.latency({ from: 10_000, to: 70_000 });
  const requests = pods.get('shop/a')?.requests;
  assert.equal(requests?.kind === 'missing' && requests.reason, 'absent', JSON.stringify(requests));
  await telemetry.close();
  await server.close();
});
