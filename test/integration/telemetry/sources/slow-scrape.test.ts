// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choiceOf } from '#learner/readings/preset-choice.ts';
import { askOnce } from '#learner/readings/telemetry-window.ts';
import { createPrometheusTelemetry } from '#telemetry/prometheus/prometheus.ts';
import { policyWith } from '../../../unit/learner/world.ts';
import { POD_UID, istioPage, keplerNewPage, TRUTH } from '../../../unit/telemetry/samples.ts';
import { servePromql } from '../promql-server.ts';

/*
 * A server that scrapes every two minutes. What is too old is the policy's to say: its
 * `staleAfterSeconds` holds for the samples themselves, not only for what is left of them.
 */

const KEPLER = { job: 'kepler', instance: '10.0.0.1:28282' };
const SIDECAR = {
  job: 'pods',
  instance: '10.0.1.1:15020',
  namespace: 'hotel',
  pod: 'geo-6d5f7c9b8-abcde',
};

test('a policy that allows older samples has its readings, and one that does not has none', async (t) => {
  const scrapes = [0, 120, 240, 360, 480, 600].flatMap((seconds) => [
    { time: seconds * 1000, text: keplerNewPage(seconds + 1000), labels: KEPLER },
    { time: seconds * 1000, text: istioPage(seconds + 1000, 'destination'), labels: SIDECAR },
  ]);
  const server = await servePromql(t, scrapes);
  const sources = createPrometheusTelemetry({ url: server.url, random: () => 0 });
  t.after(() => sources.close());
  // Both ends lie 90 s after a scrape.
  const window = { from: 210_000, to: 570_000 };
  const ask = askOnce({ power: sources, latency: sources, load: sources });
  const under = async (staleAfterSeconds: number) => {
    const { measurement } = policyWith().spec;
    const { spec } = policyWith({ measurement: { ...measurement, staleAfterSeconds } });
    const { power, latency, load } = await ask(window, choiceOf(spec));
    return [
      power.nodeWatts.get(TRUTH.node),
      power.podJoules.get(POD_UID),
      latency.pods.get('hotel/geo-6d5f7c9b8-abcde')?.requests,
      load.get(TRUTH.node)?.cpuRatio,
    ];
  };
  for (const reading of await under(100)) {
    assert.equal(reading?.kind, 'measured', JSON.stringify(reading));
    assert.equal(reading.ageSeconds, 90);
  }
  for (const reading of await under(80)) {
    assert.equal(reading?.kind === 'missing' && reading.reason, 'stale', JSON.stringify(reading));
  }
});
