// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { sleep } from '#cluster/api/backoff.ts';
import { LeaderElector, type Leadership, type LeasePorts } from '#cluster/lease/elector.ts';
import { asObject } from '#cluster/wire/json.ts';
import { objectServer, type ObjectServer } from '../object-server.ts';
import { until } from '../../../support/until.ts';
import { refuse } from '../scripted-server.ts';

const PATH = '/apis/coordination.k8s.io/v1/namespaces/peri/leases/learner';

/** A clock that only the test moves; sleepers wake when it passes their time. */
class VirtualClock {
  now = 0;
  readonly #sleepers = new Set<{ at: number; wake: () => void }>();

  readonly sleep = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const sleeper = {
        at: this.now + milliseconds,
        wake: () => {
          this.#sleepers.delete(sleeper);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', sleeper.wake, { once: true });
    });

  /** Moves on in small steps, with time for calls in between. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds;
    while (this.now < end) {
      this.now = Math.min(end, this.now + 250);
      for (const sleeper of [...this.#sleepers]) if (sleeper.at <= this.now) sleeper.wake();
      await sleep(3);
    }
  }
}

interface Candidate {
  readonly elector: LeaderElector;
  readonly terms: Leadership[];
  readonly stop: AbortController;
  readonly done: Promise<void>;
  readonly errors: unknown[];
}

describe('leader election', { timeout: 120_000 }, () => {
  let server: ObjectServer;
  let clock: VirtualClock;
  let candidates: Candidate[];
  beforeEach(async () => {
    server = await objectServer();
    clock = new VirtualClock();
    candidates = [];
  });
  afterEach(async () => {
    for (const { stop } of candidates) stop.abort();
    await Promise.all(candidates.map(({ done }) => done));
    await server.close();
  });

  function candidate(
    identity: string,
    more: Partial<LeasePorts> = {},
    lead?: (leadership: Leadership) => Promise<void>,
  ): Candidate {
    const terms: Leadership[] = [];
    const errors: unknown[] = [];
    const stop = new AbortController();
    const elector = new LeaderElector(
      { namespace: 'peri', name: 'learner', identity },
      {
        api: server.client,
        now: () => 1_700_000_000_000 + clock.now,
        monotonic: () => clock.now,
        random: () => 0.5,
        sleep: clock.sleep,
        onError: (error) => errors.push(error),
        ...more,
      },
    );
    const work =
      lead ??
      ((leadership: Leadership) =>
        new Promise<void>((resolve) =>
          leadership.signal.addEventListener('abort', () => resolve(), { once: true }),
        ));
    const done = elector.run((leadership) => {
      terms.push(leadership);
      return work(leadership);
    }, stop.signal);
    const made = { elector, terms, stop, done, errors };
    candidates.push(made);
    return made;
  }

  const spec = () => asObject(server.objects.get(PATH)?.['spec']);
  const leading = (one: Candidate) => one.terms.at(-1)?.holds() === true;

  it('creates the lease, with times of six fractional digits, and renews it', async () => {
    const one = candidate('one');
    await until(() => one.terms.length === 1);
    assert.deepEqual(spec(), {
      holderIdentity: 'one',
      leaseDurationSeconds: 15,
      acquireTime: '2023-11-14T22:13:20.000000Z',
      renewTime: '2023-11-14T22:13:20.000000Z',
      leaseTransitions: 0,
    });
    await clock.advance(60_000);
    assert.equal(one.terms.length, 1);
    assert.ok(leading(one));
    assert.notEqual(spec()['renewTime'], spec()['acquireTime']);
    assert.deepEqual(one.errors, []);
  });

  it('has one leader among several', async () => {
    const all = ['one', 'two', 'three'].map((name) => candidate(name));
    await until(() => all.some(leading));
    for (let step = 0; step < 20; step += 1) {
      await clock.advance(2000);
      assert.equal(all.filter(leading).length, 1);
    }
  });

  it('does not stand while it is unfit, and gives the lease back when it becomes so', async () => {
    let problem: string | undefined = 'the clock is wrong';
    const one = candidate('one', { unfit: () => problem });
    await clock.advance(20_000);
    assert.equal(server.objects.has(PATH), false);
    problem = undefined;
    await clock.advance(5000);
    assert.ok(leading(one));
    const two = candidate('two');
    problem = 'the clock is wrong';
    await clock.advance(10_000);
    assert.equal(leading(one), false);
    assert.ok(leading(two));
    await clock.advance(60_000);
    assert.equal(spec()['holderIdentity'], 'two');
  });

  it('gives the lease back when it is stopped, and the next takes it at once with a higher epoch', async () => {
    const one = candidate('one');
    await until(() => leading(one));
    const two = candidate('two');
    await clock.advance(5000);
    assert.equal(two.terms.length, 0);
    one.stop.abort();
    await one.done;
    assert.equal(leading(one), false);
    assert.equal(spec()['holderIdentity'], '');
    assert.equal(spec()['leaseDurationSeconds'], 1);
    await clock.advance(5000);
    assert.ok(leading(two));
    assert.equal(two.terms[0]?.epoch, 1);
  });

  it('trusts its own clock, not the times in the lease', async () => {
    const one = candidate('one');
    await until(() => leading(one));
    const ahead = candidate('ahead', { now: () => Date.UTC(2099, 0) });
    await clock.advance(40_000);
    assert.equal(ahead.terms.length, 0);
    assert.ok(leading(one));
  });

  it('takes over from one that died, only after the duration the lease itself says', async () => {
    const body = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace: 'peri', name: 'learner' },
      spec: { holderIdentity: 'dead', leaseDurationSeconds: 40, leaseTransitions: 6 },
    };
    await server.client.create('/apis/coordination.k8s.io/v1/namespaces/peri/leases', body);
    const one = candidate('one');
    await clock.advance(38_000);
    assert.equal(one.terms.length, 0);
    assert.equal(one.elector.holder, 'dead');
    await clock.advance(10_000);
    assert.ok(leading(one));
    assert.equal(one.terms[0]?.epoch, 7);
  });

  it('stops its work at the deadline when it cannot renew, before another may begin', async () => {
    const one = candidate('one');
    await until(() => leading(one));
    server.intercept = ({ response }) => {
      refuse(response, 503, 'ServiceUnavailable');
      return true;
    };
    await clock.advance(9000);
    await clock.advance(3000);
    assert.equal(leading(one), false);
    assert.equal(one.terms[0]?.signal.aborted, true);
    assert.ok(one.errors.length > 0);
    server.intercept = undefined;
    await clock.advance(10_000);
    assert.equal(one.terms.length, 2);
    assert.ok(leading(one));
  });

  it('never has two that hold, with a leader that is cut off', async () => {
    const one = candidate('one');
    await until(() => leading(one));
    const two = candidate('two');
    server.intercept = ({ request, response, method }) => {
      if (method === 'GET' || request.headers['user-agent'] === 'x') return false;
      // Only the writes of the first candidate are refused, as behind a broken link.
      if (leading(one)) {
        refuse(response, 500, 'InternalError');
        return true;
      }
      return false;
    };
    for (let step = 0; step < 60; step += 1) {
      await clock.advance(500);
      assert.ok([one, two].filter(leading).length <= 1);
    }
    assert.ok(leading(one) || leading(two));
    assert.equal(one.terms[0]?.signal.aborted, true);
  });

  it('stops at once when it sees that another has taken the lease', async () => {
    const one = candidate('one');
    await until(() => leading(one));
    server.meddle(PATH, (lease) => {
      lease['spec'] = { ...spec(), holderIdentity: 'thief', leaseTransitions: 1 };
    });
    await clock.advance(3000);
    assert.equal(leading(one), false);
    assert.equal(spec()['holderIdentity'], 'thief');
  });

  it('does not begin again before its own work has ended', async () => {
    let finish: () => void = () => undefined;
    const one = candidate('one', {}, () => new Promise((resolve) => (finish = resolve)));
    await until(() => leading(one));
    one.stop.abort();
    await clock.advance(5000);
    assert.equal(spec()['holderIdentity'], 'one');
    finish();
    await one.done;
    assert.equal(spec()['holderIdentity'], '');
  });

  it('gives the lease back when its work fails, and stands again', async () => {
    let failures = 0;
    const one = candidate('one', {}, () => {
      failures += 1;
      return Promise.reject(new Error('work failed'));
    });
    await until(() => failures === 1);
    await until(() => spec()['holderIdentity'] === '');
    assert.equal(one.errors.length, 1);
    await clock.advance(10_000);
    assert.ok(failures > 1);
  });

  it('leads on when one renewal is never answered: the next goes another way in time', async () => {
    const stop = new AbortController();
    const terms: Leadership[] = [];
    const times = { leaseDurationSeconds: 4, renewDeadlineSeconds: 3, retryPeriodSeconds: 0.1 };
    const ports = {
      ...{ api: server.client, now: () => Date.now(), random: () => 0, sleep },
      monotonic: () => performance.now(),
    };
    const lease = { namespace: 'peri', name: 'learner', identity: 'one' };
    const elector = new LeaderElector(lease, ports, times);
    const done = elector.run((leadership) => {
      terms.push(leadership);
      return new Promise((resolve) =>
        leadership.signal.addEventListener('abort', () => resolve(), { once: true }),
      );
    }, stop.signal);
    candidates.push({ elector, terms, stop, done, errors: [] });
    await until(() => terms.length === 1);
    const renewals = { silent: 0, answered: 0 };
    server.intercept = ({ method }) => {
      if (method !== 'PUT') return false;
      // The machine behind this connection has died; the next connection leads to another.
      if (renewals.silent === 0) {
        renewals.silent += 1;
        return true;
      }
      renewals.answered += 1;
      return false;
    };
    await until(() => renewals.answered > 0);
    assert.equal(terms.length, 1);
    assert.ok(terms[0]?.holds());
  });

  it('begins no epoch below the least that was asked for', async () => {
    const one = candidate('one', { leastEpoch: () => 12 });
    await until(() => leading(one));
    assert.equal(one.terms[0]?.epoch, 12);
  });

  it('takes a lease whose transitions are at their end, and does not go beyond it', async () => {
    const body = {
      metadata: { namespace: 'peri', name: 'learner' },
      spec: { holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 2_147_483_647 },
    };
    await server.client.create('/apis/coordination.k8s.io/v1/namespaces/peri/leases', body);
    const one = candidate('one');
    await until(() => leading(one));
    // The API server refuses a larger one: an int32.
    assert.equal(spec()['leaseTransitions'], 2_147_483_647);
  });

  it('leaves what others have written on the lease as it is', async () => {
    const metadata = {
      ...{ namespace: 'peri', name: 'learner', labels: { team: 'platform' } },
      annotations: { 'example.org/note': 'do not touch' },
    };
    const spec = { holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 3 };
    const leases = '/apis/coordination.k8s.io/v1/namespaces/peri/leases';
    await server.client.create(leases, { metadata, spec });
    const one = candidate('one');
    await until(() => leading(one));
    server.meddle(PATH, (stored) => {
      stored.metadata['labels'] = { team: 'other' };
    });
    await clock.advance(30_000);
    assert.ok(leading(one));
    one.stop.abort();
    await one.done;
    const { labels, annotations } = asObject(server.objects.get(PATH)?.metadata);
    assert.deepEqual(labels, { team: 'other' });
    assert.deepEqual(annotations, metadata.annotations);
  });

  it('refuses times that do not keep two leaders apart', () => {
    const make = (times: { lease: number; renew: number; retry: number }) => () =>
      new LeaderElector(
        { namespace: 'n', name: 'l', identity: 'i' },
        { api: server.client, now: () => 0, monotonic: () => 0, random: () => 0, sleep },
        {
          leaseDurationSeconds: times.lease,
          renewDeadlineSeconds: times.renew,
          retryPeriodSeconds: times.retry,
        },
      );
    for (const times of [
      { lease: 10, renew: 10, retry: 2 },
      { lease: 15, renew: 2, retry: 2 },
      { lease: 15, renew: 10, retry: 0 },
    ]) {
      assert.throws(make(times), { code: 'PERI_SETTINGS_INVALID' });
    }
  });
});
