// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { contrastProblems, structureProblems, tabOrder } from './accessibility.ts';
import { goTo, launch, open } from './browser.ts';
import { startWorld, type World } from './world.ts';

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
  }
  await context.close();
});
