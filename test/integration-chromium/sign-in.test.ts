// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { type Guarded, startGuarded } from '../integration/dashboard/product.ts';
import { contrastProblems, structureProblems } from './accessibility.ts';
import { launch, open } from './browser.ts';

const KNOWN = { users: { reader: 'alice', stranger: 'mallory' }, allowed: new Set(['alice']) };

let browser: Browser;
let guarded: Guarded;

before(async () => {
  [browser, guarded] = await Promise.all([launch(), startGuarded(KNOWN)]);
});

after(async () => {
  await browser.close();
  await guarded.close();
});

test('in a cluster the page asks for a token, says why one is refused, and forgets it', async () => {
  // The CA is the installation's own, which no browser knows.
  const { page, context } = await open(browser, { ignoreHTTPSErrors: true });
  await page.goto(guarded.url);
  await page.waitForSelector('#token');
  assert.deepEqual(await structureProblems(page), []);
  assert.deepEqual(await contrastProblems(page), []);
  assert.equal(await page.locator('[role="alert"]').count(), 0, 'nothing was tried yet');
  const signIn = async (token: string): Promise<void> => {
    await page.fill('#token', token);
    await page.keyboard.press('Enter');
  };
  await signIn('made-up');
  await page.waitForSelector('[role="alert"]:has-text("not valid")');
  await signIn('stranger');
  await page.waitForSelector('[role="alert"]:has-text("mallory may not get")');
  await signIn('reader');
  await page.waitForSelector('.node');
  assert.match((await page.textContent('#foot')) ?? '', /to alice/);
  await page.waitForSelector('.connection[data-kind="live"]');
  // It lives as long as the tab, survives a reload, and is in no address.
  await page.reload();
  await page.waitForSelector('.node');
  assert.ok(!page.url().includes('reader'));
  await page.click('text=Sign out');
  await page.waitForSelector('#token');
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  await page.reload();
  await page.waitForSelector('#token');
  await context.close();
});
