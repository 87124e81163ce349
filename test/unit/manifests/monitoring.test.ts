// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { WEBHOOK_NAME } from '#cli/roles/admission-role.ts';
import { ALERTS } from '../../../tools/monitoring/alerts.ts';
import { dashboard } from '../../../tools/monitoring/dashboard.ts';
import { MONITORS } from '../../../tools/monitoring/monitors.ts';
import { ROWS } from '../../../tools/monitoring/panels.ts';
import { type Field, field, fields } from './base.ts';

const guide = readFileSync(new URL('../../../docs/how-to/monitoring.md', import.meta.url), 'utf8');

describe('the alerts', () => {
  it('have names of their own, a summary, and a place in the guide', () => {
    assert.equal(new Set(ALERTS.map(({ name }) => name)).size, ALERTS.length);
    for (const { name, summary, description } of ALERTS) {
      assert.match(name, /^Perihelion[A-Z][A-Za-z]+$/);
      assert.match(summary, /^[A-Z].*\.$/, name);
      assert.match(description, /\.$/, name);
      assert.ok(guide.includes(`### ${name}\n`), `docs/how-to/monitoring.md: ### ${name}`);
    }
  });

  it('of the guide all exist', () => {
    const names = [...guide.matchAll(/^### (Perihelion\S+)$/gm)].map(([, name]) => name);
    assert.deepEqual(names.sort(), ALERTS.map(({ name }) => name).sort());
  });

  it('look at our webhook by its name', () => {
    const failedOpen = ALERTS.find(({ name }) => name === 'PerihelionFailedOpen');
    assert.ok(failedOpen?.expr.includes(`name="${WEBHOOK_NAME}"`));
  });
});

describe('the dashboard', () => {
  const board = dashboard() as Field;
  const panels = fields(board['panels']);
  const shown = panels.filter(({ type }) => type !== 'row');

  it('is one that every Grafana imports: classic, with a fixed uid and no id', () => {
    assert.equal(board['uid'], 'perihelion');
    assert.equal(board['id'], null);
    const ids = panels.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    const variables = fields(field(board, 'templating')['list']).map(({ name }) => name);
    assert.deepEqual(variables, ['datasource', 'namespace']);
  });

  it('asks the chosen data source in every panel and query, with a unit and a description', () => {
    const count = ROWS.reduce((sum, row) => sum + row.panels.length, 0);
    assert.equal(shown.length, count);
    for (const panel of shown) {
      const title = String(panel['title']);
      assert.equal(field(panel, 'datasource')['uid'], '${datasource}', title);
      assert.ok(field(panel, 'fieldConfig', 'defaults')['unit'], title);
      assert.match(String(panel['description']), /\.$/, title);
      const targets = fields(panel['targets']);
      assert.ok(targets.length > 0, title);
      for (const target of targets) {
        assert.equal(field(target, 'datasource')['uid'], '${datasource}', title);
      }
      assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
    }
  });

  it('has panels that lie inside the grid and not on each other', () => {
    const taken = new Set<string>();
    for (const panel of panels) {
      const { x, y, w, h } = field(panel, 'gridPos') as Record<string, number>;
      assert.ok(x! >= 0 && x! + w! <= 24, String(panel['title']));
      for (let column = x!; column < x! + w!; column += 1) {
        for (let line = y!; line < y! + h!; line += 1) {
          assert.ok(!taken.has(`${column}/${line}`), String(panel['title']));
          taken.add(`${column}/${line}`);
        }
      }
    }
  });
});

describe('the monitors', () => {
  it('of exporters set the node, which joins power and latency with a placement', () => {
    for (const { kind, name, spec } of MONITORS) {
      if (kind !== 'PodMonitor') continue;
      const [endpoint] = fields(spec['podMetricsEndpoints']);
      const nodes = fields(endpoint?.['relabelings']).filter(
        ({ targetLabel }) => targetLabel === 'node',
      );
      assert.equal(nodes.length, 1, name);
    }
  });
});
