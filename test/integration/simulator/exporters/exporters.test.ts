// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import { createPodDirectory, type ListedPod } from '#telemetry/reading/pod-directory.ts';
import { createScrapeTelemetry, type ScrapeTelemetry } from '#telemetry/scrape/scrape.ts';
import { scrapeTargetsOf, type ScrapedPod, type ScrapeTarget } from '#telemetry/scrape/target.ts';
import { hotelReservation } from '#simulator/application/applications.ts';
import type { ClusterOptions } from '#simulator/cluster/options.ts';
import { createCluster, type EmbeddedCluster } from '#simulator/cluster/cluster.ts';
import { SEED_MACHINES } from '#simulator/machines/machines.ts';
import { MESH_KINDS } from '#simulator/application/mesh.ts';
import { linearCurve } from '#simulator/machines/power-curve.ts';
import { pick, readSamples, total, type Sample } from '../exposition.ts';

/*
 * The pages of the simulated exporters: what the real products' pages have and what they have not,
 * and that the product's own telemetry reads them.
 */

async function running(options: Partial<ClusterOptions>): Promise<EmbeddedCluster> {
  const cluster = createCluster({
    application: hotelReservation,
    machines: SEED_MACHINES,
    seed: 4,
    load: { kind: 'open', requestsPerSecond: 300 },
    ...options,
  });
  await cluster.start();
  await cluster.deployAll();
  cluster.advance(3);
  return cluster;
}

/** The exporters as the product finds them. */
function targetsOf(cluster: EmbeddedCluster): ScrapeTarget[] {
  return scrapeTargetsOf(
    cluster.objects('pods').map(({ metadata, spec, status }): ScrapedPod => ({
      namespace: metadata.namespace!,
      name: metadata.name!,
      labels: metadata.labels ?? {},
      annotations: metadata.annotations ?? {},
      nodeName: spec?.['nodeName'] as string | undefined,
      podIP: status?.['podIP'] as string | undefined,
      phase: String(status?.['phase']),
    })),
  );
}

/** Every page that some Pod of the cluster says it has, by the Pod's name without its hash. */
async function pagesOf(cluster: EmbeddedCluster): Promise<Map<string, string>> {
  const pages = new Map<string, string>();
  for (const { url, labels } of targetsOf(cluster)) {
    const response = await fetch(url);
    assert.equal(response.status, 200, url);
    pages.set(labels.pod!.replace(/-[a-z0-9]{9}-[a-z0-9]{5}$/, ''), await response.text());
  }
  return pages;
}

