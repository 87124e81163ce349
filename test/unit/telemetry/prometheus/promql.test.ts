// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  countQuery,
  presenceQuery,
  sampledAtQuery,
  sumQuery,
  valueQuery,
} from '#telemetry/prometheus/promql.ts';
import { meshPreset } from '#telemetry/presets/mesh.ts';
import { meterPreset } from '#telemetry/presets/meter.ts';
import {
  loadQuestions,
  meshQuestions,
  meterQuestions,
  signQuestions,
} from '#telemetry/presets/questions.ts';

const kepler = meterPreset('KeplerNew');
const questions = {
  ...loadQuestions(),
  ...meshQuestions(meshPreset('IstioSidecar')),
  podJoules: meterQuestions(kepler, 'package').pods,
};
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
    'max by (node,instance) (timestamp(node_cpu_seconds_total{mode=~"idle|iowait"}))',
  );
  assert.equal(
    sampledAtQuery(questions.up),
    'max by (namespace,pod,job,instance) (timestamp(up{namespace!="",pod!=""}) and up{namespace!="",pod!=""} == 1) unless max by (namespace,pod,job,instance) (count_over_time(istio_requests_total{reporter="destination"}[300000ms]))',
  );
});

test('a zone is quoted, whatever it holds', () => {
  const query = valueQuery(meterQuestions(kepler, 'a.b"c').pods);
  assert.ok(query.includes(String.raw`zone=~"a\\.b\"c|package|psys|core|dram|uncore"`), query);
});

test('a classic and a native histogram are one question', () => {
  assert.equal(
    valueQuery(meshQuestions(meshPreset('Linkerd')).buckets),
    'sum by (namespace,pod,job,instance,le) (response_latency_ms_bucket{direction="inbound"}) or sum by (namespace,pod,job,instance) (response_latency_ms{direction="inbound"})',
  );
});

test('what must not match is left out by the server', () => {
  assert.equal(
    valueQuery(meshQuestions(meshPreset('Envoy')).requests),
    'sum by (namespace,pod,job,instance,envoy_response_code_class) (envoy_http_downstream_rq_xx{envoy_http_conn_manager_prefix!~"admin"})',
  );
});

test('which exporters are there is one question, however many could be', () => {
  const query = presenceQuery(signQuestions(kepler));
  assert.equal(
    query,
    'label_replace(count(kepler_build_info{}),"question","KeplerNew.sign0","","") or label_replace(count(kepler_node_cpu_watts{}),"question","KeplerNew.sign1","","")',
  );
});
