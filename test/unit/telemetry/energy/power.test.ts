// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Measured, Missing, Reading } from '#telemetry/reading/reading.ts';
import { createFed, KEPLER, keplerSections } from '../support.ts';

const FRONTEND = '11111111-1111-4111-8111-111111111111';
const RATE = '33333333-3333-4333-8333-333333333333';
const sections = keplerSections();

function section(name: string): string {
  const text = sections.get(name);
  assert.ok(text, `section ${name}`);
  return text;
}

function measured(reading: Reading | undefined): Measured {
  assert.ok(reading?.kind === 'measured', JSON.stringify(reading));
  return reading;
}

function missing(reading: Reading | undefined): Missing {
  assert.ok(reading?.kind === 'missing', JSON.stringify(reading));
  return reading;
}

const window = { from: 100_000, to: 120_000 };

/** Lines of one node with one Pod; `extra` goes after them. */
function kepler(numbers: {
  watts?: number | string;
  joules?: number | string;
  node?: string;
  pod?: string;
  zone?: string;
  path?: string;
}): string {
  const { watts = 100, joules, node = 'n1', pod = 'p1', zone = 'package' } = numbers;
  const path = numbers.path ?? '/host/sys/class/powercap/intel-rapl:0';
  const line = `kepler_node_cpu_watts{node_name="${node}",path="${path}",zone="${zone}"} ${watts}\n`;
  if (joules === undefined) return line;
  const labels = `node_name="${node}",pod_id="${pod}",pod_name="a",pod_namespace="b",state="running",zone="${zone}"`;
  return `${line}kepler_pod_cpu_joules_total{${labels}} ${joules}\n`;
}

test('real output: node watts of one zone, never added up over zones', async () => {
  const { sources, feed } = createFed();
  feed(KEPLER, 100, section('C10'));
  feed(KEPLER, 110, section('C12'));
  feed(KEPLER, 120, section('C12').replaceAll('143.40183089332285', '140'));
  const { nodeWatts, attributedJoules, podJoules } = await sources.power(window);
  const watts = measured(nodeWatts.get('worker-a'));
  assert.ok(Math.abs(watts.value - (143.40183089332285 + 140) / 2) < 1e-9);
  assert.deepEqual(
    { samples: watts.samples, windowSeconds: watts.windowSeconds },
    { samples: 2, windowSeconds: 20 },
  );
  const frontend = measured(podJoules.get(FRONTEND));
  assert.ok(Math.abs(frontend.value - (624.05192 - 525.022917)) < 1e-9);
  assert.equal(frontend.windowSeconds, 20);
  const pods = [...podJoules.values()].map((reading) => measured(reading).value);
  assert.equal(pods.length, 3);
  const sum = pods.reduce((total, value) => total + value, 0);
  assert.ok(Math.abs(measured(attributedJoules.get('worker-a')).value - sum) < 1e-9);
});

test('real output: a terminated Pod is counted once, and is absent after its only scrape', async () => {
  const { sources, feed } = createFed();
  feed(KEPLER, 100, section('C12'));
  feed(KEPLER, 120, section('C13'));
  const { podJoules } = await sources.power(window);
  assert.equal(measured(podJoules.get(RATE)).value, 0);
  feed(KEPLER, 140, section('C13').replace(/^kepler_pod.*33333333.*\n/gm, ''));
  const later = await sources.power({ from: 120_000, to: 140_000 });
  assert.equal(missing(later.podJoules.get(RATE)).reason, 'absent');
  assert.equal(later.podJoules.get(FRONTEND)?.kind, 'measured');
});

test('running and terminated in one scrape: the greater counts, not the sum', async () => {
  const { sources, feed } = createFed();
  const running = kepler({ joules: 50 });
  feed(KEPLER, 100, running);
  const terminated = running.split('\n')[1]!.replace('running', 'terminated').replace(/50$/, '80');
  feed(KEPLER, 110, running);
  feed(KEPLER, 120, `${running}${terminated}\n`);
  const { podJoules } = await sources.power(window);
  assert.equal(measured(podJoules.get('p1')).value, 30);
});

test('real output: the wrap of the node counter does not touch node watts', async () => {
  const { sources, feed } = createFed();
  feed(KEPLER, 110, section('C16'));
  feed(KEPLER, 120, section('C17'));
  const { nodeWatts } = await sources.power(window);
  const expected = (101.67684867040498 + 150.15960687660112) / 2;
  assert.ok(Math.abs(measured(nodeWatts.get('worker-a')).value - expected) < 1e-9);
});

test('real output: the fake meter is fake for the node and all its Pods', async () => {
  for (const name of ['A', 'B10']) {
    const { sources, feed } = createFed();
    for (const time of [100, 110, 120]) feed(KEPLER, time, section(name));
    const { nodeWatts, podJoules, attributedJoules } = await sources.power(window);
    const all = [...nodeWatts.values(), ...podJoules.values(), ...attributedJoules.values()];
    assert.equal(all.length, name === 'A' ? 2 : 5);
    for (const reading of all) assert.equal(missing(reading).reason, 'fake');
  }
});

test('less than 10 mW is fake without the path, exactly 0 W is measured', async () => {
  for (const [watts, expected] of [
    [0.0099, 'fake'],
    [0, 0],
    [0.011, 0.011],
  ] as const) {
    const { sources, feed } = createFed();
    for (const time of [110, 120]) feed(KEPLER, time, kepler({ watts }));
    const reading = (await sources.power(window)).nodeWatts.get('n1');
    if (expected === 'fake') assert.equal(missing(reading).reason, 'fake');
    else assert.equal(measured(reading).value, expected);
  }
});

