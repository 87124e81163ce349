// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Reading } from '#telemetry/reading/reading.ts';
import type { ScrapeTarget } from '#telemetry/scrape/target.ts';
import { istioPage, keplerNewPage, POD_UID, TRUTH } from '../samples.ts';
import { createFed, KEPLER, sidecar } from '../support.ts';

/*
 * An exporter that lies at one end of the window only: the other end is the truth, and the
 * difference of both would be a number like any other.
 */

const window = { from: 100_000, to: 160_000 };
const POD = sidecar('geo-6d5f7c9b8-abcde', 'hotel');
const NODE_EXPORTER: ScrapeTarget = {
  url: 'http://10.0.0.3:9100/metrics',
  labels: { node: TRUTH.node },
  kind: 'node-exporter',
};

function nodePage(seconds: number): string {
  return [
    `node_cpu_seconds_total{cpu="0",mode="idle"} ${0.75 * seconds}`,
    `node_cpu_seconds_total{cpu="0",mode="user"} ${0.25 * seconds}`,
    '',
  ].join('\n');
}

/** The page with all its values replaced at the times that `lies` says. */
function fed(
  target: ScrapeTarget,
  page: (seconds: number) => string,
  lies: (seconds: number) => string | undefined,
) {
  const made = createFed({ minimumRequests: 1 });
  for (const time of [100, 115, 130, 145, 160]) {
    const lie = lies(time);
    const said = page(time + 1000);
    made.feed(target, time, lie === undefined ? said : said.replace(/ \S+$/gm, ` ${lie}`));
  }
  return made.sources;
}

function reason(reading: Reading | undefined): string {
  assert.ok(reading?.kind === 'missing', JSON.stringify(reading));
  return reading.reason;
}

const READINGS = {
  'energy of a Pod': async (lies: (seconds: number) => string | undefined) =>
    (await fed(KEPLER, keplerNewPage, lies).power(window)).podJoules.get(POD_UID),
  'requests of a Pod': async (lies: (seconds: number) => string | undefined) =>
    (await fed(POD, (s) => istioPage(s, 'destination'), lies).latency(window)).pods.get(
      'hotel/geo-6d5f7c9b8-abcde',
    )?.requests,
  'CPU of a node': async (lies: (seconds: number) => string | undefined) =>
    (await fed(NODE_EXPORTER, nodePage, lies).load(window)).get(TRUTH.node)?.cpuRatio,
};

for (const [what, read] of Object.entries(READINGS)) {
  describe(what, () => {
    test('the truth at both ends is measured', async () => {
      assert.equal((await read(() => undefined))?.kind, 'measured');
    });
    test('0 at the start: not where counting began', async () => {
      assert.equal(reason(await read((s) => (s === 100 ? '0' : undefined))), 'too-few-samples');
    });
    test('9e14 at the start: not a counter that was reset', async () => {
      assert.equal(reason(await read((s) => (s === 100 ? '9e14' : undefined))), 'absurd');
    });
    test('9e14 at the end: not a rise', async () => {
      assert.equal(reason(await read((s) => (s === 160 ? '9e14' : undefined))), 'absurd');
    });
    test('NaN at either end: no number', async () => {
      for (const at of [100, 160]) {
        assert.equal(reason(await read((s) => (s === at ? 'NaN' : undefined))), 'not-a-number');
      }
    });
  });
}

describe('power of a node', () => {
  const watts = async (lies: (seconds: number) => string | undefined) =>
    (await fed(KEPLER, keplerNewPage, lies).power(window)).nodeWatts.get(TRUTH.node);

  test('some samples of 0 W are a mean over what was not measured', async () => {
    assert.equal(reason(await watts((s) => (s === 130 ? '0' : undefined))), 'absurd');
  });

  test('0 W all the time is 0 W, which the target health calls zero', async () => {
    const reading = await watts(() => '0');
    assert.ok(reading?.kind === 'measured' && reading.value === 0);
  });

  test('one sample of 9e14 W or NaN spoils the window', async () => {
    assert.equal(reason(await watts((s) => (s === 130 ? '9e14' : undefined))), 'absurd');
    assert.equal(reason(await watts((s) => (s === 130 ? 'NaN' : undefined))), 'not-a-number');
  });
});