describe('Kepler up to 0.9', () => {
  test('counters by container and mode, in the words and the order of its source', async () => {
    const cluster = await running({ meter: 'KeplerOld' });
    cluster.advance(20);
    const page = (await pagesOf(cluster)).get('kepler-exporter-worker-1')!;
    await cluster.stop();
    assert.deepEqual(
      page.split('\n').filter((line) => line.startsWith('# TYPE')),
      [
        '# TYPE kepler_container_bpf_cpu_time_ms_total counter',
        '# TYPE kepler_container_core_joules_total counter',
        '# TYPE kepler_container_dram_joules_total counter',
        '# TYPE kepler_container_joules_total counter',
        '# TYPE kepler_container_other_joules_total counter',
        '# TYPE kepler_container_package_joules_total counter',
        '# TYPE kepler_container_platform_joules_total counter',
        '# TYPE kepler_container_uncore_joules_total counter',
        '# TYPE kepler_exporter_build_info gauge',
        '# TYPE kepler_node_info counter',
        '# TYPE kepler_node_package_joules_total counter',
      ],
    );
    assert.ok(
      page.includes(
        '# HELP kepler_container_package_joules_total Aggregated value in package value from rapl-sysfs\n',
      ),
    );
    for (const line of page.split('\n').filter((one) => one !== '' && !one.startsWith('#'))) {
      const names = [...line.matchAll(/([a-z_]+)="/g)].map((match) => match[1]!);
      assert.deepEqual(names, [...names].sort(), line);
      assert.doesNotMatch(line, /pod_id|watts/);
    }
    const row =
      /^kepler_container_package_joules_total\{container_id="[0-9a-f]{64}",container_name="istio-proxy",container_namespace="hotel-res",mode="dynamic",pod_name="[a-z-]+-[a-z0-9]{9}-[a-z0-9]{5}",source="rapl-sysfs"\} [\d.]+(e\+\d\d)?$/m;
    assert.match(page, row);
  });

  test('dynamic is above rest and by CPU, idle is rest and even, and both add up to the node', async () => {
    const machines = SEED_MACHINES.map((machine) => ({ ...machine, curve: linearCurve(50, 130) }));
    const cluster = await running({ meter: 'KeplerOld', machines });
    cluster.advance(30);
    const samples = readSamples((await pagesOf(cluster)).get('kepler-exporter-worker-1')!);
    const { nodes } = cluster.advance(0.25);
    await cluster.stop();
    const name = 'kepler_container_package_joules_total';
    const node = (mode: string): number =>
      total(samples, 'kepler_node_package_joules_total', { instance: 'worker-1', mode });
    assert.ok(Math.abs(node('idle') - 50 * 33) < 0.01, String(node('idle')));
    assert.ok(Math.abs(total(samples, name, { mode: 'dynamic' }) / node('dynamic') - 1) < 1e-3);
    assert.ok(Math.abs(total(samples, name, { mode: 'idle' }) / node('idle') - 1) < 1e-3);
    // A straight line: one more core-second is 80 W / 8 cores whatever the others do.
    for (const { labels, value } of pick(samples, 'kepler_container_bpf_cpu_time_ms_total')) {
      if (labels['container_namespace'] !== 'hotel-res') continue;
      const { container_id = '' } = labels;
      const dynamic = total(samples, name, { container_id, mode: 'dynamic' });
      assert.ok(Math.abs(dynamic - (value / 1000) * 10) < 0.02, `${dynamic} ${value}`);
    }
    assert.ok(nodes.length === 3);
    const geo = pick(samples, name, { container_name: 'istio-proxy', mode: 'idle' });
    assert.ok(geo.length > 5);
  });

  test("the product's telemetry reads node watts and Pod joules from it", async () => {
    const cluster = await running({ meter: 'KeplerOld' });
    const telemetry = telemetryOf(cluster);
    await telemetry.collect(cluster.now());
    const from = cluster.now();
    const before = await dynamicJoules(cluster);
    let joules: Record<string, number> = {};
    for (let i = 0; i < 12; i++) {
      const { nodes } = cluster.advance(5);
      for (const { name, joules: more } of nodes) joules = add(joules, name, more);
      await telemetry.collect(cluster.now());
    }
    const power = await telemetry.power({ from, to: cluster.now() });
    const after = await dynamicJoules(cluster);
    assert.equal(power.meter, 'KeplerOld');
    assert.equal(power.nodeWatts.size, 3);
    for (const [node, reading] of power.nodeWatts) {
      assert.ok(reading.kind === 'measured', JSON.stringify(reading));
      assert.ok(Math.abs(reading.value / (joules[node]! / 60) - 1) < 1e-3, node);
    }
    const pods = cluster.objects('pods').filter((pod) => pod.metadata.namespace === 'hotel-res');
    for (const { metadata } of pods) {
      const reading = power.podJoules.get(metadata.uid!);
      assert.ok(reading?.kind === 'measured', JSON.stringify(reading));
      const truth = after.get(metadata.name!)! - before.get(metadata.name!)!;
      assert.ok(Math.abs(reading.value - truth) < 0.01, `${metadata.name!}: ${reading.value}`);
    }
    await telemetry.close();
    await cluster.stop();
  });
});

describe('ambient mode', () => {
  test('a waypoint tells of calls between services, once, and of no TCP', async () => {
    const cluster = await running({ mesh: 'waypoint' });
    cluster.advance(20);
    const pages = await pagesOf(cluster);
    const samples = readSamples(pages.get('waypoint')!);
    await cluster.stop();
    assert.deepEqual([...new Set(samples.map(({ labels }) => labels['reporter']))], ['waypoint']);
    const requests = (source: string, destination: string): number =>
      total(samples, 'istio_requests_total', {
        source_workload: source,
        destination_workload: destination,
      });
    const searches = requests('frontend', 'search');
    assert.ok(searches > 2000, String(searches));
    // Every search asks geo and rate once; those under way at the end are between the two.
    assert.ok(Math.abs(requests('search', 'geo') / searches - 1) < 0.02);
    assert.equal(requests('geo', 'search'), 0);
    assert.deepEqual(pick(samples, 'istio_tcp_sent_bytes_total'), []);
    assert.deepEqual(
      samples.filter(({ labels }) => labels['destination_workload']?.startsWith('mem') === true),
      [],
    );
    const [row] = pick(samples, 'istio_requests_total');
    assert.equal(Object.keys(row!.labels).length, 25);
    // There is no proxy in the Pods: nobody else has metrics of requests.
    assert.deepEqual(
      [...pages.keys()].filter((name) => !/^(kepler|node-exporter)-/.test(name)),
      ['waypoint'],
    );
  });

  test("the product's telemetry reads latency by workload from it", async () => {
    const cluster = await running({ mesh: 'waypoint' });
    const telemetry = telemetryOf(cluster);
    await telemetry.collect(cluster.now());
    const from = cluster.now();
    let completed = 0;
    for (let i = 0; i < 6; i++) {
      completed += cluster.advance(5).completed;
      await telemetry.collect(cluster.now());
    }
    const latency = await telemetry.latency({ from, to: cluster.now() });
    const profile = cluster
      .objects('pods')
      .find(({ metadata }) => metadata.labels?.['io.kompose.service'] === 'profile')!;
    const reading = latency.pods.get(`hotel-res/${profile.metadata.name!}`);
    assert.ok(reading !== undefined, [...latency.pods.keys()].join(', '));
    assert.ok(reading.requests.kind === 'measured', JSON.stringify(reading));
    // Searches and recommendations ask for profiles: 99 % of the requests.
    assert.ok(Math.abs(reading.requests.value / (0.99 * completed) - 1) < 0.03);
    await telemetry.close();
    await cluster.stop();
  });
});

describe('promtool check metrics', () => {
  const promtool = '/usr/bin/promtool';
  const skip = existsSync(promtool) ? false : 'promtool is not installed';

  /** What promtool says of a page; it must be able to read it. */
  function check(text: string): string[] {
    const { status, stderr, stdout } = spawnSync(promtool, ['check', 'metrics'], { input: text });
    assert.ok(status === 0 || status === 3, stderr.toString());
    return `${stdout.toString()}${stderr.toString()}`.trim().split('\n').filter(Boolean);
  }

  /** What the real products' own names break: style, not format. */
  const OF_THE_PRODUCTS: Readonly<Record<string, readonly string[]>> = {
    'node-exporter': [
      "node_memory_MemAvailable_bytes metric names should be written in 'snake_case' not 'camelCase'",
      "node_memory_MemTotal_bytes metric names should be written in 'snake_case' not 'camelCase'",
    ],
    istio: [
      'istio_request_duration_milliseconds use base unit "seconds" instead of "milliseconds"',
    ],
    KeplerNew: [],
    KeplerOld: [
      'kepler_node_info counter metrics should have "_total" suffix',
      'kepler_container_bpf_cpu_time_ms_total metric names should not contain abbreviated units',
    ],
  };

  function kindOf(page: string, meter: string): readonly string[] {
    if (page.startsWith('kepler')) return OF_THE_PRODUCTS[meter]!;
    return OF_THE_PRODUCTS[page.startsWith('node-exporter') ? 'node-exporter' : 'istio']!;
  }

  for (const meter of ['KeplerNew', 'KeplerOld'] as const) {
    for (const mesh of MESH_KINDS) {
      test(`every page of ${meter} with the mesh ${mesh}`, { skip }, async () => {
        const cluster = await running({ meter, mesh });
        const pages = await pagesOf(cluster);
        await cluster.stop();
        assert.ok(pages.size >= 6);
        if (mesh === 'sidecar') assert.equal(pages.size, 6 + 19);
        const found = new Set<string>();
        for (const [name, page] of pages) {
          const known = kindOf(name, meter);
          for (const warning of check(page)) {
            assert.ok(known.includes(warning), `${name}: ${warning}`);
            found.add(warning);
          }
        }
        // What the real names break is there, too: a page without them would not be theirs.
        const { 'node-exporter': nodes, istio } = OF_THE_PRODUCTS;
        const all = [...nodes!, ...(mesh === 'none' ? [] : istio!), ...OF_THE_PRODUCTS[meter]!];
        assert.deepEqual([...found].sort(), all.sort());
      });
    }
  }

  test('TCP alone, and a meter without Pods, are clean', { skip }, async () => {
    const cluster = await running({});
    const pages = await pagesOf(cluster);
    await cluster.stop();
    assert.deepEqual(check(pages.get('memcached-profile')!), []);
    assert.deepEqual(check(pages.get('kepler-master')!), []);
  });
});

function telemetryOf(cluster: EmbeddedCluster): ScrapeTelemetry {
  const listed = (): ListedPod[] =>
    cluster.objects('pods').map(({ metadata, spec }) => ({
      uid: metadata.uid!,
      namespace: metadata.namespace!,
      name: metadata.name!,
      nodeName: spec?.['nodeName'] as string | undefined,
      labels: metadata.labels ?? {},
      owner: metadata.ownerReferences?.[0],
      readyAt: 1,
    }));
  return createScrapeTelemetry({
    targets: () => targetsOf(cluster),
    directory: () => createPodDirectory(listed),
  });
}

/** Dynamic package joules of all containers of each Pod. */
async function dynamicJoules(cluster: EmbeddedCluster): Promise<Map<string, number>> {
  const sums = new Map<string, number>();
  for (const [name, page] of await pagesOf(cluster)) {
    if (!name.startsWith('kepler')) continue;
    const samples: Sample[] = readSamples(page);
    for (const { labels, value } of pick(samples, 'kepler_container_package_joules_total', {
      mode: 'dynamic',
    })) {
      const pod = labels['pod_name']!;
      sums.set(pod, (sums.get(pod) ?? 0) + value);
    }
  }
  return sums;
}

function add(
  sums: Readonly<Record<string, number>>,
  name: string,
  value: number,
): Record<string, number> {
  return { ...sums, [name]: (sums[name] ?? 0) + value };
}
