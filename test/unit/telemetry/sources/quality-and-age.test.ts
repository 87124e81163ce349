// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { presetsWith } from '#telemetry/presets/catalogue.ts';
import { staticCarbon } from '#telemetry/energy/carbon.ts';
import { createPodDirectory } from '#telemetry/reading/pod-directory.ts';
import type { Reading } from '#telemetry/reading/reading.ts';
import type { ScrapeTarget } from '#telemetry/scrape/target.ts';
import { WATTSON, wattsonPage, WEAVE, weavePage } from '../invented.ts';
import {
  cadvisorPage,
  envoyPage,
  istioPage,
  keplerNewPage,
  keplerOldPage,
  linkerdPage,
  LISTED,
  openTelemetryPage,
  scaphandrePage,
  TRUTH,
} from '../samples.ts';
import { createFed, KEPLER, sidecar } from '../support.ts';

const window = { from: 100_000, to: 160_000 };
/** The last scrape is so many seconds before the window's end. */
const AGE_SECONDS = 7;
const TIMES = [93, 108, 123, 138, 153];
const presets = presetsWith({ meters: [WATTSON], meshes: [WEAVE] });
const directory = () => createPodDirectory(() => LISTED);

/** Window, samples, age and quality, on every number that there is. */
function assertProvenance(readings: Iterable<Reading>): void {
  let measured = 0;
  for (const reading of readings) {
    if (reading.kind === 'missing') {
      assert.ok(reading.detail.length > 0);
      continue;
    }
    measured += 1;
    assert.ok(Number.isFinite(reading.value));
    assert.equal(reading.ageSeconds, AGE_SECONDS);
    assert.ok(reading.windowSeconds >= 50 && reading.windowSeconds <= 60);
    assert.ok(reading.samples > 0);
    assert.ok(['measured', 'modelled'].includes(reading.quality));
  }
  assert.ok(measured > 0, 'nothing was measured');
}

function fed(target: ScrapeTarget, page: (seconds: number) => string) {
  const made = createFed({ presets, directory, minimumRequests: 1 });
  for (const time of TIMES) made.feed(target, time, page(time));
  return made;
}

const SCAPHANDRE: ScrapeTarget = {
  url: 'http://10.0.0.2:8080/metrics',
  labels: { namespace: 'monitoring', pod: 'scaphandre-x' },
  kind: 'kepler',
};
const POD = sidecar('geo-6d5f7c9b8-abcde', 'hotel');

describe('every number carries its window, its samples, its age and its quality', () => {
  const meters: [string, ScrapeTarget, (seconds: number) => string][] = [
    ['KeplerNew', KEPLER, keplerNewPage],
    ['KeplerOld', KEPLER, (seconds) => keplerOldPage(seconds)],
    ['Scaphandre', SCAPHANDRE, scaphandrePage],
    ['Wattson', KEPLER, wattsonPage],
  ];
  for (const [name, target, page] of meters) {
    test(name, async () => {
      const power = await fed(target, page).sources.power(window);
      assert.equal(power.meter, name);
      for (const part of [power.nodeWatts, power.podJoules, power.attributedJoules]) {
        assertProvenance(part.values());
      }
    });
  }

  const meshes: [string, (seconds: number) => string][] = [
    ['IstioSidecar', (seconds) => istioPage(seconds, 'destination')],
    ['IstioAmbient', (seconds) => istioPage(seconds, 'waypoint')],
    ['Linkerd', linkerdPage],
    ['OpenTelemetry', openTelemetryPage],
    ['Envoy', envoyPage],
    ['Weave', weavePage],
  ];
  for (const [name, page] of meshes) {
    test(name, async () => {
      const latency = await fed(POD, page).sources.latency(window);
      assert.deepEqual(latency.meshes, [name]);
      for (const pod of latency.pods.values()) {
        const { requests, p50Milliseconds, p99Milliseconds, errorRatio } = pod;
        assertProvenance([requests, p50Milliseconds, p99Milliseconds, errorRatio]);
      }
      assert.ok(latency.pods.size > 0);
    });
  }

  test('load, from Kepler and from cAdvisor', async () => {
    const made = fed(KEPLER, keplerNewPage);
    for (const time of TIMES) made.feedAs('cadvisor', 'other:10250', time, cadvisorPage(time));
    const load = await made.sources.load(window);
    assertProvenance([...load.values()].flatMap((one) => [one.cpuRatio, one.memoryRatio]));
    assert.deepEqual([...load.keys()].sort(), ['other', TRUTH.node]);
  });

  test('carbon intensity from a table is modelled', async () => {
    const source = staticCarbon({ default: 300 }, () => [{ name: 'n', zone: undefined }]);
    const reading = (await source.intensity(window)).get('n');
    assert.ok(reading?.kind === 'measured' && reading.quality === 'modelled');
  });
});
