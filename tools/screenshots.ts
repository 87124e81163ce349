// SPDX-License-Identifier: Apache-2.0
/*
 * Pictures of the dashboard for the documentation: node tools/screenshots.ts [folder]. Runs the
 * demo's cluster with the product on it, learns for a while, and looks at the page in Chromium
 * (CHROMIUM, or `chromium` from the PATH). The experiment is that of out/demo/results.json, where
 * there is one.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { experimentOf } from '#cli/demo/experiment.ts';
import { DEMO_POLICY_SPEC, startAgentWorld } from '#cli/demo/agent-run.ts';
import { APPLICATION_NAMESPACE } from '#cli/demo/scenario.ts';
import type { DemoResults } from '#cli/demo/results.ts';
import { goTo, launch, open } from '../test/integration-chromium/browser.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ROLLOUTS = 90;
/** A picture in the documentation is at most so large. */
const MOST_BYTES = 200 * 1024;

interface Shot {
  readonly name: string;
  readonly view: string;
  readonly colorScheme: 'light' | 'dark';
  readonly width: number;
  readonly height: number;
  /** What must be there before the picture is taken. */
  readonly ready: string;
}

const WIDE = { width: 1180, height: 780 } as const;
const SHOTS: readonly Shot[] = [
  { name: 'cluster', view: 'cluster', colorScheme: 'light', ...WIDE, ready: '.node' },
  { name: 'cluster-dark', view: 'cluster', colorScheme: 'dark', ...WIDE, ready: '.node' },
  { name: 'savings', view: 'savings', colorScheme: 'light', ...WIDE, ready: 'svg.chart' },
  {
    name: 'workloads',
    view: 'workloads',
    colorScheme: 'light',
    ...WIDE,
    ready: 'tr[data-workload]',
  },
  { name: 'values', view: 'values', colorScheme: 'dark', ...WIDE, ready: '.heat' },
  { name: 'decisions', view: 'decisions', colorScheme: 'light', ...WIDE, ready: '.decisions tr' },
  { name: 'story', view: 'decisions/ID', colorScheme: 'dark', ...WIDE, ready: 'dialog[open]' },
  { name: 'experiment', view: 'experiment', colorScheme: 'light', ...WIDE, ready: 'svg.whiskers' },
];

/** Takes every picture. @throws Error for one that is too large for the documentation */
async function shoot(browser: Browser, url: string, folder: string, views: ReadonlySet<string>) {
  const query = 'api/decisions?limit=1&choice=explore&status=settled';
  const answer = (await (await fetch(`${url}${query}`)).json()) as { rows: { id: string }[] };
  const id = encodeURIComponent(answer.rows[0]?.id ?? '');
  for (const { name, view, colorScheme, width, height, ready } of SHOTS) {
    if (!views.has(view)) continue;
    const { page, context } = await open(browser, { width, height, colorScheme });
    await page.goto(url);
    await goTo(page, view.replace('ID', id));
    await page.waitForSelector(ready);
    await page.waitForTimeout(700);
    const picture = await page.screenshot();
    await context.close();
    if (picture.length > MOST_BYTES) throw new Error(`${name}: ${picture.length} bytes`);
    writeFileSync(join(folder, `dashboard-${name}.png`), picture);
    console.log(
      `${String(Math.ceil(picture.length / 1024)).padStart(4)} KiB  dashboard-${name}.png`,
    );
  }
}

async function main([folder = join(ROOT, 'docs/images')]: readonly string[]): Promise<void> {
  const results = join(ROOT, 'out/demo/results.json');
  const experiment = existsSync(results)
    ? experimentOf(JSON.parse(readFileSync(results, 'utf8')) as DemoResults)
    : undefined;
  const views = new Set(SHOTS.map(({ view }) => view));
  if (experiment === undefined) {
    views.delete('experiment');
    console.log('no out/demo/results.json: the experiment is left out (make demo)');
  }
  mkdirSync(folder, { recursive: true });
  const temporary = mkdtempSync(join(tmpdir(), 'perihelion-screenshots-'));
  const load = { kind: 'open', requestsPerSecond: 500 } as const;
  const auditPath = join(temporary, 'audit.jsonl');
  const job = { cluster: 'mixed', seed: 1, rollouts: ROLLOUTS, load, auditPath } as const;
  const browser = await launch();
  const world = await startAgentWorld(job, { port: 0, experiment });
  try {
    // More is held out than by default, so that the savings have a course after minutes.
    await world.cluster.apply({
      apiVersion: 'perihelion.dev/v1alpha1',
      kind: 'PlacementPolicy',
      metadata: { name: 'demo', namespace: APPLICATION_NAMESPACE },
      spec: { ...DEMO_POLICY_SPEC, holdoutPercent: 20 },
    });
    const revision = world.cluster.resourceVersionOf('placementpolicies', 'perihelion.dev');
    await world.product.informers.untilResourceVersion('policies', revision);
    for (let rollout = 0; rollout < ROLLOUTS; rollout += 1) await world.rollout();
    await shoot(browser, world.product.dashboardUrl ?? '', folder, views);
  } finally {
    await world.stop();
    await browser.close();
    rmSync(temporary, { recursive: true, force: true });
  }
}

if (import.meta.main) await main(process.argv.slice(2));
