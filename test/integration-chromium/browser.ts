// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** Without a network of its own and without a profile: nothing but the page under test. */
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The browser of this machine: `CHROMIUM`, or `chromium` from the PATH. */
export function findChromium(): string | undefined {
  const given = process.env['CHROMIUM'];
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const candidates = [given, ...folders.map((folder) => join(folder, 'chromium'))];
  return candidates.find((file) => file !== undefined && file !== '' && existsSync(file));
}

/** Starts the browser with a new, empty profile. @throws Error on a machine without one */
export function launch(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    throw new Error('no Chromium: apt-get install chromium, or set CHROMIUM to its path');
  }
  return chromium.launch({ executablePath, args: ARGUMENTS });
}

/** A page and everything that it complained about. */
export interface Watched {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors and warnings of the console, and exceptions. */
  readonly complaints: string[];
}

/** How a page is opened. */
export interface OpenOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
  readonly ignoreHTTPSErrors?: boolean;
}

/** Opens a page in a context of its own. */
export async function open(browser: Browser, options: OpenOptions = {}): Promise<Watched> {
  const { width = 1280, height = 900, colorScheme = 'light', ignoreHTTPSErrors = false } = options;
  const viewport = { width, height };
  const context = await browser.newContext({ viewport, colorScheme, ignoreHTTPSErrors });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
  return { page, context, complaints };
}

/** Goes to a view and waits until it shows what it loaded. */
export async function goTo(page: Page, view: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(view)}`);
  const [name = ''] = view.split('/');
  await page.waitForSelector(`#views a[href="#${name}"][aria-current="page"]`);
  await page.waitForSelector('#view-title');
}
