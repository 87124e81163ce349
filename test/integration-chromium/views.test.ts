// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { decodeEntry } from '#audit/decode.ts';
import type { AdmissionEntry, SettlementEntry } from '#audit/entry.ts';
import type { Story } from '#dashboard/api/api-decisions.ts';
import { reportOf } from '#cli/report/report.ts';
import { goTo, launch, open } from './browser.ts';
import { EXPERIMENT, startWorld, type World } from './world.ts';

/*
 * Every view of the page in a real browser, on the demo's cluster with the real product; what it
 * shows is compared with where it comes from: the simulator, the API server, the audit log.
 */

const DAY = 86_400_000;

let browser: Browser;
let world: World;

before(async () => {
  [browser, world] = await Promise.all([launch(), startWorld(12)]);
});

after(async () => {
  await browser.close();
  await world.close();
});

/** Opens the page at a view, hands it over, and holds it to having nothing to complain about. */
async function on(view: string, look: (page: Page) => Promise<void>): Promise<void> {
  const { page, context, complaints } = await open(browser);
  await page.goto(`${world.url}#${view}`);
  await page.waitForSelector('#view-title');
  await look(page);
  assert.deepEqual(complaints, []);
  await context.close();
}

function entries(): { admissions: AdmissionEntry[]; settlements: SettlementEntry[] } {
  const lines = readFileSync(world.auditPath, 'utf8').split('\n').filter(Boolean).map(decodeEntry);
  return {
    admissions: lines.filter((line) => line.kind === 'admission'),
    settlements: lines.filter((line) => line.kind === 'settlement'),
  };
}

/** `12.3 W` → 12.3. */
function number(text: string): number {
  const plain = text.replaceAll(/[,+]/g, '').replace('−', '-');
  return Number(plain.replace(/[^\d.-].*$/, ''));
}

test('cluster: watts and load of every node are those of the simulator, Pods are where they are', async () => {
  const { windows } = world.last;
  const { settlements } = entries();
  const newest = settlements.at(-1)?.time;
  const settled = settlements.filter(({ time }) => time === newest);
  await on('cluster', async (page) => {
    await page.waitForSelector('.node');
    const cards = await page.$$eval('.node', (nodes) =>
      nodes.map((node) => ({
        name: node.querySelector('h3')?.textContent ?? '',
        watts: node.querySelector('.big')?.textContent ?? '',
        quality: node.querySelector('.badge')?.textContent ?? '',
        meters: [...node.querySelectorAll('.meter-text')].map((one) => one.textContent),
        pods: [...node.querySelectorAll('tbody th')].map((one) => one.textContent),
      })),
    );
    assert.equal(cards.length, 3);
    for (const { name, watts, quality, meters } of cards) {
      const truth = windows.map(({ nodes }) => nodes.find((node) => node.name === name));
      const mean = truth.reduce((sum, one) => sum + (one?.watts ?? NaN), 0) / truth.length;
      const shown = number(watts);
      // Kepler's gauges look back a little further than the window does.
      assert.ok(Math.abs(shown - mean) < 0.1 * mean, `${name}: ${watts}, simulated ${mean}`);
      assert.equal(quality, 'measured');
      const read = settled.find(({ landed }) => landed === name)?.readings['nodeWatts'];
      if (read?.kind === 'measured') assert.equal(watts, `${read.value.toFixed(1)} W`);
      const busy = truth.reduce((sum, one) => sum + (one?.utilisation ?? NaN), 0) / truth.length;
      const cpu = number(meters[0] ?? '') / 100;
      assert.ok(Math.abs(cpu - busy) < 0.03, `${name}: CPU ${cpu}, simulated ${busy}`);
    }
    const placement = world.cluster.placement();
    for (const { name, pods } of cards) {
      const here = Object.entries(placement).filter(([, nodes]) => nodes.includes(name));
      for (const [service] of here) {
        const found = pods.some((pod) => pod.startsWith(`hotel-res/${service}-`));
        assert.ok(found, `${service} is on ${name}`);
      }
    }
    const sum = cards.reduce((total, { watts }) => total + number(watts), 0);
    const tile = await page.textContent('.tiles .tile-value');
    assert.ok(Math.abs(number(tile ?? '') - sum) < 0.3, `${tile ?? ''} is the sum, ${sum}`);
  });
});

test('savings: the figure is that of the report', async () => {
  const { models, policies } = world.product.informers;
  const assumptions = { gramsPerKilowattHour: undefined, price: undefined };
  const made = reportOf({ shards: [...models.shards()], policies, unreadable: [] }, assumptions, 0);
  const [namespace] = made.namespaces;
  assert.ok(namespace?.savings.kind === 'estimated', 'enough was held out');
  const { savedRatio, decisions, holdouts } = namespace.savings;
  await on('savings', async (page) => {
    const huge = await page.textContent('[data-figure="saved"]');
    assert.ok(Math.abs(number(huge ?? '') / 100 - (savedRatio?.mean ?? NaN)) < 0.006, huge ?? '');
    const text = (await page.textContent('section.card')) ?? '';
    assert.ok(text.includes(`${decisions} Pods, ${holdouts} of them held out`), text.slice(0, 400));
    const rows = await page.$$eval('section.card > .wide tbody tr', (found) => found.length);
    assert.equal(rows, namespace.workloads.length);
    // Its course, as a picture and as a table.
    await page.waitForSelector('svg.chart .band');
    await page.click('text=The same as a table');
    assert.ok((await page.$$('figure tbody tr')).length >= 2);
  });
});

