// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Reading } from '#telemetry/reading/reading.ts';
import type { ScrapeTarget } from '#telemetry/scrape/target.ts';
import { createSources } from '#telemetry/sources/sources.ts';
import type { Selection, Vector } from '#telemetry/series/selection.ts';
import type { VectorSource } from '#telemetry/series/vector-source.ts';
import { createFed, KEPLER, sidecar } from '../support.ts';

/*
 * Counts that were lost inside the window, or at one end of it. What is left is a number like any
 * other: less than was used, or the whole past of a process. Both are guesses.
 */

const window = { from: 100_000, to: 160_000 };
const TIMES = [100, 115, 130, 145, 160];

function reason(reading: Reading | undefined): string {
  assert.ok(reading?.kind === 'missing', JSON.stringify(reading));
  return reading.reason;
}

function value(reading: Reading | undefined): number {
  assert.ok(reading?.kind === 'measured', JSON.stringify(reading));
  return reading.value;
}

/** A node of 100 W and its Pods. */
function kepler(joules: Readonly<Record<string, number>>): string {
  const lines = Object.entries(joules).map(
    ([pod, much]) =>
      `kepler_pod_cpu_joules_total{node_name="n1",pod_id="${pod}",state="running",zone="package"} ${much}`,
  );
  return [
    'kepler_node_cpu_watts{node_name="n1",path="/sys/intel-rapl:0",zone="package"} 100',
    ...lines,
    '',
  ].join('\n');
}

describe('a meter that restarts inside the window', () => {
  /** Old Pods of the system, and one that is a minute old: 10 W each. The meter restarts at 110 s. */
  const fed = () => {
    const { sources, feed } = createFed();
    const since = (start: number, time: number): number => 10 * (time - start);
    for (const time of TIMES) {
      const began = time < 110 ? -100_000 : 110;
      feed(
        KEPLER,
        time,
        kepler({
          proxy: since(began, time),
          dns: since(began, time),
          young: since(Math.max(60, began), time),
          ...(time > 110 ? { youngest: since(110, time) } : {}),
        }),
      );
    }
    return sources;
  };

  test('what it counted since is not what a Pod took', async () => {
    const { podJoules, nodeWatts } = await fed().power(window);
    assert.equal(reason(podJoules.get('proxy')), 'absent');
    assert.equal(value(nodeWatts.get('n1')), 100);
  });

  test('nor is it of a Pod whose counter was overtaken again before the end', async () => {
    const { podJoules, attributedJoules } = await fed().power(window);
    assert.equal(reason(podJoules.get('young')), 'absent');
    assert.equal(reason(podJoules.get('youngest')), 'absent');
    assert.equal(reason(attributedJoules.get('n1')), 'absent');
  });

  test('one Pod that fell alone crashed, and its neighbours are measured', async () => {
    const { sources, feed } = createFed();
    for (const time of TIMES) {
      const crashed = time < 130 ? 500 : time - 130;
      feed(KEPLER, time, kepler({ a: 10 * time, b: 20 * time, crashed }));
    }
    const { podJoules, attributedJoules } = await sources.power(window);
    assert.equal(reason(podJoules.get('crashed')), 'absent');
    assert.equal(value(podJoules.get('a')), 600);
    assert.equal(value(attributedJoules.get('n1')), 1800);
  });
});

test('a meter that showed its node and no Pod at all does not say that all began at 0', async () => {
  const { sources, feed } = createFed();
  for (const time of TIMES) feed(KEPLER, time, kepler(time < 110 ? {} : { p1: 9000 + 10 * time }));
  const { podJoules, attributedJoules } = await sources.power(window);
  assert.equal(reason(podJoules.get('p1')), 'absent');
  assert.equal(reason(attributedJoules.get('n1')), 'absent');
});

const COMMON =
  'reporter="destination",source_workload="web",source_workload_namespace="shop",destination_workload="geo",destination_workload_namespace="shop",grpc_response_status=""';

/** What a sidecar has served, all of it in at most 5 ms but `slow`. */
function istio(served: number, slow = 0): string {
  const bucket = (le: string, count: number): string =>
    `istio_request_duration_milliseconds_bucket{${COMMON},response_code="200",le="${le}"} ${count}`;
  return [
    `istio_requests_total{${COMMON},response_code="200"} ${served}`,
    bucket('5', served - slow),
    bucket('1000', served),
    bucket('+Inf', served),
    '',
  ].join('\n');
}