test('NaN, stale, absent, absurd and too few are told apart', async () => {
  const cases = [
    { watts: 'NaN', times: [110, 120], reason: 'not-a-number' },
    { watts: '+Inf', times: [110, 120], reason: 'not-a-number' },
    { watts: '-5', times: [110, 120], reason: 'absurd' },
    { watts: '1e9', times: [110, 120], reason: 'absurd' },
    { watts: '100', times: [120], reason: 'too-few-samples' },
    { watts: '100', times: [101, 102], reason: 'stale' },
  ];
  for (const { watts, times, reason } of cases) {
    const { sources, feed } = createFed({ staleAfterSeconds: 10 });
    for (const time of times) feed(KEPLER, time, kepler({ watts }));
    const reading = missing((await sources.power(window)).nodeWatts.get('n1'));
    assert.equal(reading.reason, reason, reading.detail);
  }
  const { sources, feed } = createFed();
  for (const time of [100, 120]) feed(KEPLER, time, 'kepler_build_info{version="x"} 1\n');
  assert.deepEqual((await sources.power(window)).nodeWatts, new Map());
});

test('a restart of Kepler: what was counted since is not the energy', async () => {
  const { sources, feed } = createFed();
  feed(KEPLER, 100, kepler({ joules: 500 }));
  feed(KEPLER, 120, kepler({ joules: 40 }));
  const { podJoules } = await sources.power(window);
  assert.equal(missing(podJoules.get('p1')).reason, 'absent');
});

test('a Pod that began inside the window counts from 0, but only if Kepler was there', async () => {
  const { sources, feed } = createFed();
  feed(KEPLER, 100, kepler({ joules: 500 }));
  feed(KEPLER, 120, kepler({ joules: 510 }) + kepler({ joules: 70, pod: 'p2' }).split('\n')[1]!);
  const { podJoules } = await sources.power(window);
  assert.equal(measured(podJoules.get('p2')).value, 70);

  const late = createFed();
  late.feed(KEPLER, 110, kepler({ joules: 500 }));
  late.feed(KEPLER, 120, kepler({ joules: 510 }));
  const power = await late.sources.power(window);
  assert.equal(missing(power.podJoules.get('p1')).reason, 'absent');
  assert.equal(missing(power.attributedJoules.get('n1')).reason, 'absent');
  assert.equal(measured(power.nodeWatts.get('n1')).value, 100);
});

test('absurd joules are missing, and so is the sum of their node', async () => {
  const cases = [
    [0, 9e14],
    [9e14, 9e14],
    [0, 200_001],
    [-5, 10],
  ];
  for (const [before, after] of cases) {
    const { sources, feed } = createFed();
    feed(KEPLER, 100, kepler({ joules: before! }));
    feed(KEPLER, 120, kepler({ joules: after! }));
    const { podJoules, attributedJoules } = await sources.power(window);
    assert.equal(missing(podJoules.get('p1')).reason, 'absurd', `${before} ${after}`);
    assert.equal(missing(attributedJoules.get('n1')).reason, 'absurd');
  }
  const { sources, feed } = createFed();
  feed(KEPLER, 100, kepler({ joules: 0 }));
  feed(KEPLER, 120, kepler({ joules: 'NaN' }));
  const { podJoules } = await sources.power(window);
  assert.equal(missing(podJoules.get('p1')).reason, 'not-a-number');
});

test('all nodes are read in one zone: what most expose, else the preferred one', async () => {
  const { sources, feed } = createFed({ zone: 'psys' });
  const other = { ...KEPLER, url: 'http://10.0.0.2:28282/metrics' };
  for (const time of [100, 110, 120]) {
    feed(KEPLER, time, kepler({ zone: 'psys', watts: 50 }) + kepler({ watts: 20 }));
    feed(other, time, kepler({ node: 'n2', watts: 30 }));
  }
  const { nodeWatts } = await sources.power(window);
  assert.equal(measured(nodeWatts.get('n1')).value, 20);
  assert.equal(measured(nodeWatts.get('n2')).value, 30);

  const alone = createFed({ zone: 'psys' });
  for (const time of [110, 120]) {
    alone.feed(KEPLER, time, kepler({ zone: 'psys', watts: 50 }) + kepler({ watts: 20 }));
  }
  assert.equal(measured((await alone.sources.power(window)).nodeWatts.get('n1')).value, 50);

  const core = createFed();
  for (const time of [110, 120]) {
    core.feed(KEPLER, time, kepler({ zone: 'core' }));
    core.feed(other, time, kepler({ node: 'n2' }));
  }
  const mixed = await core.sources.power(window);
  assert.equal(missing(mixed.nodeWatts.get('n1')).reason, 'absent');
  assert.equal(measured(mixed.nodeWatts.get('n2')).value, 100);
});

test('an exporter that was replaced: its successor does not know what was before', async () => {
  const { sources, feed, store } = createFed();
  const successor = { ...KEPLER, url: 'http://10.0.0.9:28282/metrics' };
  feed(KEPLER, 100, kepler({ joules: 500 }));
  store.retain([successor], 110_000);
  feed(successor, 110, kepler({ joules: 0 }));
  feed(successor, 120, kepler({ joules: 25 }));
  const { podJoules } = await sources.power(window);
  assert.equal(missing(podJoules.get('p1')).reason, 'absent');
  const later = await sources.power({ from: 115_000, to: 120_000 });
  assert.equal(missing(later.podJoules.get('p1')).reason, 'too-few-samples');
});
