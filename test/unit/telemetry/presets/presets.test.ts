// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createPodDirectory } from '#telemetry/reading/pod-directory.ts';
import type { Measured, Reading } from '#telemetry/reading/reading.ts';
import type { ScrapeTarget } from '#telemetry/scrape/target.ts';
import type { SourcesOptions } from '#telemetry/sources/sources.ts';
import {
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
} from '../samples.ts';
import { createFed, KEPLER } from '../support.ts';

const window = { from: 100_000, to: 160_000 };
const TIMES = [100, 115, 130, 145, 160];
const POD = 'hotel/geo-6d5f7c9b8-abcde';
const directory = (): ReturnType<typeof createPodDirectory> => createPodDirectory(() => LISTED);

function measured(reading: Reading | undefined): Measured {
  assert.ok(reading?.kind === 'measured', JSON.stringify(reading));
  return reading;
}

function near(actual: number, expected: number, share = 1e-9): void {
  assert.ok(Math.abs(actual - expected) <= share * expected, `${actual} is not ${expected}`);
}

function fed(
  target: ScrapeTarget,
  page: (seconds: number) => string,
  options: SourcesOptions = {},
) {
  const made = createFed({ directory, ...options });
  for (const time of TIMES) made.feed(target, time, page(time));
  return made;
}

function target(pod: string, namespace: string, kind: ScrapeTarget['kind']): ScrapeTarget {
  return { url: 'http://10.0.1.1:1/metrics', labels: { namespace, pod, node: TRUTH.node }, kind };
}

describe('meters', () => {
  const scaphandre = {
    ...target('scaphandre-x', 'monitoring', 'kepler'),
    labels: { namespace: 'monitoring', pod: 'scaphandre-x' },
  };
  const meters: [string, ScrapeTarget, (seconds: number) => string][] = [
    ['KeplerNew', KEPLER, keplerNewPage],
    ['KeplerOld', KEPLER, (seconds) => keplerOldPage(seconds)],
    ['Scaphandre', scaphandre, scaphandrePage],
  ];
  for (const [name, exporter, page] of meters) {
    for (const meter of ['Auto', name] as const) {
      test(`${name} tells node watts and Pod joules (${meter})`, async () => {
        const { sources } = fed(exporter, page, { meter });
        const power = await sources.power(window);
        assert.equal(power.meter, name);
        near(measured(power.nodeWatts.get(TRUTH.node)).value, TRUTH.nodeWatts);
        near(measured(power.podJoules.get(POD_UID)).value, TRUTH.podWatts * 60);
        near(measured(power.attributedJoules.get(TRUTH.node)).value, TRUTH.podWatts * 60);
        assert.deepEqual([...power.podJoules.keys()], [POD_UID]);
      });
    }
    test(`${name} is not read when another is asked for`, async () => {
      const other = name === 'KeplerNew' ? 'KeplerOld' : 'KeplerNew';
      const { nodeWatts } = await fed(exporter, page, { meter: other }).sources.power(window);
      assert.equal(nodeWatts.get(TRUTH.node)?.kind, undefined);
    });
  }

  test('both generations of Kepler at once: the newer is read, and a warning says so', async () => {
    const warnings: string[] = [];
    const made = fed(KEPLER, keplerNewPage, { onWarning: (message) => warnings.push(message) });
    const old = { ...KEPLER, url: 'http://10.0.0.2:9102/metrics' };
    for (const time of TIMES) made.feed(old, time, keplerOldPage(time));
    const power = await made.sources.power(window);
    assert.equal(power.meter, 'KeplerNew');
    assert.deepEqual(warnings, [
      'several meters are there, the first is read: KeplerNew, KeplerOld',
    ]);
  });

  test('up but no node watts is absent, not 0 W', async () => {
    const page = (): string =>
      'kepler_build_info{version="v0.11.4"} 1\nkepler_node_cpu_info{processor="0"} 1\n';
    const power = await fed(KEPLER, page).sources.power(window);
    assert.equal(power.meter, 'KeplerNew');
    assert.deepEqual([power.nodeWatts.size, power.podJoules.size], [0, 0]);
  });

  test('old Kepler: without a directory Pods are absent, nodes are not', async () => {
    const made = fed(KEPLER, (seconds) => keplerOldPage(seconds), { directory: undefined });
    const power = await made.sources.power(window);
    near(measured(power.nodeWatts.get(TRUTH.node)).value, TRUTH.nodeWatts);
    assert.equal(power.podJoules.size, 0);
  });

  test('old Kepler: a trained model is modelled, in nodes and Pods', async () => {
    const made = fed(KEPLER, (seconds) => keplerOldPage(seconds, 'trained_power_model'));
    const power = await made.sources.power(window);
    assert.equal(measured(power.nodeWatts.get(TRUTH.node)).quality, 'modelled');
    assert.equal(measured(power.podJoules.get(POD_UID)).quality, 'modelled');
  });

  test('old Kepler: a container that lingers after its end adds nothing and resets nothing', async () => {
    const page = (seconds: number): string => {
      const dead = `kepler_container_package_joules_total{container_id="dead",container_namespace="hotel",mode="dynamic",pod_name="geo-6d5f7c9b8-abcde",source="rapl-sysfs"} 9000\n`;
      return keplerOldPage(seconds) + (seconds < 150 ? dead : '');
    };
    const power = await fed(KEPLER, page).sources.power(window);
    near(measured(power.podJoules.get(POD_UID)).value, TRUTH.podWatts * 60);
  });

  test('old Kepler: one that restarted tells no node watts, rather than too few', async () => {
    const page = (seconds: number): string =>
      keplerOldPage(seconds < 130 ? seconds + 9000 : seconds);
    const power = await fed(KEPLER, page).sources.power(window);
    const watts = power.nodeWatts.get(TRUTH.node);
    assert.ok(watts?.kind === 'missing' && watts.reason === 'absent', JSON.stringify(watts));
  });

  test('old Kepler: the zone is part of the name, and zones are not added up', async () => {
    const made = fed(KEPLER, (seconds) => keplerOldPage(seconds), {
      meter: 'KeplerOld',
      zone: 'dram',
    });
    near(measured((await made.sources.power(window)).nodeWatts.get(TRUTH.node)).value, 12);
  });

  test('Scaphandre: a process that lived for half of the scrapes counts for half', async () => {
    const page = (seconds: number): string =>
      seconds < 130 ? scaphandrePage().replace(/^.*pid="1".*\n/m, '') : scaphandrePage();
    const { podJoules } = await fed(scaphandre, page).sources.power(window);
    // 12.5 W in all four scrapes of the window, 40 W in three of them.
    near(measured(podJoules.get(POD_UID)).value, (12.5 + (40 * 3) / 4) * 60);
  });
});

