// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseExposition } from '#telemetry/series/exposition.ts';
import type { PowerWindow } from '#telemetry/reading/source.ts';
import { createFed, KEPLER, keplerSections } from '../support.ts';

/*
 * Real output of Kepler, all eight sections: A and B with its fake meter, C with a synthetic RAPL
 * of two sockets whose power was scripted: P = 2 (20 + 80 u) W on 4 cores.
 */

const sections = keplerSections();
const NODE = 'worker-a';
const CORES = 4;
const window = { from: 100_000, to: 120_000 };
const scripted = (utilisation: number): number => 2 * (20 + 80 * utilisation);

function section(name: string): string {
  const text = sections.get(name);
  assert.ok(text, `section ${name}`);
  return text;
}

async function power(pages: readonly string[]): Promise<PowerWindow> {
  const { sources, feed } = createFed();
  pages.forEach((page, index) => feed(KEPLER, 100 + (20 * index) / (pages.length - 1), page));
  return sources.power(window);
}

/** The value of the one line that begins so. */
function value(text: string, start: string): number {
  const line = text.split('\n').find((one) => one.startsWith(start));
  assert.ok(line, start);
  return Number(line.slice(line.lastIndexOf(' ')));
}

test('the fixture holds the eight sections, and every line of them is well formed', () => {
  assert.deepEqual([...sections.keys()], ['A', 'B10', 'B13', 'C10', 'C12', 'C13', 'C16', 'C17']);
  for (const [name, text] of sections) {
    const { malformedCount, series } = parseExposition(text);
    assert.equal(malformedCount, 0, name);
    assert.ok(series.length >= 10, name);
  }
});

describe('fake meter', () => {
  for (const [name, node] of [
    ['A', 'fake-node-1'],
    ['B10', NODE],
    ['B13', NODE],
  ] as const) {
    test(`section ${name}: the node is fake, not a node of 0.0001 W`, async () => {
      const { nodeWatts, podJoules, attributedJoules, meter } = await power([
        section(name),
        section(name),
        section(name),
      ]);
      assert.equal(meter, 'KeplerNew');
      for (const reading of [...nodeWatts.values(), ...podJoules.values()]) {
        assert.ok(reading.kind === 'missing' && reading.reason === 'fake', JSON.stringify(reading));
      }
      assert.deepEqual([...nodeWatts.keys()], [node]);
      const sum = attributedJoules.get(node);
      assert.ok(sum?.kind === 'missing' && sum.reason === 'fake');
    });
  }
});

