// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type NodeUsage, readNodeMetrics } from '#telemetry/load/usage.ts';
import type { Reading } from '#telemetry/reading/reading.ts';
import type { ScrapeTarget } from '#telemetry/scrape/target.ts';
import { cadvisorPage, keplerNewPage, TRUTH } from '../samples.ts';
import { createFed, KEPLER } from '../support.ts';

const window = { from: 100_000, to: 160_000 };
const TIMES = [100, 130, 160];
const NODE = TRUTH.node;

/** The list as metrics-server gives it. */
const LIST = {
  kind: 'NodeMetricsList',
  apiVersion: 'metrics.k8s.io/v1beta1',
  items: [
    {
      metadata: { name: NODE },
      timestamp: '1970-01-01T00:02:35Z',
      window: '20.057s',
      usage: { cpu: '1487558164n', memory: '4194304Ki' },
    },
  ],
};
const capacity = () => ({ cores: 4, bytes: 16 * 2 ** 30 });

function value(reading: Reading | undefined): number {
  assert.ok(reading?.kind === 'measured', JSON.stringify(reading));
  return reading.value;
}

function reason(reading: Reading | undefined): string {
  assert.ok(reading?.kind === 'missing', JSON.stringify(reading));
  return reading.reason;
}

test('a list of metrics.k8s.io is read, quantities and durations with it', () => {
  assert.deepEqual(readNodeMetrics(LIST, capacity), [
    {
      node: NODE,
      cpuCores: 1.4875581640000001,
      memoryBytes: 4 * 2 ** 30,
      capacityCores: 4,
      capacityBytes: 16 * 2 ** 30,
      measuredAt: 155_000,
      windowSeconds: 20.057,
    },
  ]);
});

test('half an item is no item, and what is no quantity is not 0', () => {
  const item = LIST.items[0]!;
  for (const bad of [
    { ...item, usage: { cpu: '1' } },
    { ...item, usage: { cpu: 'much', memory: '1Ki' } },
    { ...item, usage: { cpu: '1', memory: '1Zi' } },
    { ...item, usage: { cpu: '1', memory: '-1' } },
    { ...item, timestamp: 'yesterday' },
    { ...item, metadata: {} },
    null,
  ]) {
    assert.deepEqual(readNodeMetrics({ items: [bad] }, capacity), []);
  }
  for (const list of [undefined, null, 'x', {}, { items: 'x' }]) {
    assert.deepEqual(readNodeMetrics(list, capacity), []);
  }
});

describe('load comes from the first that tells', () => {
  const exporter: ScrapeTarget = {
    url: 'http://10.0.0.3:9100/metrics',
    labels: { node: NODE },
    kind: 'node-exporter',
  };
  const exporterPage = (seconds: number): string =>
    `node_cpu_seconds_total{cpu="0",mode="idle"} ${seconds * 0.2}\nnode_cpu_seconds_total{cpu="0",mode="user"} ${seconds * 0.8}\nnode_memory_MemAvailable_bytes 2e9\nnode_memory_MemTotal_bytes 8e9\n`;
  const usage = () => Promise.resolve(readNodeMetrics(LIST, capacity));
  const server = 1.487558164 / 4;

  const cases: [string, boolean, boolean, boolean, number, number | string][] = [
    ['node-exporter before all', true, true, true, 0.8, 0.75],
    ['cAdvisor before the API server', false, true, true, 0.625, 0.375],
    ['the API server before Kepler', false, false, true, server, 0.25],
    ['Kepler last, for CPU alone', false, false, false, 0.625, 'absent'],
  ];
  for (const [name, withExporter, withCadvisor, withServer, cpu, memory] of cases) {
    test(name, async () => {
      const { sources, feed, feedAs } = createFed(withServer ? { nodeUsage: usage } : {});
      for (const time of TIMES) {
        feed(KEPLER, time, keplerNewPage(time));
        if (withExporter) feed(exporter, time, exporterPage(time));
        if (withCadvisor) feedAs('cadvisor', `${NODE}:10250`, time, cadvisorPage(time));
      }
      const load = (await sources.load(window)).get(NODE);
      assert.ok(Math.abs(value(load?.cpuRatio) - cpu) < 1e-6, JSON.stringify(load?.cpuRatio));
      if (typeof memory === 'string') assert.equal(reason(load?.memoryRatio), memory);
      else assert.ok(Math.abs(value(load?.memoryRatio) - memory) < 1e-6);
    });
  }

  test('the API server knows the present only: of another time it says nothing', async () => {
    const { sources } = createFed({ nodeUsage: usage });
    const then = await sources.load({ from: 400_000, to: 460_000 });
    assert.equal(reason(then.get(NODE)?.cpuRatio), 'stale');
  });

  test('a node whose size nobody knows has no ratio', async () => {
    const { sources } = createFed({
      nodeUsage: () => Promise.resolve(readNodeMetrics(LIST, () => undefined)),
    });
    assert.equal(reason((await sources.load(window)).get(NODE)?.cpuRatio), 'not-a-number');
  });

  test('an API server that does not answer is a warning, and the rest goes on', async () => {
    const warnings: string[] = [];
    const { sources, feed } = createFed({
      nodeUsage: () => Promise.reject<readonly NodeUsage[]>(new Error('404')),
      onWarning: (message) => warnings.push(message),
    });
    for (const time of TIMES) feed(KEPLER, time, keplerNewPage(time));
    assert.equal(value((await sources.load(window)).get(NODE)?.cpuRatio), 0.625);
    assert.deepEqual(warnings, ['node usage: 404']);
  });
});
