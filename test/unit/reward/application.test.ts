// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applicationService, type ServingPod } from '#reward/application.ts';

const pod = (
  workload: string | undefined,
  requests: number | undefined,
  p99Milliseconds?: number,
  errorRatio?: number,
): ServingPod => ({ workload, requests, p99Milliseconds, errorRatio });
const call = (source: string, destination: string, requests = 1) => ({
  source,
  destination,
  requests,
});

test('the requests of an application are those of its entries, not of every hop', () => {
  const service = applicationService(
    [pod('frontend', 100, 20, 0.01), pod('frontend', 300, 40, 0.05), pod('geo', 800, 3, 0.5)],
    [call('frontend', 'geo'), call('geo', 'mongodb')],
  );
  assert.ok(service);
  assert.equal(service.requests, 400);
  assert.equal(service.p99Milliseconds, (100 * 20 + 300 * 40) / 400);
  assert.equal(service.errorRatio, (100 * 0.01 + 300 * 0.05) / 400);
});

test('without known calls all that serve are entries; in a ring, too', () => {
  assert.equal(applicationService([pod(undefined, 10), pod(undefined, 20)], [])?.requests, 30);
  const ring = applicationService([pod('a', 10), pod('b', 20)], [call('a', 'b'), call('b', 'a')]);
  assert.equal(ring?.requests, 30);
});

test('a workload that calls itself, or an edge without requests, makes no inner workload', () => {
  const service = applicationService(
    [pod('a', 10), pod('b', 20)],
    [call('a', 'a'), call('b', 'a', 0)],
  );
  assert.equal(service?.requests, 30);
});

test('unknown requests of an entry make the application unknown, not smaller', () => {
  for (const unknown of [undefined, Number.NaN, Infinity]) {
    assert.equal(applicationService([pod('a', 10), pod('b', unknown)], []), undefined);
  }
  assert.equal(applicationService([], []), undefined);
});

test('quantiles of a few requests do not speak for all', () => {
  const few = applicationService([pod('a', 10, 5), pod('b', 990)], []);
  assert.equal(few?.p99Milliseconds, undefined);
  const most = applicationService([pod('a', 990, 5), pod('b', 10)], []);
  assert.equal(most?.p99Milliseconds, 5);
});
