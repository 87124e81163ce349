// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { ClusterNow, Workloads } from '#dashboard/api/api.ts';
import { contrastProblems, structureProblems, tabOrder } from './accessibility.ts';
import { goTo, launch, open } from './browser.ts';
import { startWorld, type World } from './world.ts';

const WATCHED_MILLISECONDS = 10_000;
const VIEWS = ['cluster', 'savings', 'workloads', 'values', 'decisions', 'experiment'];

let browser: Browser;
let world: World;

before(async () => {
  [browser, world] = await Promise.all([launch(), startWorld(5)]);
});

after(async () => {
  await browser.close();
  await world.close();
});

/** The views, and a decision's story over the list. */
async function addresses(): Promise<string[]> {
  const query = 'api/decisions?limit=1&status=settled';
  const answer = (await (await fetch(`${world.url}${query}`)).json()) as { rows: { id: string }[] };
  return [...VIEWS, `decisions/${encodeURIComponent(answer.rows[0]?.id ?? '')}`];
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`${colorScheme}: every view has landmarks, labels, headings in order and enough contrast`, async () => {
    const { page, context, complaints } = await open(browser, { colorScheme });
    await page.goto(world.url);
    for (const address of await addresses()) {
      await goTo(page, address);
      const isStory = address.includes('/');
      await page.waitForSelector(isStory ? 'dialog[open]' : 'main table, main .node');
      assert.deepEqual(await structureProblems(page), [], address);
      for (const summary of await page.$$('summary')) {
        if (!isStory || (await summary.evaluate((one) => one.closest('dialog') !== null))) {
          await summary.click();
        }
      }
      assert.deepEqual(await contrastProblems(page), [], address);
    }
    assert.deepEqual(complaints, []);
    await context.close();
  });
}

test('the theme is chosen by hand, holds after a reload, and changes the colours', async () => {
  const { page, context } = await open(browser, { colorScheme: 'light' });
  await page.goto(world.url);
  const ground = (): Promise<string> =>
    page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.click('#theme');
  assert.equal(await page.textContent('#theme'), 'Colours: light');
  assert.equal(await ground(), light);
  await page.click('#theme');
  assert.equal(await page.textContent('#theme'), 'Colours: dark');
  assert.notEqual(await ground(), light);
  await page.reload();
  assert.equal(await page.textContent('#theme'), 'Colours: dark');
  assert.notEqual(await ground(), light);
  await context.close();
});

test('where the reader lets no site keep anything, the page works and the theme lasts as long as it', async () => {
  const { page, context, complaints } = await open(browser, { colorScheme: 'light' });
  await page.addInitScript(() => {
    for (const area of ['localStorage', 'sessionStorage']) {
      Object.defineProperty(window, area, {
        get() {
          throw new DOMException('denied', 'SecurityError');
        },
      });
    }
  });
  await page.goto(world.url);
  await page.waitForSelector('main .node');
  await page.click('#theme');
  await page.click('#theme');
  assert.equal(await page.textContent('#theme'), 'Colours: dark');
  assert.deepEqual(complaints, []);
  await context.close();
});

test('by keyboard: skip link, views, theme, then the content; a view that is chosen takes the focus', async () => {
  const { page, context } = await open(browser);
  await page.goto(world.url);
  await page.waitForSelector('#views a[href="#experiment"]');
  const order = await tabOrder(page, 8);
  assert.deepEqual(order, ['#main', ...VIEWS.map((view) => `#${view}`), '#theme']);
  await page.focus('#views a[href="#savings"]');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement?.id === 'view-title');
  assert.equal(await page.title(), 'Savings · Perihelion');
  // A refresh of what is shown leaves the focus where it is.
  await page.focus('section.card > .wide');
  await world.rollout();
  await page.waitForTimeout(1500);
  const still = await page.evaluate(() => document.activeElement?.classList.contains('wide'));
  assert.equal(still, true);
  await context.close();
});