describe('meshes', () => {
  const pod = target('geo-6d5f7c9b8-abcde', 'hotel', 'istio');
  const waypoint = target('waypoint-1', 'hotel', 'istio');
  const meshes: [string, ScrapeTarget, (seconds: number) => string][] = [
    ['IstioSidecar', pod, (seconds) => istioPage(seconds, 'destination')],
    ['IstioAmbient', waypoint, (seconds) => istioPage(seconds, 'waypoint')],
    ['Linkerd', pod, linkerdPage],
    ['OpenTelemetry', pod, openTelemetryPage],
    ['Envoy', pod, envoyPage],
  ];
  for (const [name, exporter, page] of meshes) {
    for (const mesh of ['Auto', name] as const) {
      test(`${name} tells requests, errors and latency (${mesh})`, async () => {
        const { sources } = fed(exporter, page, { mesh });
        const latency = await sources.latency(window);
        assert.deepEqual(latency.meshes, [name]);
        const reading = latency.pods.get(POD);
        near(measured(reading?.requests).value, TRUTH.requestsPerSecond * 60);
        near(measured(reading?.errorRatio).value, TRUTH.failedShare, 1e-6);
        near(measured(reading?.p50Milliseconds).value, TRUTH.p50Milliseconds);
        near(measured(reading?.p99Milliseconds).value, TRUTH.p99Milliseconds);
      });
    }
  }

  test('a waypoint tells of workloads: its readings say so and are shared by the Pods', async () => {
    const replicas = [
      ...LISTED,
      { ...LISTED[0], uid: 'other', name: 'geo-6d5f7c9b8-fghij' },
      { ...LISTED[0], uid: 'starting', name: 'geo-6d5f7c9b8-klmno', readyAt: undefined },
    ];
    const { sources } = fed(waypoint, (seconds) => istioPage(seconds, 'waypoint'), {
      directory: () => createPodDirectory(() => replicas),
    });
    const { pods, workloads } = await sources.latency(window);
    assert.deepEqual([...pods.keys()].sort(), [POD, 'hotel/geo-6d5f7c9b8-fghij']);
    assert.equal(pods.get(POD)?.scope, 'workload');
    near(measured(pods.get(POD)?.requests).value, TRUTH.requestsPerSecond * 30);
    near(measured(pods.get(POD)?.p99Milliseconds).value, TRUTH.p99Milliseconds);
    near(measured(workloads?.get('hotel/geo')?.requests).value, TRUTH.requestsPerSecond * 60);
  });

  test('two waypoints are added up, and one that is missing makes all missing', async () => {
    const second = { ...target('waypoint-2', 'hotel', 'istio'), url: 'http://10.0.1.2:1/metrics' };
    const made = fed(waypoint, (seconds) => istioPage(seconds, 'waypoint'));
    for (const time of TIMES) made.feed(second, time, istioPage(time, 'waypoint'));
    const both = (await made.sources.latency(window)).workloads?.get('hotel/geo');
    near(measured(both?.requests).value, 2 * TRUTH.requestsPerSecond * 60);
    near(measured(both?.p99Milliseconds).value, TRUTH.p99Milliseconds);
    made.store.retain([waypoint], 150_000);
    const one = (await made.sources.latency(window)).workloads?.get('hotel/geo');
    assert.equal(one?.requests.kind, 'missing');
  });

  test('ztunnel alone: connections, no latency and no requests', async () => {
    const ztunnel = target('ztunnel-q', 'istio-system', 'istio');
    const { sources } = fed(ztunnel, (seconds) => ztunnelPage(seconds, 'geo'));
    const latency = await sources.latency(window);
    assert.equal(latency.pods.size, 0);
    assert.deepEqual(latency.tcpOnly?.get(POD), { workload: 'geo', seenBy: 'ztunnel' });
  });

  test('a database behind a sidecar is known by its connections alone, and is an edge', async () => {
    const made = fed(pod, (seconds) => istioPage(seconds, 'destination'));
    const database = { ...target('mongodb-0', 'hotel', 'istio'), url: 'http://10.0.1.9:1/metrics' };
    for (const time of TIMES) made.feed(database, time, tcpPage(time));
    const { pods, tcpOnly, edges } = await made.sources.latency(window);
    assert.equal(pods.has('hotel/mongodb-0'), false);
    assert.deepEqual(
      [...(tcpOnly ?? [])],
      [['hotel/mongodb-0', { workload: 'mongodb', seenBy: 'sidecar' }]],
    );
    assert.ok(edges.some((edge) => edge.source === 'geo' && edge.destination === 'mongodb'));
  });

  test('a Pod with requests and connections is not a database', async () => {
    const { sources } = fed(
      pod,
      (seconds) => istioPage(seconds, 'destination') + tcpPage(seconds, 'geo'),
    );
    const { pods, tcpOnly } = await sources.latency(window);
    assert.equal(pods.get(POD)?.requests.kind, 'measured');
    assert.equal(tcpOnly?.size, 0);
  });

  test('a Pod that a rollout took away is not missing; one that exists and is silent is', async () => {
    const { sources, feed, store } = createFed({ directory, mesh: 'IstioSidecar' });
    const gone = { ...target('geo-old', 'hotel', 'istio'), url: 'http://10.0.1.8:1/metrics' };
    for (const time of [70, 95]) {
      feed(gone, time, istioPage(time, 'destination'));
      feed(pod, time, istioPage(time, 'destination'));
    }
    store.retain([], 96_000);
    const { pods } = await sources.latency({ from: 95_000, to: 160_000 });
    assert.deepEqual([...pods.keys()], [POD]);
    assert.equal(pods.get(POD)?.requests.kind, 'missing');
  });

  test('sidecars and waypoints side by side: both are read, the sidecar counts for its Pod', async () => {
    const made = fed(pod, (seconds) => istioPage(seconds, 'destination'));
    const other = { ...waypoint, url: 'http://10.0.1.7:1/metrics' };
    for (const time of TIMES) made.feed(other, time, istioPage(time * 3, 'waypoint'));
    const { pods, meshes } = await made.sources.latency(window);
    assert.deepEqual(meshes, ['IstioSidecar', 'IstioAmbient']);
    assert.equal(pods.get(POD)?.scope, undefined);
    near(measured(pods.get(POD)?.requests).value, TRUTH.requestsPerSecond * 60);
  });
});
