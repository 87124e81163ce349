// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { ceilingOf } from '#cli/simulate/ceiling.ts';
import { hotelReservation } from '#simulator/application/applications.ts';
import type { ClusterOptions } from '#simulator/cluster/options.ts';
import { createCluster, type EmbeddedCluster } from '#simulator/cluster/cluster.ts';
import type { KubeObject } from '#simulator/kube/kube.ts';
import { MIXED_MACHINES, SEED_MACHINES } from '#simulator/machines/machines.ts';
import { dataPinned, splitPlacement, tierFirst } from '#simulator/application/placements.ts';
import { DEFAULT_OVERHEADS } from '#simulator/application/overheads.ts';
import { linearCurve } from '#simulator/machines/power-curve.ts';
import { pick, readSamples, total, type Sample } from '../exposition.ts';

const BASE = { application: hotelReservation, machines: SEED_MACHINES, seed: 1 };

async function started(options: Partial<ClusterOptions> = {}): Promise<EmbeddedCluster> {
  const cluster = createCluster({ ...BASE, ...options });
  await cluster.start();
  return cluster;
}

async function page(pod: KubeObject): Promise<string> {
  const annotations = pod.metadata.annotations!;
  const port = annotations['prometheus.io/port']!;
  const ip = String(pod.status!['podIP']);
  const response = await fetch(`http://${ip}:${port}${annotations['prometheus.io/path']!}`);
  assert.equal(response.status, 200);
  return response.text();
}

function podOf(cluster: EmbeddedCluster, service: string): KubeObject {
  return cluster
    .objects('pods')
    .find(
      ({ metadata }) =>
        metadata.labels?.['io.kompose.service'] === service &&
        metadata.deletionTimestamp === undefined,
    )!;
}

function exporterOf(cluster: EmbeddedCluster, daemonSet: string, node: string): KubeObject {
  return cluster.objects('pods').find(({ metadata }) => metadata.name === `${daemonSet}-${node}`)!;
}

describe('a deployed application', () => {
  let cluster: EmbeddedCluster;
  before(async () => {
    cluster = await started();
    await cluster.deployAll();
    cluster.advance(1);
  });
  after(() => cluster.stop());

  test('time starts where it is told and moves only by advance', () => {
    assert.equal(cluster.now(), Date.UTC(2026, 0, 1) + 1000);
    const { seconds } = cluster.advance(0.5);
    assert.equal(seconds, 0.5);
    assert.equal(cluster.now(), Date.UTC(2026, 0, 1) + 1500);
    assert.throws(() => cluster.advance(0), /seconds/);
  });

  test('Deployment owns ReplicaSet owns Pod; no Pod is on the master', () => {
    assert.equal(cluster.objects('deployments', 'apps').length, 19);
    assert.equal(cluster.objects('replicasets', 'apps').length, 19);
    const pod = podOf(cluster, 'frontend');
    const owner = pod.metadata.ownerReferences![0]!;
    const replicaSet = cluster
      .objects('replicasets', 'apps')
      .find(({ metadata }) => metadata.uid === owner.uid)!;
    assert.equal(replicaSet.metadata.ownerReferences![0]!.name, 'frontend');
    const hash = replicaSet.metadata.labels!['pod-template-hash'];
    assert.equal(pod.metadata.labels!['pod-template-hash'], hash);
    const nodes = new Set(Object.values(cluster.placement()).flat());
    assert.deepEqual([...nodes].sort(), ['worker-1', 'worker-2']);
    assert.equal(Object.keys(cluster.placement()).length, 19);
  });

  test('a restart replaces every Pod without losing requests of Pods that roll', async () => {
    const uids = new Set(cluster.objects('pods').map(({ metadata }) => metadata.uid));
    await cluster.restartAll({ order: ['frontend', 'search', 'geo', 'rate', 'profile'] });
    const during = cluster.placement()['frontend']!;
    assert.equal(during.length, 2);
    const { failed, completed } = cluster.advance(3);
    assert.equal(failed, 0);
    assert.ok(completed > 1000);
    assert.equal(cluster.placement()['frontend']!.length, 1);
    assert.ok(!uids.has(podOf(cluster, 'frontend').metadata.uid));
    assert.equal(cluster.objects('replicasets', 'apps').length, 19);
  });

  test('unknown names are refused', async () => {
    await assert.rejects(() => cluster.rollout('nobody'), /nobody/);
    assert.throws(() => cluster.setPins({ nobody: {} }), /nobody/);
    assert.throws(() => cluster.setNodeCurve('nowhere', linearCurve(1, 2)), /nowhere/);
  });
});

