// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Reading } from '#telemetry/reading/reading.ts';
import type { ScrapeTarget } from '#telemetry/scrape/target.ts';
import { createFed, KEPLER } from '../support.ts';

const window = { from: 100_000, to: 160_000 };
const EXPORTER: ScrapeTarget = {
  url: 'http://10.0.0.1:9100/metrics',
  labels: {},
  kind: 'node-exporter',
};

function exporter(idle: number, busy: number, available: number | string = 25): string {
  return [
    `node_cpu_seconds_total{cpu="0",mode="idle"} ${idle / 2}`,
    `node_cpu_seconds_total{cpu="1",mode="idle"} ${idle / 2}`,
    `node_cpu_seconds_total{cpu="0",mode="user"} ${busy}`,
    'node_cpu_seconds_total{cpu="1",mode="user"} 0',
    `node_memory_MemAvailable_bytes ${available}`,
    'node_memory_MemTotal_bytes 100',
    'node_uname_info{nodename="worker-a",release="6"} 1',
    '',
  ].join('\n');
}

const usage = (ratio: number | string): string =>
  `kepler_node_cpu_usage_ratio{node_name="worker-a"} ${ratio}\n`;

function value(reading: Reading | undefined): number {
  assert.ok(reading?.kind === 'measured', JSON.stringify(reading));
  return Math.round(reading.value * 1e9) / 1e9;
}

function reason(reading: Reading | undefined): string {
  assert.ok(reading?.kind === 'missing', JSON.stringify(reading));
  return reading.reason;
}

test('node-exporter tells CPU and memory, under the host name of the node', async () => {
  const { sources, feed } = createFed();
  feed(EXPORTER, 100, exporter(1000, 500, 50));
  feed(EXPORTER, 130, exporter(1050, 510, 50));
  feed(EXPORTER, 160, exporter(1090, 530, 30));
  const loads = await sources.load(window);
  assert.deepEqual([...loads.keys()], ['worker-a']);
  assert.equal(value(loads.get('worker-a')?.cpuRatio), 0.25);
  assert.equal(value(loads.get('worker-a')?.memoryRatio), 0.6);
});

test('a node label of the target wins over the host name', async () => {
  const { sources, feed } = createFed();
  const target = { ...EXPORTER, labels: { node: 'n1' } };
  for (const time of [100, 130, 160]) feed(target, time, exporter(time, time));
  assert.deepEqual([...(await sources.load(window)).keys()], ['n1']);
});

test('with Kepler alone CPU is its usage ratio and memory is absent, not 0', async () => {
  const { sources, feed } = createFed();
  for (const [time, ratio] of [
    [130, 0.5],
    [160, 0.7],
  ] as const) {
    feed(KEPLER, time, usage(ratio));
  }
  const load = (await sources.load(window)).get('worker-a');
  assert.equal(value(load?.cpuRatio), 0.6);
  assert.equal(reason(load?.memoryRatio), 'absent');
});

test('node-exporter goes before Kepler, and Kepler stands in where it is silent', async () => {
  const { sources, feed } = createFed();
  for (const time of [100, 130, 160]) feed(KEPLER, time, usage(0.9));
  feed(EXPORTER, 130, exporter(10, 10));
  feed(EXPORTER, 160, exporter(20, 20));
  const silent = (await sources.load(window)).get('worker-a');
  assert.equal(value(silent?.cpuRatio), 0.9);
  assert.equal(value(silent?.memoryRatio), 0.75);
  const later = await sources.load({ from: 130_000, to: 160_000 });
  assert.equal(value(later.get('worker-a')?.cpuRatio), 0.5);
});

test('a restart of the machine tells no load, and no negative one', async () => {
  const { sources, feed } = createFed();
  feed(EXPORTER, 100, exporter(1000, 500));
  feed(EXPORTER, 160, exporter(30, 10));
  const load = (await sources.load(window)).get('worker-a');
  assert.equal(reason(load?.cpuRatio), 'absent');
});

test('NaN, absurd, stale and too few are told apart', async () => {
  const cases: [string | number, number[], string][] = [
    ['NaN', [130, 160], 'not-a-number'],
    [1.5, [130, 160], 'absurd'],
    [-0.5, [130, 160], 'absurd'],
    [0.5, [160], 'too-few-samples'],
    [0.5, [101, 102], 'stale'],
  ];
  for (const [ratio, times, expected] of cases) {
    const { sources, feed } = createFed({ staleAfterSeconds: 20 });
    for (const time of times) feed(KEPLER, time, usage(ratio));
    assert.equal(reason((await sources.load(window)).get('worker-a')?.cpuRatio), expected);
  }
});

test('a ratio beyond 1 by rounding is 1', async () => {
  const { sources, feed } = createFed();
  for (const time of [130, 160]) feed(KEPLER, time, usage(1.0000001));
  assert.equal(value((await sources.load(window)).get('worker-a')?.cpuRatio), 1);
});

test('a node that waits for its disks is not busy, as with the other sources', async () => {
  const { sources, feed } = createFed();
  const page = (seconds: number): string =>
    [
      `node_cpu_seconds_total{cpu="0",mode="idle"} ${0.1 * seconds}`,
      `node_cpu_seconds_total{cpu="0",mode="iowait"} ${0.7 * seconds}`,
      `node_cpu_seconds_total{cpu="0",mode="user"} ${0.2 * seconds}`,
      'node_uname_info{nodename="worker-a",release="6"} 1',
      '',
    ].join('\n');
  for (const time of [100, 160]) feed(EXPORTER, time, page(time));
  assert.equal(value((await sources.load(window)).get('worker-a')?.cpuRatio), 0.2);
});
