// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createGenerator } from '#agent/terms/random.ts';
import { appraise, extendBaselines } from '#learner/judging/appraisal.ts';
import { joinApplications } from '#learner/readings/application.ts';
import { podReadings, problemOf, type WindowReadings } from '#learner/readings/outcome.ts';
import type { Baselines } from '#reward/baseline.ts';
import type { LatencyWindow, PodLatency, TcpOnly } from '#telemetry/reading/source.ts';
import { pending, T0 } from '../fixtures.ts';
import { measured, policyWith } from '../world.ts';

const window = { from: T0, to: T0 + 60_000 };
const of = (value: number) => measured(value, window);

function served(workload: string, requests: number, p99: number, errors = 0): PodLatency {
  return {
    workload,
    requests: of(requests),
    p50Milliseconds: of(p99 / 4),
    p99Milliseconds: of(p99),
    errorRatio: of(errors),
  };
}

const edge = (source: string, destination: string) => ({
  namespace: 'shop',
  source,
  destination,
  requests: 10,
});

function latencyOf(
  pods: readonly (readonly [string, PodLatency])[],
  tcp: readonly (readonly [string, TcpOnly])[],
): LatencyWindow {
  return {
    pods: new Map(pods),
    edges: [edge('frontend', 'geo'), edge('geo', 'mongodb')],
    tcpOnly: new Map(tcp),
  };
}

const DATABASE: TcpOnly = { workload: 'mongodb', seenBy: 'sidecar' };

describe('a Pod with connections only', () => {
  const pods = [
    ['shop/frontend-1', served('frontend', 100, 20, 0.02)],
    ['shop/frontend-2', served('frontend', 300, 40)],
    ['shop/geo-1', served('geo', 900, 5, 0.5)],
    ['other/x-1', served('x', 7, 7)],
  ] as const;

  test('has the readings of its application, and they say so', () => {
    const joined = joinApplications(latencyOf(pods, [['shop/mongodb-0', DATABASE]]));
    const reading = joined.pods.get('shop/mongodb-0');
    assert.equal(reading?.scope, 'application');
    assert.deepEqual(
      [reading.requests, reading.p99Milliseconds, reading.errorRatio].map((one) =>
        one.kind === 'measured' ? one.value : one.reason,
      ),
      [400, 35, 0.005],
    );
    assert.equal(reading.p50Milliseconds.kind, 'missing');
  });

  test('shares the requests with the other replicas of its workload', () => {
    const joined = joinApplications(
      latencyOf(pods, [
        ['shop/mongodb-0', DATABASE],
        ['shop/mongodb-1', DATABASE],
        ['shop/redis-0', { workload: 'redis', seenBy: 'sidecar' }],
      ]),
    );
    const requests = (key: string): unknown => {
      const reading = joined.pods.get(key)?.requests;
      return reading?.kind === 'measured' ? reading.value : reading;
    };
    assert.deepEqual(
      ['shop/mongodb-0', 'shop/mongodb-1', 'shop/redis-0'].map(requests),
      [200, 200, 400],
    );
  });

  test('has none where the application has none, and says why', () => {
    for (const [seenBy, why] of [
      ['ztunnel', /ztunnel sees connections only/],
      ['sidecar', /its application none/],
    ] as const) {
      const joined = joinApplications(
        latencyOf([], [['shop/mongodb-0', { workload: 'mongodb', seenBy }]]),
      );
      const reading = joined.pods.get('shop/mongodb-0')?.p99Milliseconds;
      assert.ok(reading?.kind === 'missing' && reading.reason === 'absent');
      assert.match(reading.detail, why);
    }
  });

  test('nothing changes where every Pod serves requests', () => {
    const latency = latencyOf(pods, []);
    assert.equal(joinApplications(latency), latency);
  });
});

test('a database is learnable: the node that makes its application slow is found to be worse', () => {
  // Known truth: on `near` the application answers in 20 ms, on `far` in 30; energy is the same
  // but for noise, and the load changes all the time.
  const random = createGenerator('database');
  const noise = (): number => 1 + 0.1 * (random.next() - 0.5);
  const spec = policyWith().spec;
  const pod = pending({ id: 'db', workload: 'StatefulSet/mongodb' });
  const key = `shop/${pod.podName}`;
  const windowOf = (p99: number): WindowReadings => {
    const load = 200 + 800 * random.next();
    return {
      window,
      power: {
        podJoules: new Map([[pod.podUid, of(0.3 * load * noise())]]),
        nodeWatts: new Map([['worker-1', of(80)]]),
        attributedJoules: new Map([['worker-1', of(4000)]]),
      },
      latency: joinApplications(
        latencyOf(
          [['shop/frontend-1', served('frontend', load, p99 * noise())]],
          [[key, DATABASE]],
        ),
      ),
      load: new Map(),
    };
  };
  let baselines: Baselines | undefined;
  for (let i = 0; i < 20; i += 1) {
    const readings = podReadings(pod, windowOf(i % 2 === 0 ? 20 : 30));
    assert.equal(problemOf(readings, spec), undefined);
    baselines = extendBaselines(baselines, readings, spec);
  }
  const advantageOf = (p99: number): number => {
    let sum = 0;
    for (let i = 0; i < 20; i += 1) {
      const appraisal = appraise(podReadings(pod, windowOf(p99)), baselines, spec);
      assert.ok(appraisal.kind === 'rewarded');
      sum += appraisal.advantage;
    }
    return sum / 20;
  };
  const [near, far] = [advantageOf(20), advantageOf(30)];
  assert.ok(near > 0.03 && far < -0.02, `${near} ${far}`);
});