describe('a proxy', () => {
  test('that restarts inside the window: what it counted since is not what it served', async () => {
    const { sources, feed } = createFed();
    for (const time of TIMES)
      feed(sidecar('a'), time, istio(10 * (time < 110 ? time : time - 110)));
    const { pods } = await sources.latency(window);
    assert.equal(reason(pods.get('shop/a')?.requests), 'absent');
    assert.equal(reason(pods.get('shop/a')?.p99Milliseconds), 'absent');
  });

  test('that forgets an idle client: its sum falls, and its past is not this window', async () => {
    const { sources, feed } = createFed();
    for (const time of TIMES) {
      const client = (id: string, count: number): string =>
        `response_total{direction="inbound",client_id="${id}",classification="success"} ${count}\n`;
      const idle = time < 130 ? client('idle', 1_000_000) : '';
      feed(sidecar('a'), time, idle + client('busy', 500_000 + 10 * time));
    }
    const { pods } = await sources.latency(window);
    assert.equal(reason(pods.get('shop/a')?.requests), 'absent');
  });

  test('whose agent answers without it at the start: its past is not this window', async () => {
    const { sources, feed } = createFed();
    // The agent of a sidecar answers 200 with its own page where Envoy does not answer it.
    feed(sidecar('a'), 85, istio(100_000));
    for (const time of TIMES)
      feed(sidecar('a'), time, time < 110 ? '' : istio(100_000 + 10 * time));
    const { pods } = await sources.latency(window);
    assert.equal(reason(pods.get('shop/a')?.requests), 'absent');
  });

  test('that showed its durations at the end only: those of its past are not of this window', async () => {
    const { sources, feed } = createFed();
    for (const time of TIMES) {
      const page = istio(10 * time, 500);
      feed(sidecar('a'), time, time < 110 ? `${page.split('\n')[0]!}\n` : page);
    }
    const { pods } = await sources.latency(window);
    assert.equal(value(pods.get('shop/a')?.requests), 600);
    assert.equal(reason(pods.get('shop/a')?.p99Milliseconds), 'absent');
  });
});

describe('two servers behind one address, one of which has no past', () => {
  /** It answers what `isEmpty` says, with nothing. */
  function halved(real: VectorSource, isEmpty: (selection: Selection, time: number) => boolean) {
    const or = (selection: Selection, time: number, ask: () => Promise<Vector>) =>
      isEmpty(selection, time) ? Promise.resolve([]) : ask();
    const source: VectorSource = {
      value: (s, time) => or(s, time, () => real.value(s, time)),
      sampledAt: (s, time) => or(s, time, () => real.sampledAt(s, time)),
      sum: (s, over) => real.sum(s, over),
      count: (s, over) => real.count(s, over),
      least: (s, over) => real.least(s, over),
      present: (s, time) => real.present(s, time),
    };
    return createSources(source, { meter: 'KeplerNew', mesh: 'IstioSidecar' });
  }

  test('requests that only the other one knew are not of this window', async () => {
    const { store, feed } = createFed();
    for (const time of TIMES) feed(sidecar('a'), time, istio(100_000 + 10 * time));
    for (const asked of ['requests', 'requestsNewest']) {
      const sources = halved(
        store,
        ({ name }, time) => name === `IstioSidecar.${asked}` && time === window.from,
      );
      const { pods } = await sources.latency(window);
      assert.equal(reason(pods.get('shop/a')?.requests), 'absent', asked);
    }
    const late = halved(
      store,
      ({ name }, time) => name === 'IstioSidecar.requests' && time === window.to,
    );
    // No requests would be a load of 0, which is another thing than a load that is not known.
    assert.equal(reason((await late.latency(window)).pods.get('shop/a')?.requests), 'absent');
  });
});

test('processor seconds that fell tell nothing of this window', async () => {
  const exporter: ScrapeTarget = {
    url: 'http://10.0.0.3:9100/metrics',
    labels: { node: 'n1' },
    kind: 'node-exporter',
  };
  const { sources, feed, feedAs } = createFed();
  for (const time of TIMES) {
    // Idle for days, then busy, then one of its processors is taken away.
    const cpu = (id: string): string =>
      `node_cpu_seconds_total{cpu="${id}",mode="idle"} 900000\nnode_cpu_seconds_total{cpu="${id}",mode="user"} ${time}\n`;
    feed(exporter, time, time < 130 ? cpu('0') + cpu('1') : cpu('0'));
    const used = time < 110 ? 5000 + time : time - 110;
    const page = `container_cpu_usage_seconds_total{id="/"} ${used}\nmachine_cpu_cores 1\n`;
    feedAs('kubelet', 'n2', time, page);
  }
  const loads = await sources.load(window);
  assert.equal(reason(loads.get('n1')?.cpuRatio), 'absent');
  assert.equal(reason(loads.get('n2')?.cpuRatio), 'absent');
});