describe('exporters', () => {
  let cluster: EmbeddedCluster;
  const keplers = new Map<string, Sample[]>();
  let keplerPage = '';
  before(async () => {
    cluster = await started();
    await cluster.deployAll();
    cluster.advance(20);
    for (const { name } of SEED_MACHINES) {
      keplerPage = await page(exporterOf(cluster, 'kepler', name));
      keplers.set(name, readSamples(keplerPage));
    }
  });
  after(() => cluster.stop());

  test("Kepler's names, help, types and labels are those of its real output", () => {
    const fixture = new URL('../../../fixtures/kepler/kepler-metrics.txt', import.meta.url);
    const real = readFileSync(fixture, 'utf8').split('\n');
    const headers = keplerPage.split('\n').filter((line) => line.startsWith('#'));
    assert.ok(headers.length > 20);
    for (const header of headers) assert.ok(real.includes(header), header);
    const shapes = (lines: string[]): Map<string, string> => {
      const samples = readSamples(lines.join('\n'));
      return new Map(samples.map(({ name, labels }) => [name, Object.keys(labels).join(',')]));
    };
    const realShapes = shapes(real.filter((line) => line.startsWith('kepler_')));
    for (const [name, labels] of shapes(keplerPage.split('\n'))) {
      assert.equal(labels, realShapes.get(name), name);
    }
  });

  test('Kepler adds up: idle + active = total, Pods stay below active', () => {
    let exported = 0;
    for (const samples of keplers.values()) {
      const node = total(samples, 'kepler_node_cpu_joules_total');
      const active = total(samples, 'kepler_node_cpu_active_joules_total');
      const idle = total(samples, 'kepler_node_cpu_idle_joules_total');
      const pods = total(samples, 'kepler_pod_cpu_joules_total');
      assert.ok(Math.abs(active + idle - node) < 1e-5);
      assert.ok(pods < active);
      assert.ok(node > 20 * 40);
      exported += node;
    }
    assert.ok(exported > 0);
  });

  test('a Pod gets P(u) x cores/N, under its UID', () => {
    const pod = podOf(cluster, 'frontend');
    const node = String(pod.spec!['nodeName']);
    const samples = keplers.get(node)!;
    const [row] = pick(samples, 'kepler_pod_cpu_watts', { pod_id: pod.metadata.uid! });
    assert.equal(row!.labels['pod_name'], pod.metadata.name);
    assert.equal(row!.labels['pod_namespace'], 'hotel-res');
    const watts = total(samples, 'kepler_node_cpu_watts');
    const ratio = total(samples, 'kepler_node_cpu_usage_ratio');
    const active = total(samples, 'kepler_node_cpu_active_watts');
    assert.ok(Math.abs(watts * ratio - active) < 0.01 * active);
    // The frontend is about a third of the CPU of the whole: clearly more than nothing.
    assert.ok(row!.value > 1 && row!.value < active);
  });

  test('a terminated Pod shows once, with its last value', async () => {
    const pod = podOf(cluster, 'frontend');
    const node = String(pod.spec!['nodeName']);
    const uid = { pod_id: pod.metadata.uid! };
    await cluster.rollout('frontend');
    cluster.advance(3);
    const scrape = async () => readSamples(await page(exporterOf(cluster, 'kepler', node)));
    const rows = pick(await scrape(), 'kepler_pod_cpu_joules_total', uid);
    assert.deepEqual(
      rows.map(({ labels }) => labels['state']),
      ['terminated'],
    );
    assert.ok(rows[0]!.value >= 10);
    assert.deepEqual(pick(await scrape(), 'kepler_pod_cpu_joules_total', uid), []);
  });

  test('Istio counts every request at its destination, with the full label set', async () => {
    const fresh = await started({ load: { kind: 'open', requestsPerSecond: 200 } });
    await fresh.deployAll();
    fresh.advance(1);
    const { completed } = fresh.advance(10);
    const samples = readSamples(await page(podOf(fresh, 'frontend')));
    const inbound = { reporter: 'destination' };
    const served = total(samples, 'istio_requests_total', inbound);
    assert.ok(served >= completed && served - completed < 20, `${served} ${completed}`);
    const duration = 'istio_request_duration_milliseconds';
    assert.equal(total(samples, `${duration}_count`, inbound), served);
    assert.equal(total(samples, `${duration}_bucket`, { ...inbound, le: '+Inf' }), served);
    const buckets = pick(samples, `${duration}_bucket`, inbound).map(({ value }) => value);
    assert.equal(buckets.length, 20);
    assert.deepEqual(
      buckets,
      [...buckets].sort((a, b) => a - b),
    );
    const [row] = pick(samples, 'istio_requests_total', { ...inbound });
    assert.equal(row!.labels['source_workload'], 'unknown');
    assert.equal(row!.labels['destination_workload'], 'frontend');
    assert.equal(row!.labels['request_protocol'], 'http');
    assert.equal(Object.keys(row!.labels).length, 25);

    const search = readSamples(await page(podOf(fresh, 'search')));
    const [edge] = pick(search, 'istio_requests_total', inbound);
    assert.equal(edge!.labels['source_workload'], 'frontend');
    assert.equal(edge!.labels['grpc_response_status'], '0');
    const sent = total(search, 'istio_requests_total', {
      reporter: 'source',
      destination_workload: 'geo',
    });
    assert.ok(Math.abs(sent - edge!.value) < 10);

    const store = readSamples(await page(podOf(fresh, 'memcached-profile')));
    assert.deepEqual(pick(store, 'istio_requests_total'), []);
    assert.ok(total(store, 'istio_tcp_sent_bytes_total', inbound) > 0);
    assert.equal(Object.keys(pick(store, 'istio_tcp_sent_bytes_total')[0]!.labels).length, 23);
    await fresh.stop();
  });

  test('node-exporter: CPU time adds up to wall time, memory is plausible', async () => {
    const samples = readSamples(await page(exporterOf(cluster, 'node-exporter', 'worker-1')));
    const up = (cluster.now() - Date.UTC(2026, 0, 1)) / 1000;
    assert.ok(Math.abs(total(samples, 'node_cpu_seconds_total') - 8 * up) < 0.1);
    const memory = total(samples, 'node_memory_MemTotal_bytes');
    const available = total(samples, 'node_memory_MemAvailable_bytes');
    assert.ok(available > 0 && available < memory);
  });

  test('what is not there is 404', async () => {
    for (const path of ['/', '/nodes/none/kepler/metrics', '/pods/999/stats/prometheus']) {
      assert.equal((await fetch(`${cluster.exporterUrl}${path}`)).status, 404);
    }
  });
});

