// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { findingOf, percentText, quantityText, stateText } from '#cli/report/format.ts';
import type { Gathered } from '#cli/report/gather.ts';
import { html } from '#cli/report/html.ts';
import { intervalPlot, scaleOf } from '#cli/report/interval-plot.ts';
import type { Assumptions } from '#cli/report/options.ts';
import { renderPage } from '#cli/report/page.ts';
import { renderText } from '#cli/report/render-text.ts';
import { type Report, reportOf } from '#cli/report/report.ts';
import { styleOf } from '#cli/terminal/style.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { StoredSavings, StoredShadow } from '#cluster/model/evidence.ts';
import { parsePolicySpec } from '#cluster/policy/parse.ts';
import type { PolicyView } from '#cluster/policy/policy.ts';
import { addSavingsSample } from '#reward/savings.ts';
import { addShadowSample } from '#reward/shadow.ts';
import { shardOf } from '../admission/world.ts';
import { recorded } from './terminal.ts';

const NOW = Date.UTC(2026, 10, 22, 6, 30);
const NOTHING_ASSUMED: Assumptions = { gramsPerKilowattHour: undefined, price: undefined };

function policies(spec: object, name = 'default'): PolicyView {
  const policy = {
    namespace: 'shop',
    name,
    generation: 1,
    builtIn: false,
    spec: parsePolicySpec(spec),
  };
  return { policyFor: () => policy };
}

function report(
  shards: readonly Partial<ModelShard>[],
  changes: Partial<Gathered> = {},
  assumptions = NOTHING_ASSUMED,
): Report {
  const gathered: Gathered = {
    shards: shards.map((shard) => shardOf({ namespace: 'shop', ...shard })),
    policies: policies({}),
    unreadable: [],
    ...changes,
  };
  return reportOf(gathered, assumptions, NOW);
}

function text(made: Report): string {
  return renderText(made, styleOf(recorded()));
}

/** Placed Pods that cost `cost` joules and milliseconds, beside held-out ones that cost about 1. */
function savings(holdouts: number, placed: number, cost: number): StoredSavings {
  let sums: StoredSavings | undefined;
  for (let index = 0; index < holdouts + placed; index += 1) {
    const holdout = index < holdouts;
    const value = (holdout ? 1 : cost) + (index % 2 === 0 ? 0.01 : -0.01);
    sums = addSavingsSample(sums, {
      holdout,
      holdoutRatio: 0.5,
      requests: 1000,
      joulesPerRequest: { value, expected: 1 },
      p99Milliseconds: { value: 10 * value, expected: 10 },
    });
  }
  assert.ok(sums !== undefined);
  return sums;
}

function shadow(count: number): StoredShadow {
  let sums: StoredShadow | undefined;
  for (let index = 0; index < count; index += 1) {
    const landed = index % 2 === 0 ? 'a' : 'b';
    const saved = landed === 'a' ? 0.3 : -0.1;
    const sample = { wanted: 'a', landed, targets: 2, energy: saved, latency: 0 };
    sums = addShadowSample(sums, sample);
  }
  assert.ok(sums !== undefined);
  return sums;
}