describe('scripted power', () => {
  const cases = [
    ['C10', 148.257127643582],
    ['C12', 143.40183089332285],
    ['C13', 135.13516726372615],
    ['C16', 101.67684867040498],
    ['C17', 150.15960687660112],
  ] as const;
  for (const [name, watts] of cases) {
    test(`section ${name}: ${watts.toFixed(1)} W, both sockets and no other zone`, async () => {
      const { nodeWatts } = await power([section(name), section(name), section(name)]);
      const reading = nodeWatts.get(NODE);
      assert.ok(reading?.kind === 'measured', JSON.stringify(reading));
      assert.ok(Math.abs(reading.value - watts) < 1e-9);
      assert.equal(reading.quality, 'measured');
    });
  }

  test('140 W were scripted: the run until scrape 10 took 140 W by its own counters', () => {
    const text = section('C10');
    const utilisation = value(text, 'kepler_node_cpu_usage_ratio');
    assert.equal(scripted(utilisation).toFixed(6), '140.000000');
    // The frontend ran 1.5 cores all the time: its CPU seconds are the clock of the run.
    const frontend = ['frontend', 'istio-proxy'].map((container) => {
      const line = text
        .split('\n')
        .find((one) => one.startsWith('kepler_container_cpu_seconds') && one.includes(container));
      return Number(line?.slice(line.lastIndexOf(' ')));
    });
    const seconds = (frontend[0]! + frontend[1]!) / 1.5;
    const joules = value(
      text,
      'kepler_node_cpu_joules_total{node_name="worker-a",path="aggregated',
    );
    assert.ok(Math.abs(joules / seconds - 140) < 1, `${joules / seconds} W`);
  });

  test('140 W were scripted: between two scrapes the counters of both zones tell 140.0 W', () => {
    const risen = (zone: string): number => {
      const start = `kepler_node_cpu_joules_total{node_name="worker-a",path="${zone}`;
      return value(section('C12'), start) - value(section('C10'), start);
    };
    // P = 40 + 160 u and D = 5 + 5 u, whatever u was in between: 32 D - P = 120 W, and so the time,
    // which the file does not hold, is known. The hardware's counters are older than Kepler's.
    const [joules, dram] = [risen('aggregated-package'), risen('/host/sys/class/powercap')];
    const seconds = (32 * dram - joules) / 120;
    assert.equal(seconds.toFixed(2), '1.90');
    assert.equal((joules / seconds).toFixed(1), '140.0');
  });

  /*
   * In the whole run Kepler's gauge averaged 139.9 W. The file holds five scrapes of that run, three
   * of them while 140 W were scripted or nearly so; these average 142.3 W, and no two of its scrapes
   * give 139.9. What is tested here is therefore the mean of these three with a fourth sample that
   * is not in the file, 132.8 W, the one that makes their mean what the run's was.
   */
  test('a gauge that jitters around 140 W as the real one does is read as its mean, 139.9 W', async () => {
    const recorded = await power(['C10', 'C10', 'C12', 'C13'].map((name) => section(name)));
    const mean = recorded.nodeWatts.get(NODE);
    assert.ok(mean?.kind === 'measured');
    assert.equal(mean.value.toFixed(1), '142.3');
    assert.equal(mean.samples, 3);
    const readings = [148.257127643582, 143.40183089332285, 135.13516726372615, 132.8058741993689];
    const pages = readings.map((watts) =>
      section('C10').replace('148.257127643582', String(watts)),
    );
    const { nodeWatts } = await power([section('C10'), ...pages]);
    const reading = nodeWatts.get(NODE);
    assert.ok(reading?.kind === 'measured');
    assert.equal(reading.value.toFixed(1), '139.9');
    assert.equal(reading.samples, 4);
  });

  test('a Pod has the power of the node times its cores over all cores', async () => {
    const { podJoules, nodeWatts } = await power([section('C10'), section('C12')]);
    assert.equal(nodeWatts.get(NODE)?.kind, 'missing');
    // Between the two scrapes the node counted so much; its share by cores is the Pod's.
    const node =
      value(section('C12'), 'kepler_node_cpu_joules_total{node_name="worker-a",path="aggregated') -
      value(section('C10'), 'kepler_node_cpu_joules_total{node_name="worker-a",path="aggregated');
    for (const [uid, cores] of [
      ['11111111-1111-4111-8111-111111111111', 1.5],
      ['22222222-2222-4222-8222-222222222222', 0.5],
      ['33333333-3333-4333-8333-333333333333', 0.5],
    ] as const) {
      const joules = podJoules.get(uid);
      assert.ok(joules?.kind === 'measured');
      const expected = (node * cores) / CORES;
      const error = Math.abs(joules.value - expected) / expected;
      assert.ok(error < 0.2, `${uid}: ${joules.value} J, by cores ${expected} J`);
    }
  });

  test('the wrap: node watts stay, the counter that fell is not read at all', async () => {
    const before = value(
      section('C16'),
      'kepler_node_cpu_joules_total{node_name="worker-a",path="agg',
    );
    const after = value(
      section('C17'),
      'kepler_node_cpu_joules_total{node_name="worker-a",path="agg',
    );
    assert.ok(before > 2396 && after < 205);
    const { nodeWatts } = await power([section('C16'), section('C16'), section('C17')]);
    const reading = nodeWatts.get(NODE);
    assert.ok(reading?.kind === 'measured');
    assert.ok(Math.abs(reading.value - (101.67684867040498 + 150.15960687660112) / 2) < 1e-9);
  });

  test('the terminated Pod shows once, counts once, and its neighbours are not touched', async () => {
    const gone = section('C13').replace(/^kepler_pod.*33333333.*\n/gm, '');
    const terminated = '33333333-3333-4333-8333-333333333333';
    const seen = await power([section('C10'), section('C13')]);
    const joules = seen.podJoules.get(terminated);
    assert.ok(joules?.kind === 'measured');
    assert.ok(Math.abs(joules.value - (167.570334 - 140.004053)) < 1e-9);
    const missed = await power([section('C10'), gone]);
    const absent = missed.podJoules.get(terminated);
    assert.ok(absent?.kind === 'missing' && absent.reason === 'absent');
    const frontend = '11111111-1111-4111-8111-111111111111';
    assert.deepEqual(missed.podJoules.get(frontend), seen.podJoules.get(frontend));
  });
});