describe('energy and placement', () => {
  test('the energy of an interval is that of the exporters', async () => {
    const cluster = await started();
    await cluster.deployAll();
    cluster.advance(2);
    const read = async (): Promise<number> => {
      let joules = 0;
      for (const { name } of SEED_MACHINES) {
        const samples = readSamples(await page(exporterOf(cluster, 'kepler', name)));
        joules += total(samples, 'kepler_node_cpu_joules_total');
      }
      return joules;
    };
    const from = await read();
    const { joules, joulesPerRequest, completed, nodes } = cluster.advance(5);
    assert.ok(Math.abs((await read()) - from - joules) < 1e-4);
    assert.ok(Math.abs(joulesPerRequest! * completed - joules) < 1e-6);
    const sum = nodes.reduce((watts, node) => watts + node.watts * 5, 0);
    assert.ok(Math.abs(sum - joules) < 1e-6);
    await cluster.stop();
  });

  test('the same seed gives the same numbers, also through rollouts', async () => {
    const run = async (seed: number): Promise<unknown> => {
      const cluster = await started({ seed });
      await cluster.deployAll();
      const first = cluster.advance(3);
      await cluster.restartAll();
      const second = cluster.advance(3);
      const names = cluster.objects('pods').map(({ metadata }) => [metadata.name, metadata.uid]);
      const result = [first, second, cluster.placement(), names];
      await cluster.stop();
      return result;
    };
    assert.deepEqual(await run(5), await run(5));
    assert.notDeepEqual(await run(5), await run(6));
  });

  test('another power curve counts from then on', async () => {
    const cluster = await started();
    assert.ok(Math.abs(cluster.advance(1).nodes[1]!.watts - 44.05) < 0.1);
    cluster.setNodeCurve('worker-1', linearCurve(100, 200));
    assert.ok(Math.abs(cluster.advance(1).nodes[1]!.watts - 101.25) < 1e-6);
    await cluster.stop();
  });

  test('deployments saturate at the CPU ceiling of where their Pods stand', async () => {
    const split = splitPlacement(hotelReservation, 'worker-1', 'worker-2');
    const pins = dataPinned(hotelReservation, 'worker-1');
    const business = tierFirst(hotelReservation, 'business');
    const parts = {
      application: hotelReservation,
      machines: SEED_MACHINES,
      overheads: DEFAULT_OVERHEADS,
      cpuScale: 1,
    };
    for (const [seed, options] of [
      { pins: split },
      { pins, order: tierFirst(hotelReservation, 'data') },
      { pins, order: business },
      { pins: {} },
      { pins: {} },
    ].entries()) {
      const cluster = await started({ seed, load: { kind: 'closed', connections: 300 } });
      cluster.setPins(options.pins);
      await cluster.deployAll(options.order === undefined ? {} : { order: options.order });
      cluster.advance(2);
      const { throughput, failed } = cluster.advance(6);
      assert.equal(failed, 0);
      const pods = Object.entries(cluster.placement()).flatMap(([service, nodes]) =>
        nodes.map((node) => ({ service, node })),
      );
      const { requestsPerSecond } = ceilingOf(parts, pods);
      const ratio = throughput / requestsPerSecond;
      assert.ok(Math.abs(ratio - 1) < 0.03, `${throughput} against ${requestsPerSecond}`);
      await cluster.stop();
    }
  });

  test('machines differ in what a request costs', async () => {
    const cost = async (node: string): Promise<number> => {
      const cluster = await started({
        machines: MIXED_MACHINES,
        load: { kind: 'open', requestsPerSecond: 100 },
      });
      cluster.setPins(splitPlacement(hotelReservation, node, node));
      const idle = cluster.advance(2).joules / 2;
      await cluster.deployAll();
      cluster.advance(2);
      const { joules, completed } = cluster.advance(10);
      await cluster.stop();
      return (joules - idle * 10) / completed;
    };
    const [small, middle, large] = [await cost('tx1320'), await cost('r240'), await cost('r710')];
    assert.ok(large > 3 * Math.max(small, middle), `${small} ${middle} ${large}`);
  });
});