describe('the figures of a report', () => {
  it('are those of the stored sums, each workload and all together', () => {
    const made = report([
      { workload: 'Deployment/a', savings: savings(30, 30, 0.8), followed: 3, asked: 4 },
      { workload: 'Deployment/b', savings: savings(30, 30, 0.6), followed: 1, asked: 4 },
    ]);
    const [shop] = made.namespaces;
    const ratios = [shop, ...(shop?.workloads ?? [])].map((one) =>
      one?.savings.kind === 'estimated' ? one.savings.savedRatio?.mean.toFixed(2) : undefined,
    );
    assert.deepEqual(ratios, ['0.30', '0.20', '0.40']);
    assert.deepEqual(shop?.adherence, { followed: 4, asked: 8, byTarget: [] });
    assert.match(text(made), /^ {2}saved {6}\+18 kJ \[/m);
    assert.match(text(made), /^ {2}p99 {8}-3 ms \[-[\d.]+, -[\d.]+\]$/m);
  });

  it('say by target how often the scheduler followed, the one asked for most first', () => {
    const [few, many] = [
      { asked: 4, followed: 4 },
      { asked: 6, followed: 3 },
    ];
    const made = report([
      { workload: 'Deployment/a', followed: 7, asked: 10, adherence: { few, many } },
      { workload: 'Deployment/b', followed: 3, asked: 6, adherence: { many } },
    ]);
    assert.deepEqual(made.namespaces[0]?.adherence, {
      ...{ followed: 10, asked: 16 },
      byTarget: [
        { target: 'many', followed: 6, asked: 12 },
        { target: 'few', followed: 4, asked: 4 },
      ],
    });
    assert.match(text(made), /^ {2}adherence {2}10 of 16 \(63 %\)$/m);
    assert.match(text(made), /^ +lately many 50 %, few 100 %$/m);
    assert.match(renderPage(made), /Lately by target: many 50 %, few 100 %/);
  });

  it('do not add the values of a tier to those of its workloads', () => {
    const cells = { all: { a: { value: 0.1, weight: 2 } } };
    const made = report([
      { workload: 'Tier/data', cells },
      { workload: 'Deployment/a', settled: ['x'] },
    ]);
    const [shop] = made.namespaces;
    assert.deepEqual(
      shop?.workloads.map(({ workload }) => workload),
      ['Deployment/a'],
    );
    assert.deepEqual(shop.tiers[0]?.values, [
      { state: 'all', action: 'a', value: 0.1, samples: 2 },
    ]);
    assert.equal(shop.settled, 1);
  });

  it('say that an interval around 0 shows nothing either way', () => {
    const made = report([{ savings: savings(30, 30, 1) }]);
    assert.match(text(made), /^ {2}saved .*\(not shown either way\)$/m);
    assert.match(renderPage(made), /class="unclear">[^<]*not shown either way/);
  });

  it('are not given for a mode of another policy', () => {
    const [shop] = report([{ policy: 'gone' }]).namespaces;
    assert.deepEqual([shop?.mode, shop?.workloads[0]?.mode], ['Prefer', undefined]);
    const [unknown] = report([{}], { policies: undefined }).namespaces;
    assert.deepEqual([unknown?.mode, unknown?.workloads[0]?.mode], [undefined, undefined]);
  });

  it('are in the order of the names, whatever the API server sends first', () => {
    const made = report([
      { namespace: 'b', workload: 'Deployment/z' },
      { namespace: 'a' },
      { namespace: 'b', workload: 'Deployment/a' },
    ]);
    assert.deepEqual(
      made.namespaces.map(({ namespace, workloads }) => [
        namespace,
        workloads.map((w) => w.workload),
      ]),
      [
        ['a', ['Deployment/frontend']],
        ['b', ['Deployment/a', 'Deployment/z']],
      ],
    );
  });
});

describe('a refusal', () => {
  const reason = (stored: StoredSavings | undefined, spec: object): string => {
    const made = report([{ savings: stored }], { policies: policies(spec) });
    const found = made.namespaces[0]?.workloads[0]?.savings;
    assert.ok(found?.kind === 'refused');
    assert.ok(renderPage(made).includes('No figure'));
    assert.ok(text(made).includes(`no figure: ${found.reason}`));
    return found.reason;
  };

  it('says why there is no figure', () => {
    assert.match(reason(undefined, { mode: 'Off' }), /mode Off/);
    assert.match(reason(undefined, { mode: 'Shadow' }), /mode Shadow nothing is injected/);
    assert.match(reason(undefined, { holdoutPercent: 0 }), /holds nothing out/);
    assert.match(reason(undefined, {}), /no Pod whose side was drawn/);
    assert.match(reason(savings(19, 30, 0.8), {}), /^19 of the 20 held-out Pods/);
    assert.match(reason(savings(30, 1, 0.8), {}), /both placed and held out/);
    assert.match(reason({ ...savings(30, 30, 1), requests: 0 }, {}), /served no request/);
  });

  it('is not the end of a report over sums that no learner writes', () => {
    const good = savings(30, 30, 1);
    const arm = { ...good.joulesPerRequest.placed, weight: 0 };
    const broken = { ...good, joulesPerRequest: { ...good.joulesPerRequest, placed: arm } };
    assert.match(reason(broken, {}), /no finite figure/);
    const stored = shadow(60);
    const [first] = stored.decisions;
    assert.ok(first !== undefined);
    const forged = { ...stored, decisions: [{ ...first, propensity: 5 }] };
    const found = report([{ shadow: forged }]).namespaces[0]?.shadow;
    assert.match(found?.kind === 'refused' ? found.reason : '', /outside \(0, 1\]/);
  });
});

describe('a Shadow estimate', () => {
  it('is given with all three estimators', () => {
    const made = report([{ shadow: shadow(200) }], { policies: policies({ mode: 'Shadow' }) });
    const found = made.namespaces[0]?.workloads[0]?.shadow;
    assert.ok(found?.kind === 'estimated');
    assert.ok(Math.abs(found.energy.doublyRobust.mean - 0.3) < 0.05);
    assert.match(text(made), /^ {2}shadow {5}\+\d+.* % \[.*energy, estimated$/m);
    assert.match(renderPage(made), /Self-normalised/);
  });

  it('is refused in words where it would rest on too little, and absent where there is none', () => {
    const made = report([{ shadow: shadow(30) }]);
    assert.match(text(made), /^ {2}shadow {5}no estimate: 20 decisions weigh as much as \d/m);
    const early = report([{ shadow: shadow(3) }]).namespaces[0]?.shadow;
    assert.match(early?.kind === 'refused' ? early.reason : '', /^no decision can be judged yet/);
    assert.equal(report([{}]).namespaces[0]?.shadow, undefined);
    assert.doesNotMatch(text(report([{}])), /shadow/);
  });
});

describe('a circuit', () => {
  const circuit = {
    state: 'open',
    reason: 'slo-breach',
    changedAt: NOW - 60_000,
    retryAt: NOW + 60_000,
    coolingSeconds: 120,
    breaches: 0,
    unmeasured: 0,
    evidence: 1,
    trialsPassed: 0,
    trialAdvantage: 0,
  } as const;

  it('is told in words for each of its phases', () => {
    const told = (changes: object): string =>
      text(report([{ circuit: { ...circuit, ...changes } }]));
    assert.match(
      told({}),
      /circuit +open since 2026-11-22T06:29:00Z: objectives were missed; trials from 2026-11-22T06:31:00Z/,
    );
    assert.match(told({ retryAt: NOW - 1, trialsPassed: 2 }), /circuit +on trial, 2 passed/);
    assert.match(told({ state: 'closed' }), /circuit +closed again since 2026-11-22T06:29:00Z/);
    assert.match(told({ changedAt: 1e300 }), /open since an unknown time/);
  });
});

describe('the page', () => {
  const HOSTILE = `"><script>alert('x')</script>&lt;\u202e\u0007<img src=x onerror=y>`;
  const hostile = (): Report =>
    report(
      [
        {
          namespace: HOSTILE,
          policy: HOSTILE,
          workload: HOSTILE,
          cells: { [HOSTILE]: { [HOSTILE]: { value: 1, weight: 1 } } },
          savings: savings(30, 30, 0.8),
          shadow: shadow(200),
        },
        { namespace: 'other', workload: `Tier/${HOSTILE}`, cells: {} },
      ],
      { policies: policies({}, HOSTILE), unreadable: [HOSTILE] },
      { gramsPerKilowattHour: 1, price: { perKilowattHour: 1, currency: HOSTILE } },
    );

  it('escapes everything that comes from the cluster', () => {
    const page = renderPage(hostile());
    assert.ok(page.includes('&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;lt;'));
    assert.doesNotMatch(page, /<script|<img|onerror=y>|[\u202e\u0007]/);
  });

  it('cannot be escaped from by any text, in an element or an attribute', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const { html: made } = html`<a title="${value}">${value}</a>`;
        const inside = /^<a title="([^"<>]*)">([^<>"]*)<\/a>$/su.exec(made);
        assert.ok(inside !== null, made);
        assert.equal(inside[1], inside[2]);
        assert.doesNotMatch(inside[1] ?? '', /&(?!(amp|lt|gt|quot|#39);)/);
      }),
    );
  });

  it('is well formed: every element that is opened is closed, in order', () => {
    for (const made of [hostile(), report([]), report([{}])]) {
      assertNested(renderPage(made));
    }
  });

  it('loads nothing and forbids it too', () => {
    const page = renderPage(hostile());
    assert.match(page, /content="default-src 'none'; style-src 'unsafe-inline'"/);
    assert.doesNotMatch(page, /\b(?:src|href)="(?!#)|url\(|@import/);
  });

  it('can be read without a pointer, without colours and by a machine', () => {
    const page = renderPage(hostile());
    assert.match(page, /<html lang="en">/);
    assert.match(page, /prefers-color-scheme: dark/);
    assert.equal(matches(page, /<main\b/g), 1);
    assert.equal(matches(page, /<h1\b/g), 1);
    assert.equal(matches(page, /<table\b/g), matches(page, /<caption\b/g));
    assert.doesNotMatch(page, /<th(?=[\s>])(?![^>]*\bscope=)/);
    assert.equal(
      matches(page, /<svg\b/g),
      matches(page, /<svg[^>]*role="img"[^>]*aria-label="[^"]+"/g),
    );
    const wide = matches(page, /class="wide"/g);
    assert.equal(
      matches(page, /class="wide" *\s*tabindex="0"\s*role="region"\s*aria-label="/g),
      wide,
    );
    const ids = [...page.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length);
    for (const [, target] of page.matchAll(/(?:href="#|aria-labelledby=")([^"]+)"/g)) {
      assert.ok(ids.includes(target), target);
    }
  });

  it('says so where nothing was learned', () => {
    assert.match(renderPage(report([])), /<p>Nothing is learned yet/);
  });
});

describe('an interval', () => {
  it('is written with its unit and the prefix of its largest bound', () => {
    assert.equal(percentText({ mean: 0.1234, low: -0.02, high: 0.3 }), '+12.3 % [-2, +30]');
    assert.equal(quantityText({ mean: 1500, low: -20, high: 3020 }, 'J'), '+1.5 kJ [-0.02, +3.02]');
    assert.equal(quantityText({ mean: 0, low: -0.1, high: 0.1 }, 'g'), '+0 g [-0.1, +0.1]');
  });

  it('shows something only when 0 is outside', () => {
    const above = { mean: 1, low: 0.1, high: 2 };
    const below = { mean: -1, low: -2, high: -0.1 };
    assert.equal(findingOf(above, 'above'), 'good');
    assert.equal(findingOf(above, 'below'), 'bad');
    assert.equal(findingOf(below, 'above'), 'bad');
    assert.equal(findingOf(below, 'below'), 'good');
    assert.equal(findingOf({ mean: 0, low: 0, high: 1 }, 'above'), 'unclear');
  });

  it('is drawn inside its picture, whatever it is', () => {
    const bound = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(bound, bound, bound, (a, b, c) => {
        const [low = 0, mean = 0, high = 0] = [a, b, c].sort((x, y) => x - y);
        const interval = { low, mean, high };
        const { html: drawn } = intervalPlot(interval, scaleOf([interval], 1), 'good', 'x');
        for (const [, x] of drawn.matchAll(/\b(?:x1|x2|cx)="([^"]*)"/g)) {
          assert.ok(Number(x) >= 0 && Number(x) <= 160, drawn);
        }
      }),
    );
    assert.equal(scaleOf([]), 1);
    assert.equal(scaleOf([{ mean: 0, low: 0, high: 0 }]), 1);
    assert.equal(scaleOf([{ mean: 0, low: -3, high: 2 }]), 3);
  });
});

describe('a state', () => {
  it('is told in words where an agent wrote it', () => {
    assert.equal(
      stateText('load=high,least=worker-1,peers=(none)'),
      'load high, least pressure worker-1, no peers placed',
    );
    assert.equal(stateText('all'), 'always');
    assert.equal(stateText('<b>'), '<b>');
  });
});

function matches(page: string, pattern: RegExp): number {
  return [...page.matchAll(pattern)].length;
}

/** Elements without an end tag. */
const VOID = new Set(['meta', 'line', 'path', 'circle']);

function assertNested(page: string): void {
  const open: string[] = [];
  const body = page.replace(/<style>[^]*?<\/style>/, '').replace('<!doctype html>', '');
  for (const [, slash, name = ''] of body.matchAll(/<(\/?)([a-z0-9]+)(?:\s[^>]*)?>/g)) {
    if (slash === '/') assert.equal(open.pop(), name);
    else if (!VOID.has(name)) open.push(name);
  }
  assert.deepEqual(open, []);
}
