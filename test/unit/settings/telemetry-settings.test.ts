// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingsSchema } from '#settings/settings.ts';

const parse = (telemetry: unknown) => settingsSchema.safeParse({ telemetry });

test('by default presets are found out, and nothing else is asked or sent', () => {
  const { telemetry } = settingsSchema.parse({});
  const { meter, mesh, nodeMetrics, carbon, scrape } = telemetry;
  assert.deepEqual(
    { meter, mesh, nodeMetrics, carbon, secure: scrape.secure },
    { meter: 'Auto', mesh: 'Auto', nodeMetrics: false, carbon: undefined, secure: undefined },
  );
});

test('presets are chosen by name', () => {
  const parsed = parse({ meter: 'KeplerOld', mesh: 'Linkerd' });
  assert.ok(parsed.success);
  assert.equal(parsed.data.telemetry.meter, 'KeplerOld');
  for (const wrong of [{ meter: 'Kepler' }, { mesh: 'istio' }]) {
    assert.equal(parse(wrong).success, false);
  }
});

test('a token is sent to named namespaces only: without one the section is refused', () => {
  assert.equal(parse({ scrape: { secure: {} } }).success, false);
  assert.equal(parse({ scrape: { secure: { namespaces: [] } } }).success, false);
  assert.equal(parse({ scrape: { secure: { namespaces: ['a/b'] } } }).success, false);
  const parsed = parse({ scrape: { secure: { namespaces: ['kepler'] } } });
  assert.ok(parsed.success);
  assert.equal(parsed.data.telemetry.scrape.secure?.port, 8443);
});

test('carbon: a table in bounds, and a query only where there is a server to ask', () => {
  assert.equal(
    parse({ carbon: { gramsPerKilowattHour: { 'eu-1': 40, default: 0 } } }).success,
    true,
  );
  assert.equal(parse({ carbon: { gramsPerKilowattHour: { 'eu-1': -1 } } }).success, false);
  assert.equal(parse({ carbon: { gramsPerKilowattHour: { 'eu-1': 9999 } } }).success, false);
  const query = { carbon: { query: 'grid_intensity' } };
  assert.equal(parse(query).success, false);
  const prometheus = { backend: 'Prometheus', prometheus: { url: 'http://p:9090' } };
  assert.equal(parse({ ...query, ...prometheus }).success, true);
});
