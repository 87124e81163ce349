// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import type { AdmissionEntry } from '#audit/entry.ts';
import type { DecisionPage } from '#dashboard/api/api-decisions.ts';
import { launch, open } from './browser.ts';
import { Wire } from './wire.ts';
import { startWorld, type World } from './world.ts';

/* What a page that is left open for days meets: many decisions, and a server that goes away. */

const MANY = 10_000;

let browser: Browser;
let world: World;

before(async () => {
  [browser, world] = await Promise.all([launch(), startWorld(2)]);
});

after(async () => {
  await browser.close();
  await world.close();
});

function entry(index: number): AdmissionEntry {
  return {
    kind: 'admission',
    time: new Date(world.cluster.now() + index).toISOString(),
    requestUid: `uid-${index}`,
    namespace: 'hotel-res',
    name: `many-${index}`,
    workload: 'Deployment/many',
    outcome: 'injected',
    reason: 'chosen',
    dryRun: false,
    patch: [],
    decision: {
      ...{ id: `many-${index}`, tier: 'business', state: 'load=normal', action: 'r240' },
      ...{ propensity: 0.9, holdout: false, choice: 'greedy', epsilon: 0.1, seed: `${index}` },
      ...{ infeasible: [], infeasibleOmitted: 0, policy: 'demo@1', modelVersion: 3 },
      candidates: [
        { action: '(default)', value: 0, weight: 4 },
        { action: 'r240', value: 0.2, weight: 9 },
      ],
    },
    durationSeconds: 0.001,
    versions: { perihelion: '0' },
  };
}

test('ten thousand decisions in a few seconds: the page follows, stays small, and can be paged', async () => {
  const { page, context, complaints } = await open(browser);
  await page.goto(`${world.url}#decisions`);
  await page.waitForSelector('.decisions tr');
  for (let index = 0; index < MANY; index += 1) {
    world.product.audit.write(entry(index));
    // The audit log's queue is bounded; the page is what is tested here.
    if (index % 500 === 499) await world.product.audit.flush(5000);
  }
  await page.waitForSelector(`tr[data-id="many-${MANY - 1}"]`);
  const shown = await page.evaluate(() => ({
    rows: document.querySelectorAll('.decisions tr').length,
    elements: document.querySelectorAll('*').length,
    about: document.querySelector('.view-head p')?.textContent ?? '',
  }));
  assert.equal(shown.rows, 50);
  assert.ok(shown.elements < 2000, `${shown.elements} elements`);
  assert.match(shown.about, /^10,0\d\d seen by this process; the newest 10,000 are held/);
  const oldest = (await (
    await fetch(`${world.url}api/decisions?limit=200&text=many-`)
  ).json()) as DecisionPage;
  assert.equal(oldest.rows.length, 200);
  assert.equal(oldest.matching, MANY);
  // Still answers at once to whoever uses it.
  await page.click('text=Older →');
  await page.waitForSelector('text=Page 2:');
  await page.fill('#filter-text', 'many-4321');
  await page.waitForSelector('tr[data-id="many-4321"]');
  await page.click('tr[data-id="many-4321"] a');
  await page.waitForSelector('dialog[open]');
  assert.ok((await page.textContent('dialog'))?.includes('Prefer r240'));
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a lost connection is said, what is shown stays, and it comes back by itself', async () => {
  const wire = new Wire(world.url);
  await wire.mend();
  const { page, context } = await open(browser);
  await page.goto(`${wire.url}#cluster`);
  await page.waitForSelector('.connection[data-kind="live"]');
  await page.waitForSelector('.node');
  await wire.cut();
  await page.waitForSelector('.connection[data-kind="lost"]');
  assert.equal(await page.textContent('#connection-text'), 'Connection lost.');
  const live = await page.getAttribute('#connection-text', 'aria-live');
  assert.equal(live, 'polite');
  await page.waitForFunction(() =>
    /last data \d+ s old; next try in \d+ s/.test(
      document.getElementById('connection-age')?.textContent ?? '',
    ),
  );
  assert.equal(await page.locator('.node').count(), 3, 'what was there is still shown');
  const power = await page.textContent('.tiles .tile-value');
  // Meanwhile the world goes on.
  await world.rollout();
  await sleep(500);
  assert.equal(await page.textContent('.tiles .tile-value'), power);
  await wire.mend();
  await page.waitForSelector('.connection[data-kind="live"]', { timeout: 60_000 });
  await page.waitForFunction(
    (old) => document.querySelector('.tiles .tile-value')?.textContent !== old,
    power,
  );
  await context.close();
  await wire.cut();
});
