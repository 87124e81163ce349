// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countQuery, sampledAtQuery, sumQuery, valueQuery } from '#telemetry/promql.ts';
import { createQuestions } from '#telemetry/questions.ts';

const questions = createQuestions('package');
const window = { from: 0, to: 120_000 };

test('selections become PromQL', () => {
  assert.equal(
    valueQuery(questions.podJoules),
    'max by (node_name,pod_id,zone) (kepler_pod_cpu_joules_total{zone=~"package|psys|core|dram|uncore"})',
  );
  assert.equal(
    sumQuery(questions.usageRatio, window),
    'sum by (node_name) (sum_over_time(kepler_node_cpu_usage_ratio{}[120000ms]))',
  );
  assert.equal(
    countQuery(questions.usageRatio, window),
    'sum by (node_name) (count_over_time(kepler_node_cpu_usage_ratio{}[120000ms]))',
  );
  assert.equal(
    sampledAtQuery(questions.cpuIdle),
    'max by (node,instance) (timestamp(node_cpu_seconds_total{mode="idle"}))',
  );
  assert.equal(
    sampledAtQuery(questions.up),
    'max by (namespace,pod,job,instance) (timestamp(up{namespace!="",pod!=""}) and up{namespace!="",pod!=""} == 1)',
  );
});

test('a zone is quoted, whatever it holds', () => {
  const query = valueQuery(createQuestions('a.b"c').podJoules);
  assert.ok(query.includes(String.raw`zone=~"a\\.b\"c|package|psys|core|dram|uncore"`), query);
});
