// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import supertest from 'supertest';
import { createOperationsApp, type ReadinessCheck } from '#admission/server/operations.ts';
import { World } from '../world.ts';

function get(path: string, checks: readonly ReadinessCheck[] = [], world = new World()) {
  return supertest(createOperationsApp({ registry: world.registry, checks })).get(path);
}

describe('operations', () => {
  it('is alive', async () => {
    const response = await get('/healthz');
    assert.equal(response.status, 200);
    assert.deepEqual(response.body, { status: 'ok' });
  });

  it('is ready when every check holds', async () => {
    const response = await get('/readyz', [{ name: 'a', problem: () => undefined }]);
    assert.equal(response.status, 200);
    assert.deepEqual(response.body, { ready: true, problems: [] });
  });

  it('says what keeps it from being ready', async () => {
    const response = await get('/readyz', [
      { name: 'a', problem: () => undefined },
      { name: 'b', problem: () => 'not yet' },
      {
        name: 'c',
        problem: () => {
          throw new Error('secret');
        },
      },
    ]);
    assert.equal(response.status, 503);
    assert.deepEqual(response.body, {
      ready: false,
      problems: [
        { name: 'b', problem: 'not yet' },
        { name: 'c', problem: 'the check itself failed' },
      ],
    });
  });

  it('gives the metrics of the registry', async () => {
    const world = new World();
    world.admission();
    const response = await get('/metrics', [], world);
    assert.equal(response.status, 200);
    assert.match(response.headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/);
    assert.match(response.text, /perihelion_admission_requests_total\{outcome="injected"\} 0/);
  });

  it('answers everything else with JSON', async () => {
    const response = await get('/nothing');
    assert.equal(response.status, 404);
    assert.equal(response.headers['content-type'], 'application/json');
  });
});

describe('checks of the admission path', () => {
  it('fail until the informers are synced and the port is open, and while draining', async () => {
    const world = new World();
    world.synced = false;
    const admission = world.admission();
    const failing = () =>
      admission.checks.filter((check) => check.problem() !== undefined).map((check) => check.name);
    assert.deepEqual(failing(), ['informers', 'server']);
    world.synced = true;
    assert.deepEqual(failing(), ['server']);
    await admission.drain({ quietMilliseconds: 0, longestMilliseconds: 0, graceMilliseconds: 0 });
    assert.deepEqual(failing(), ['draining', 'server']);
  });
});
