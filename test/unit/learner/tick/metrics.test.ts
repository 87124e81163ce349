// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { createLearnerMetrics } from '#learner/tick/metrics.ts';
import { World } from '../world.ts';

void test('a tick shows in the metrics, and nothing users name becomes a label', async () => {
  const registry = new Registry();
  const world = new World(1);
  const learner = world.learner({ metrics: createLearnerMetrics(registry) });
  await learner.tick();
  world.rollOut(4);
  await learner.tick();
  assert.match(await registry.metrics(), /^perihelion_learner_unsettled_decisions 4$/m);
  world.pass(75);
  await learner.tick();
  const text = await registry.metrics();
  assert.match(text, /^perihelion_learner_decisions_settled_total 4$/m);
  assert.match(text, /^perihelion_learner_unsettled_decisions 0$/m);
  assert.match(text, /^perihelion_learner_tick_duration_seconds_count 3$/m);
  assert.doesNotMatch(text, /frontend|worker-|decision-/);
});

void test('adherence has no value before a Pod was asked, and a ratio after', async () => {
  const registry = new Registry();
  const metrics = createLearnerMetrics(registry);
  metrics.adherence('zone', 0, 0);
  assert.doesNotMatch(await registry.metrics(), /^perihelion_adherence_ratio\{/m);
  metrics.adherence('zone', 3, 4);
  metrics.censored('stale', 2);
  metrics.rejected('forged');
  metrics.conflict();
  metrics.publishFailure();
  metrics.telemetryFailure();
  const text = await registry.metrics();
  for (const line of [
    'perihelion_adherence_ratio{topology_key="zone"} 0.75',
    'perihelion_learner_decisions_censored_total{reason="stale"} 2',
    'perihelion_learner_decisions_rejected_total{reason="forged"} 1',
    'perihelion_learner_write_conflicts_total 1',
    'perihelion_learner_publish_failures_total 1',
    'perihelion_learner_telemetry_failures_total 1',
  ]) {
    assert.ok(text.split('\n').includes(line), line);
  }
});
