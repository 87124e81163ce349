// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricsReference } from '../../../tools/generate-metrics-reference.ts';
import { stale } from '../../../tools/generated-file.ts';
import { ALERTS } from '../../../tools/monitoring/alerts.ts';
import { FOREIGN_METRICS, NOT_SHOWN, ROWS } from '../../../tools/monitoring/panels.ts';
import { productMetrics } from '../../../tools/product-metrics.ts';

const metrics = await productMetrics();

/** Names of series, as they are exposed. */
const series = new Set(
  metrics.flatMap(({ name, type }) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);
const panels = ROWS.flatMap((row) =>
  row.panels.flatMap(({ title, queries }) => queries.map(({ expr }) => ({ where: title, expr }))),
);
const alerts = ALERTS.map(({ name, expr }) => ({ where: name, expr }));

/** Words of an expression that name a series: those with a prefix of an exporter. */
function seriesIn(expr: string): string[] {
  return expr
    .replaceAll(/"[^"]*"/g, '')
    .match(/\b(?:perihelion|apiserver|istio|kepler|node|container|kube)_\w+/g)!
    .filter((name) => name !== 'node_name');
}

test('every series that a panel or an alert names is exposed', () => {
  for (const { where, expr } of [...panels, ...alerts]) {
    const names = seriesIn(expr);
    assert.ok(names.length > 0, where);
    for (const name of names) {
      assert.ok(series.has(name) || FOREIGN_METRICS.includes(name), `${where}: ${name}`);
    }
  }
});

test('every label that a panel or an alert names belongs to its metric', () => {
  const labels = new Map(metrics.map(({ name, labels: own }) => [name, own]));
  const targetLabels = ['namespace', 'pod', 'le'];
  for (const { where, expr } of [...panels, ...alerts]) {
    for (const [, name = '', matchers = ''] of expr.matchAll(/\b(perihelion_\w+)\{([^}]*)\}/g)) {
      const own = labels.get(name) ?? labels.get(name.replace(/_(bucket|sum|count)$/, '')) ?? [];
      for (const [, label = ''] of matchers.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)) {
        assert.ok([...own, ...targetLabels].includes(label), `${where}: ${name}{${label}}`);
      }
    }
  }
});

test('every metric of ours is in the dashboard, or it stands on the list of those left out', () => {
  const shown = new Set(panels.flatMap(({ expr }) => seriesIn(expr)));
  for (const { name } of metrics) {
    if (!name.startsWith('perihelion_')) continue;
    const isShown = [name, `${name}_bucket`].some((one) => shown.has(one));
    assert.notEqual(isShown, name in NOT_SHOWN, `${name}: in exactly one of both`);
  }
  for (const name of Object.keys(NOT_SHOWN)) {
    assert.ok(
      metrics.some((metric) => metric.name === name),
      name,
    );
  }
});

test('every name and help text keeps the conventions', () => {
  for (const { name, type, help } of metrics) {
    assert.match(help, /^\S.*\.$/, name);
    if (!name.startsWith('perihelion_')) continue;
    assert.match(name, /^perihelion_[a-z0-9]+(_[a-z0-9]+)*$/);
    assert.equal(name.endsWith('_total'), type === 'counter', name);
    assert.doesNotMatch(name, /_(milliseconds|percent|ms)\b/, name);
    if (type === 'histogram') assert.match(name, /_(seconds|bytes)$/);
  }
});

test('docs/reference/metrics.md is what the running product says', async () => {
  assert.deepEqual(stale(await metricsReference(metrics)), [], 'run `npm run generate`');
});