test('workloads: latency and energy are those that the learner settled with', async () => {
  const { settlements } = entries();
  const newest = settlements.at(-1)?.time;
  const last = settlements.filter(({ time, status }) => time === newest && status === 'settled');
  assert.ok(last.length > 5, `${last.length} decisions were settled last`);
  await on('workloads', async (page) => {
    await page.waitForSelector('tr[data-workload]');
    for (const { workload, readings } of last) {
      const { p99Milliseconds: p99, podJoules, requests, errorRatio } = readings;
      assert.ok(p99?.kind === 'measured' && podJoules?.kind === 'measured');
      assert.ok(requests?.kind === 'measured' && errorRatio?.kind === 'measured');
      const cells = await page.$$eval(`tr[data-workload="${workload}"] td`, (found) =>
        found.map((cell) => cell.firstChild?.textContent ?? ''),
      );
      assert.ok(
        Math.abs(number(cells[2] ?? '') / p99.value - 1) < 0.01,
        `${workload} p99 ${cells[2] ?? ''}`,
      );
      const joules = podJoules.value / (requests.value * (1 - errorRatio.value));
      const shown = number(cells[5] ?? '') / ((cells[5] ?? '').endsWith('mJ') ? 1000 : 1);
      assert.ok(Math.abs(shown / joules - 1) < 0.01, `${workload}: ${cells[5] ?? ''}, ${joules} J`);
    }
    const idle = await page.textContent('tr[data-workload="Deployment/jaeger"] .badge');
    assert.equal(idle, 'absent', 'what serves no requests has no latency, which is not 0');
  });
});

test('values: every cell is that of the PlacementModel, with its samples', async () => {
  const shard = [...world.product.informers.models.shards()].find(
    ({ workload }) => workload === 'Deployment/frontend',
  );
  assert.ok(shard !== undefined);
  const address = ['hotel-res', 'demo', 'Deployment/frontend'].map(encodeURIComponent).join('/');
  await on(`values/${address}`, async (page) => {
    await page.waitForSelector('.heat');
    const cells = await page.$$eval('.heat-cell[data-value]', (found) =>
      found.map((cell) => {
        const { state, action, value, samples } = (cell as HTMLElement).dataset;
        const text = cell.querySelector('.heat-value')?.textContent ?? '';
        return { state, action, value: Number(value), samples: Number(samples), text };
      }),
    );
    const truth = Object.entries(shard.cells).flatMap(([state, row]) =>
      Object.entries(row).map(([action, { value, weight }]) => ({
        state,
        action,
        value,
        samples: weight,
      })),
    );
    const name = (one: { state?: string | undefined; action?: string | undefined }): string =>
      `${one.state ?? ''} ${one.action ?? ''}`;
    const plain = cells.map(({ state, action, value, samples }) => ({
      state,
      action,
      value,
      samples,
    }));
    assert.deepEqual(
      plain.sort((a, b) => name(a).localeCompare(name(b))),
      truth.filter(({ samples }) => samples > 0).sort((a, b) => name(a).localeCompare(name(b))),
    );
    for (const { value, text } of cells) {
      assert.ok(Math.abs(number(text) - value) <= Math.abs(value) * 0.006 + 1e-9, text);
    }
    const options = await page.$$eval('#table-choice option', (all) =>
      all.map((one) => (one as HTMLOptionElement).value),
    );
    const tier = options.find((value) => value.endsWith('Tier%2Fbusiness')) ?? '';
    await page.selectOption('#table-choice', tier);
    await page.waitForFunction(() => location.hash.includes('Tier'));
    await page.waitForSelector('.wide[aria-label="Learned values of Tier/business"]');
  });
});

