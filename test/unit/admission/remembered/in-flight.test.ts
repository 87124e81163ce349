// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { InFlight, type PendingPlacement } from '#admission/remembered/in-flight.ts';
import { createGenerator } from '#agent/terms/random.ts';

const LIMITS = { entries: 3, lifetimeMilliseconds: 1000 };

function entry(id: string, overrides: Partial<PendingPlacement> = {}): PendingPlacement {
  return {
    id,
    decidedAt: 0,
    namespace: 'shop',
    workload: 'Deployment/web',
    topologyKey: 'zone',
    target: 'a',
    labels: {},
    requests: { cpuMillicores: 100, memoryBytes: 10 },
    requiredAntiAffinity: [],
    ...overrides,
  };
}

describe('InFlight', () => {
  it('leaves out who cannot keep a Pod away', () => {
    const inFlight = new InFlight(LIMITS);
    const term = { topologyKey: 'zone' };
    inFlight.add(entry('1'));
    inFlight.add(entry('2', { requiredAntiAffinity: [term] }));
    const near = (terms: readonly (typeof term)[], now: number): string[] =>
      [...inFlight.near(terms, now)].map(({ id }) => id);
    assert.deepEqual(near([], 0), ['2']);
    assert.deepEqual(near([term], 0), ['1', '2']);
    inFlight.remove('2');
    assert.deepEqual(near([], 0), []);
    inFlight.add(entry('3', { requiredAntiAffinity: [term] }));
    assert.deepEqual(near([], 0), ['3']);
    assert.deepEqual(near([], 1001), [], 'expired');
  });

  it('sums requests and Pods by target', () => {
    const inFlight = new InFlight(LIMITS);
    inFlight.add(entry('1'));
    inFlight.add(entry('2'));
    inFlight.add(entry('3', { target: 'b' }));
    assert.deepEqual(inFlight.load('zone', 'a', 0), {
      cpuMillicores: 200,
      memoryBytes: 20,
      pods: 2,
    });
    assert.deepEqual(inFlight.load('zone', 'b', 0), {
      cpuMillicores: 100,
      memoryBytes: 10,
      pods: 1,
    });
    assert.deepEqual(inFlight.load('host', 'a', 0), { cpuMillicores: 0, memoryBytes: 0, pods: 0 });
  });

  it('forgets what was removed, once', () => {
    const inFlight = new InFlight(LIMITS);
    inFlight.add(entry('1'));
    inFlight.remove('1');
    inFlight.remove('1');
    inFlight.remove('unknown');
    assert.equal(inFlight.size, 0);
    assert.equal(inFlight.load('zone', 'a', 0).pods, 0);
  });

  it('counts the same id once', () => {
    const inFlight = new InFlight(LIMITS);
    inFlight.add(entry('1'));
    inFlight.add(entry('1', { target: 'b' }));
    assert.equal(inFlight.load('zone', 'a', 0).pods, 0);
    assert.equal(inFlight.load('zone', 'b', 0).pods, 1);
  });

  it('expires', () => {
    const inFlight = new InFlight(LIMITS);
    inFlight.add(entry('1', { decidedAt: 0 }));
    inFlight.add(entry('2', { decidedAt: 500 }));
    assert.equal(inFlight.load('zone', 'a', 1000).pods, 2);
    assert.equal(inFlight.load('zone', 'a', 1001).pods, 1);
    assert.deepEqual(
      [...inFlight.entries(1501)].map((one) => one.id),
      [],
    );
    assert.equal(inFlight.has('2'), false);
  });

  it('is bounded: the oldest goes', () => {
    const inFlight = new InFlight(LIMITS);
    for (const id of ['1', '2', '3', '4']) inFlight.add(entry(id));
    assert.deepEqual(
      [...inFlight.entries(0)].map((one) => one.id),
      ['2', '3', '4'],
    );
    assert.equal(inFlight.load('zone', 'a', 0).pods, 3);
  });

  it('knows the siblings of a workload', () => {
    const inFlight = new InFlight(LIMITS);
    inFlight.add(entry('1'));
    inFlight.add(entry('2', { target: 'b' }));
    inFlight.add(entry('3', { workload: 'Deployment/db' }));
    const of = (workload: string) =>
      Object.fromEntries(
        inFlight.siblings({ namespace: 'shop', workload, topologyKey: 'zone' }, 0),
      );
    assert.deepEqual(of('Deployment/web'), { a: 1, b: 1 });
    assert.deepEqual(of('Deployment/db'), { a: 1 });
    assert.deepEqual(of('Deployment/none'), {});
    inFlight.remove('1');
    assert.deepEqual(of('Deployment/web'), { b: 1 });
  });

  it('keeps its sums equal to what it holds, whatever happens', () => {
    const step = fc.record({
      id: fc.constantFrom('1', '2', '3', '4', '5'),
      target: fc.constantFrom('a', 'b'),
      add: fc.boolean(),
      wait: fc.integer({ min: 0, max: 600 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const inFlight = new InFlight(LIMITS);
        let now = 0;
        for (const { id, target, add, wait } of steps) {
          now += wait;
          if (add) inFlight.add(entry(id, { target, decidedAt: now }));
          else inFlight.remove(id);
          const held = [...inFlight.entries(now)];
          assert.ok(held.length <= LIMITS.entries);
          for (const one of ['a', 'b']) {
            const pods = held.filter((item) => item.target === one).length;
            assert.equal(inFlight.load('zone', one, now).pods, pods);
            assert.equal(inFlight.load('zone', one, now).cpuMillicores, pods * 100);
            const siblings = inFlight.siblings(entry('x'), now).get(one) ?? 0;
            assert.equal(siblings, pods);
          }
        }
      }),
    );
  });
});

describe('what other replicas may have sent', () => {
  const limits = { entries: 10_000, lifetimeMilliseconds: 60_000 };
  const numbered = (from: number, to: number): PendingPlacement[] =>
    Array.from({ length: to - from }, (_, index) => entry(String(from + index)));

  it('is nothing while none of theirs was seen', () => {
    const inFlight = new InFlight(limits);
    for (const one of numbered(0, 50)) inFlight.add(one);
    for (const one of numbered(0, 30)) inFlight.seen(one, 0);
    assert.equal(inFlight.load('zone', 'a', 0).pods, 50);
  });

  it('is as much as the share says, of what the watch has not shown yet', () => {
    const inFlight = new InFlight(limits);
    // Each of this replica's Pods is followed by two of others.
    for (let own = 0; own < 300; own += 3) {
      inFlight.add(entry(String(own), { target: 'b' }));
      for (const one of numbered(own, own + 3)) inFlight.seen({ ...one, target: 'b' }, 0);
    }
    assert.equal(inFlight.load('zone', 'b', 0).pods, 300, 'all are seen: nothing to assume');
    for (const one of numbered(300, 310)) inFlight.add(one);
    const { pods, cpuMillicores } = inFlight.load('zone', 'a', 0);
    assert.ok(pods >= 27 && pods <= 31, `10 of its own and about 20 of others, found ${pods}`);
    assert.ok(Math.abs(cpuMillicores / 100 - pods) < 1);
    for (const one of numbered(300, 310)) inFlight.remove(one.id);
    assert.equal(inFlight.load('zone', 'a', 0).pods, 0, 'bound or gone: nothing to assume either');
  });

  it('forgets what it assumed with the last one that the watch has shown', () => {
    const inFlight = new InFlight(limits);
    for (const one of numbered(0, 30)) inFlight.seen({ ...one, target: 'b' }, 0);
    const large = { cpuMillicores: 1, memoryBytes: 2 ** 62 + 1024 };
    inFlight.add(entry('stays'));
    inFlight.add(entry('own', { requests: large }));
    inFlight.seen(entry('own', { requests: large }), 0);
    inFlight.seen(entry('stays'), 0);
    const { pods, memoryBytes } = inFlight.load('zone', 'a', 0);
    assert.deepEqual([pods, memoryBytes], [2, 10 + 2 ** 62 + 1024]);
  });

  it('is not told by decisions from before this replica began', () => {
    const inFlight = new InFlight(limits);
    for (const one of numbered(0, 50)) inFlight.seen(one, 1);
    inFlight.add(entry('own'));
    assert.equal(inFlight.load('zone', 'a', 0).pods, 51);
  });

  it('keeps a burst through several replicas near the room, however late the watch is', () => {
    const room = 160;
    const burst = 500;
    for (const [replicas, lag] of [
      [1, 60],
      [2, 60],
      [3, 45],
      [5, 100],
    ] as const) {
      const generator = createGenerator(`burst ${replicas} ${lag}`);
      const all = Array.from({ length: replicas }, () => new InFlight(limits));
      const decided: PendingPlacement[] = [];
      let asked = 0;
      // What went before has told each its share.
      for (let index = -300; index < burst; index += 1) {
        const by = all[Math.floor(generator.next() * replicas)];
        const full = index >= 0 && (by?.load('zone', 'a', 0).pods ?? 0) + 1 > room;
        const one = entry(String(index), { target: index >= 0 && !full ? 'a' : 'b' });
        by?.add(one);
        decided.push(one);
        if (one.target === 'a') asked += 1;
        const shown = decided[decided.length - 1 - lag];
        if (shown !== undefined) for (const each of all) each.seen(shown, 0);
      }
      const beyond = asked - room;
      const blind = Math.round((lag * (replicas - 1)) / replicas);
      const text = `${replicas} replicas, ${lag} behind: ${beyond} beyond the room, ${blind} unseen`;
      assert.ok(beyond <= Math.max(0, blind / 3), text);
      assert.ok(beyond >= -blind / 2, text);
    }
  });
});