test('on a telephone nothing is wider than the screen', async () => {
  const { page, context } = await open(browser, { width: 360, height: 740 });
  await page.goto(world.url);
  for (const address of await addresses()) {
    await goTo(page, address);
    await page.waitForSelector(address.includes('/') ? 'dialog[open]' : 'main table, main .node');
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(beyond <= 0, `${address}: ${beyond} pixels too wide`);
    assert.equal(await isTabInSight(page), true, `${address}: its tab is out of sight`);
  }
  await context.close();
});

/** Whether the tab of the present view is inside the list of views, which may be scrolled. */
function isTabInSight(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const list = document.querySelector('#views')?.getBoundingClientRect();
    const tab = document.querySelector('#views [aria-current]')?.getBoundingClientRect();
    if (list === undefined || tab === undefined) return false;
    return tab.left >= list.left - 1 && tab.right <= list.right + 1;
  });
}

test('at 1280 pixels the table of workloads is seen as a whole', async () => {
  const { page, context } = await open(browser);
  await page.goto(world.url);
  await goTo(page, 'workloads');
  const beyond = await page.$eval('main > .wide', (one) => one.scrollWidth - one.clientWidth);
  assert.ok(beyond <= 0, `${beyond} pixels too wide`);
  await context.close();
});

const LONGEST_NAME = 'n'.repeat(253);

test('names of 253 characters without a place to break make nothing wider, nor hide the figures', async () => {
  for (const width of [360, 1280]) {
    const { page, context } = await open(browser, { width });
    await page.route('**/api/cluster', async (route) => {
      const answer = (await (await route.fetch()).json()) as ClusterNow;
      const nodes = answer.nodes.map((node) => ({
        ...{ ...node, name: LONGEST_NAME },
        watts: { status: 'absent', detail: LONGEST_NAME },
        pods: node.pods.map((pod) => ({ ...pod, workload: `Deployment/${LONGEST_NAME}` })),
      }));
      await route.fulfill({ json: { ...answer, nodes, problem: LONGEST_NAME } });
    });
    await page.route('**/api/workloads', async (route) => {
      const answer = (await (await route.fetch()).json()) as Workloads;
      const [first] = answer.workloads;
      const workloads = [{ ...first, workload: `Deployment/${LONGEST_NAME}` }];
      await route.fulfill({ json: { ...answer, workloads } });
    });
    await page.goto(world.url);
    await goTo(page, 'cluster');
    await page.waitForSelector('.note.bad');
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(beyond <= 0, `cluster at ${width}: ${beyond} pixels too wide`);
    await goTo(page, 'workloads');
    const name = await page.$eval('tbody th', (one) => one.clientWidth);
    assert.ok(name < 400, `the name alone takes ${name} pixels`);
    await context.close();
  }
});

test('thousands of workloads leave the page time for whoever reads it', async () => {
  const { page, context } = await open(browser);
  await page.route('**/api/workloads', async (route) => {
    const answer = (await (await route.fetch()).json()) as Workloads;
    const [first] = answer.workloads;
    const history = Array.from({ length: 60 }, (_, index) => [index, index % 7, index % 5]);
    const workloads = Array.from({ length: 3000 }, (_, index) => {
      return { ...first, history, workload: `Deployment/workload-${index}` };
    });
    await route.fulfill({ json: { ...answer, workloads } });
  });
  await page.goto(world.url);
  await goTo(page, 'workloads');
  await page.waitForSelector('tr[data-workload="Deployment/workload-2999"]');
  const busy = await page.evaluate(async (milliseconds) => {
    let sum = 0;
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) sum += duration;
    });
    observer.observe({ type: 'longtask' });
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    return sum;
  }, WATCHED_MILLISECONDS);
  // Nothing changes but ages. Every second anew it would be busy most of the time.
  const share = busy / WATCHED_MILLISECONDS;
  assert.ok(share < 0.3, `busy ${(share * 100).toFixed(0)} % of the time`);
  await context.close();
});