test('decisions: the list and a story say what the audit log says', async () => {
  const { admissions, settlements } = entries();
  const decided = admissions.filter(({ decision }) => decision !== undefined);
  const settled = settlements.findLast(
    ({ status, asked }) => status === 'settled' && asked !== '(default)',
  );
  assert.ok(settled !== undefined);
  const logged = decided.find(({ decision }) => decision?.id === settled.decisionId)?.decision;
  assert.ok(logged !== undefined);
  await on('decisions', async (page) => {
    await page.waitForSelector('.decisions tr');
    const about = await page.textContent('.view-head p');
    assert.equal(number(about ?? ''), decided.length);
    assert.equal(await page.locator('.decisions tr').count(), 50);
    // Pages, by the buttons.
    const first = await page.getAttribute('.decisions tr', 'data-id');
    await page.click('text=Older →');
    await page.waitForSelector('text=Page 2:');
    assert.notEqual(await page.getAttribute('.decisions tr', 'data-id'), first);
    await page.click('text=← Newer');
    await page.waitForSelector('text=Page 1:');
    // Found by its Pod, opened by keyboard.
    await page.fill('#filter-text', settled.pod);
    await page.waitForFunction(() => document.querySelectorAll('.decisions tr').length === 1);
    await page.focus('.decisions a');
    await page.keyboard.press('Enter');
    await page.waitForSelector('dialog[open]');
    const focused = await page.evaluate(() => document.activeElement?.id);
    assert.equal(focused, 'story-title');
    const story = (await page.textContent('dialog')) ?? '';
    const asked = `Prefer ${logged.action}`;
    for (const part of [
      asked,
      logged.choice,
      logged.state,
      `policy ${logged.policy}`,
      settled.landed ?? '',
    ]) {
      assert.ok(story.includes(part), `"${part}" in: ${story.slice(0, 600)}`);
    }
    const rows = await page.$$eval('dialog tr[data-action]', (found) =>
      found.map((row) => ({
        action: (row as HTMLElement).dataset['action'] ?? '',
        then: row.querySelectorAll('td')[2]?.textContent ?? '',
      })),
    );
    for (const { action, value } of logged.candidates) {
      const shown = rows.find((row) => row.action === action);
      assert.ok(
        Math.abs(number(shown?.then ?? '') - value) <= Math.abs(value) * 0.006 + 1e-9,
        action,
      );
    }
    const advantage = /Advantage([+−][\d.]+)/.exec(story)?.[1] ?? '';
    assert.ok(Math.abs(number(advantage) - (settled.advantage ?? NaN)) < 0.006, advantage);
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog', { state: 'detached' });
    await page.waitForFunction(() => document.activeElement?.closest('tr[data-id]') !== null);
  });
});

test('the story of a decision of another day tells the day', async () => {
  await on('decisions', async (page) => {
    await page.route('**/api/decisions/*', async (route) => {
      const story = (await (await route.fetch()).json()) as Story;
      const { decision } = story;
      await route.fulfill({
        json: { ...story, decision: { ...decision, time: decision.time - DAY } },
      });
    });
    await page.click('.decisions a');
    await page.waitForSelector('dialog[open]');
    const story = (await page.textContent('dialog')) ?? '';
    assert.match(story, /Decided\d{1,2} [A-Z][a-z]{2} \d\d:\d\d:\d\d, policy/);
  });
});

test('decisions arrive by themselves while the page is open', async () => {
  await on('decisions', async (page) => {
    await page.waitForSelector('.decisions tr');
    const before = await page.getAttribute('.decisions tr', 'data-id');
    world.last = await world.rollout();
    await world.product.audit.flush(5000);
    await page.waitForFunction(
      (known) => document.querySelector('.decisions tr')?.getAttribute('data-id') !== known,
      before,
    );
    // They are settled before one's eyes.
    await page.waitForFunction(() =>
      [...document.querySelectorAll('.decisions tr')].some((row) =>
        row.textContent.includes('settled'),
      ),
    );
    const seen = number((await page.textContent('.view-head p')) ?? '');
    const { admissions } = entries();
    assert.equal(seen, admissions.filter(({ decision }) => decision !== undefined).length);
  });
});

test('experiment: every scenario with its figures', async () => {
  await on('experiment', async (page) => {
    await page.waitForSelector('tr[data-scenario]');
    const [cluster] = EXPERIMENT.clusters;
    for (const scenario of cluster?.scenarios ?? []) {
      const values = await page.$$eval(`tr[data-scenario="${scenario.name}"] td`, (cells) =>
        cells.map((cell) => Number((cell as HTMLElement).dataset['value'])),
      );
      const { joulesPerRequest, p99, throughput } = scenario;
      assert.deepEqual(values, [joulesPerRequest.mean, p99.mean, throughput.mean]);
    }
    // One mark alone would be no scale.
    const marks = await page.$$eval('svg.whiskers', (plots) =>
      plots.map((plot) => plot.querySelectorAll('text.axis').length),
    );
    assert.equal(marks.length, 3);
    assert.ok(Math.min(...marks) >= 2, `marks of the axes: ${marks.join(', ')}`);
    assert.equal(await page.locator('svg.chart .level').count(), 2);
  });
});

test('an address that does not exist leads to the cluster, a decision that is gone to the list', async () => {
  const { page, context } = await open(browser);
  await page.goto(`${world.url}#nowhere`);
  await page.waitForSelector('#views a[href="#cluster"][aria-current="page"]');
  await goTo(page, 'decisions/not-there');
  await page.waitForFunction(() => location.hash === '#decisions');
  await page.waitForSelector('.decisions tr');
  await context.close();
});
