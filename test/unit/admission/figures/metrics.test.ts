// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { AdmissionMetrics, OUTCOMES } from '#admission/figures/metrics.ts';
import { FAILURE_REASONS, INFEASIBLE_REASONS, SKIP_REASONS } from '#admission/review/reasons.ts';

describe('AdmissionMetrics', () => {
  it('starts every series at 0', async () => {
    const registry = new Registry();
    const metrics = new AdmissionMetrics(registry, () => 4);
    const text = await registry.metrics();
    for (const outcome of OUTCOMES) {
      assert.ok(text.includes(`perihelion_admission_requests_total{outcome="${outcome}"} 0`));
    }
    for (const reason of SKIP_REASONS) {
      assert.ok(text.includes(`perihelion_admission_skipped_total{reason="${reason}"} 0`));
    }
    for (const reason of FAILURE_REASONS) {
      assert.ok(text.includes(`perihelion_admission_failed_total{reason="${reason}"} 0`));
    }
    for (const reason of INFEASIBLE_REASONS) {
      assert.ok(text.includes(`perihelion_infeasible_targets_total{reason="${reason}"} 0`));
    }
    assert.match(text, /^perihelion_patch_rejected_total 0$/m);
    assert.match(text, /^perihelion_admission_deadline_total 0$/m);
    assert.match(text, /^perihelion_pending_placements 4$/m);
    metrics.duration.observe(0.0003);
    assert.match(await registry.metrics(), /duration_seconds_bucket\{le="0.0005"\} 1/);
  });

  it('gives every count to whoever asks next, and none twice', async () => {
    const registry = new Registry();
    const metrics = new AdmissionMetrics(registry, () => 0);
    for (let scrape = 1; scrape <= 2; scrape += 1) {
      metrics.requests.inc('injected');
      metrics.skipped.inc('shadow');
      metrics.failed.inc('deadline');
      metrics.infeasible.inc('no-room');
      metrics.replaced.inc('copied');
      metrics.decisions.target.inc('greedy');
      metrics.decisions.default.inc('holdout');
      metrics.refuse(415);
      metrics.duration.observe(0.3);
      metrics.inFlight += 1;
      const lines = (await registry.metrics()).split('\n');
      for (const series of [
        'perihelion_admission_requests_total{outcome="injected"}',
        'perihelion_admission_skipped_total{reason="shadow"}',
        'perihelion_admission_failed_total{reason="deadline"}',
        'perihelion_infeasible_targets_total{reason="no-room"}',
        'perihelion_decisions_replaced_total{reason="copied"}',
        'perihelion_decisions_total{action_kind="target",reason="greedy"}',
        'perihelion_decisions_total{action_kind="default",reason="holdout"}',
        'perihelion_http_refused_total{status="415"}',
        'perihelion_admission_duration_seconds_count',
        'perihelion_admission_in_flight',
      ]) {
        assert.ok(lines.includes(`${series} ${scrape}`), `${series} ${scrape}`);
      }
      assert.ok(
        lines.includes('perihelion_decisions_total{action_kind="default",reason="greedy"} 0'),
      );
    }
  });

  it('follows the naming rules', async () => {
    const registry = new Registry();
    new AdmissionMetrics(registry, () => 0);
    for (const metric of await registry.getMetricsAsJSON()) {
      assert.match(metric.name, /^perihelion_[a-z_]+$/);
      assert.equal(String(metric.type) === 'counter', metric.name.endsWith('_total'), metric.name);
    }
  });

  it('can be made twice, with two registries', () => {
    new AdmissionMetrics(new Registry(), () => 0);
    new AdmissionMetrics(new Registry(), () => 0);
  });
});
