// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  ownMesh,
  ownMeter,
  presetsWith,
  SHIPPED,
  unknownPreset,
} from '#telemetry/presets/catalogue.ts';
import { createPodDirectory } from '#telemetry/reading/pod-directory.ts';
import type { Measured, Reading } from '#telemetry/reading/reading.ts';
import { scrapeTargetsOf } from '#telemetry/scrape/target.ts';
import type { ScrapeTarget } from '#telemetry/scrape/target.ts';
import type { SourcesOptions } from '#telemetry/sources/sources.ts';
import { WATTSON, wattsonPage, WEAVE, weavePage } from '../invented.ts';
import { istioPage, keplerNewPage, LISTED, POD_UID, TRUTH } from '../samples.ts';
import { createFed, KEPLER, sidecar } from '../support.ts';

const window = { from: 100_000, to: 160_000 };
const POD = 'hotel/geo-6d5f7c9b8-abcde';
const SIDECAR = sidecar('geo-6d5f7c9b8-abcde', 'hotel');

function measured(reading: Reading | undefined): Measured {
  assert.ok(reading?.kind === 'measured', JSON.stringify(reading));
  return reading;
}

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= 1e-9 * expected, `${actual} is not ${expected}`);
}

type Page = readonly [ScrapeTarget, (seconds: number) => string];

function fed(pages: readonly Page[], options: SourcesOptions) {
  const directory = () => createPodDirectory(() => LISTED);
  const made = createFed({ directory, ...options });
  for (const time of [100, 115, 130, 145, 160]) {
    for (const [target, page] of pages) made.feed(target, time, page(time));
  }
  return made.sources;
}

const presets = presetsWith({ meters: [WATTSON], meshes: [WEAVE] });

describe('an invented meter, as data alone', () => {
  for (const [how, options] of [
    ['declared and found by Auto', { presets }],
    ['declared and chosen', { presets, meter: 'Wattson' }],
  ] as const) {
    test(`${how}: node watts of both sockets and no other rail, joules of its containers`, async () => {
      const power = await fed([[KEPLER, wattsonPage]], options).power(window);
      assert.equal(power.meter, 'Wattson');
      near(measured(power.nodeWatts.get(TRUTH.node)).value, TRUTH.nodeWatts);
      near(measured(power.podJoules.get(POD_UID)).value, TRUTH.podWatts * 60);
      near(measured(power.attributedJoules.get(TRUTH.node)).value, TRUTH.podWatts * 60);
    });
  }

  test('brought by a policy: read when asked for, not looked for by Auto', async () => {
    const preset = ownMeter(WATTSON);
    const more = () => ({ meters: [preset], meshes: [] });
    const sources = fed([[KEPLER, keplerNewPage]], { more });
    assert.equal((await sources.power(window)).meter, 'KeplerNew');
    const own = await sources.power(window, preset.name);
    assert.equal(own.meter, preset.name);
    assert.equal(own.nodeWatts.size, 0);
  });
});

describe('an invented mesh, as data alone', () => {
  test('requests, its own verdicts, quantiles in its own unit, and who calls whom', async () => {
    const latency = await fed([[SIDECAR, weavePage]], { presets }).latency(window);
    assert.deepEqual(latency.meshes, ['Weave']);
    const pod = latency.pods.get(POD);
    near(measured(pod?.requests).value, TRUTH.requestsPerSecond * 60);
    near(measured(pod?.errorRatio).value, TRUTH.failedShare);
    near(measured(pod?.p50Milliseconds).value, TRUTH.p50Milliseconds);
    near(measured(pod?.p99Milliseconds).value, TRUTH.p99Milliseconds);
    assert.deepEqual(
      latency.edges.map(({ source, destination }) => [source, destination]),
      [['frontend', 'geo']],
    );
  });

  test('beside a shipped one: a policy chooses which of them it reads', async () => {
    const sources = fed(
      [
        [SIDECAR, (seconds) => istioPage(seconds, 'destination')],
        [sidecar('geo-6d5f7c9b8-abcde', 'hotel', '10.0.1.1:7071'), weavePage],
      ],
      { presets },
    );
    assert.deepEqual((await sources.latency(window)).meshes, ['Weave', 'IstioSidecar']);
    assert.deepEqual((await sources.latency(window, 'IstioSidecar')).meshes, ['IstioSidecar']);
    assert.deepEqual((await sources.latency(window, 'Weave')).meshes, ['Weave']);
  });
});

test('a name that nobody knows reads nothing, never another preset, and is said', async () => {
  const warnings: string[] = [];
  const sources = fed([[KEPLER, keplerNewPage]], { onWarning: (text) => warnings.push(text) });
  assert.equal((await sources.power(window, 'Kepler')).nodeWatts.size, 0);
  assert.equal((await sources.latency(window, 'Istio')).pods.size, 0);
  assert.deepEqual(warnings, ['no meter is called Kepler', 'no mesh is called Istio']);
  assert.equal(unknownPreset({ meter: 'Kepler' }, SHIPPED), 'no meter is called Kepler');
  assert.equal(unknownPreset({ mesh: 'Istio' }, SHIPPED), 'no mesh is called Istio');
  for (const fine of [{}, { meter: 'Auto', mesh: 'Auto' }, { meter: 'KeplerOld', mesh: 'Envoy' }]) {
    assert.equal(unknownPreset(fine, SHIPPED), undefined);
  }
});

test('a declared preset of a shipped name stands in its place', () => {
  const own = presetsWith({ meters: [{ ...WATTSON, name: 'KeplerOld' }] });
  assert.deepEqual(
    own.meters.map(({ name }) => name),
    ['KeplerOld', 'KeplerNew', 'Scaphandre'],
  );
  assert.equal(own.meters[0]?.node.metric, 'wattson_machine_milliwatts');
});

test('what policies bring is named after its content, whatever the order of its fields', () => {
  const turned = Object.fromEntries(Object.entries(WEAVE).reverse()) as unknown as typeof WEAVE;
  assert.equal(ownMesh(turned).name, ownMesh(WEAVE).name);
  assert.notEqual(ownMesh({ ...WEAVE, scope: 'Workload' }).name, ownMesh(WEAVE).name);
  assert.match(ownMeter(WATTSON).name, /^Custom-[0-9a-f]{12}$/);
});

test('the direct scrape finds exporters where presets say they are', () => {
  const pod = (name: string) => ({
    namespace: 'x',
    name,
    labels: { 'app.kubernetes.io/name': name },
    annotations: {},
    nodeName: 'n',
    podIP: '10.0.0.9',
    phase: 'Running',
  });
  const pods = ['wattson', 'weave-proxy', 'kepler'].map(pod);
  assert.deepEqual(
    scrapeTargetsOf(pods, undefined, presets).map(({ url, kind }) => [url, kind]),
    [
      ['http://10.0.0.9:7070/power', 'kepler'],
      ['http://10.0.0.9:7071/metrics', 'istio'],
      ['http://10.0.0.9:28282/metrics', 'kepler'],
    ],
  );
  assert.equal(scrapeTargetsOf(pods).length, 1);
});
