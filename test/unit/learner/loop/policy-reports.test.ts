// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PolicyStatus } from '#cluster/policy/status.ts';
import { LivePolicyView, projectPolicy, type RawPolicy } from '#cluster/policy/live-view.ts';
import { Store } from '#cluster/watch/store.ts';
import type { LearnerOptions } from '#learner/loop/options.ts';
import { World } from '../world.ts';

/** The world with policies as the API server has them. */
class PolicyWorld extends World {
  readonly policies = new Store<RawPolicy>((error) => {
    throw error;
  });
  readonly view = new LivePolicyView(this.policies);
  readonly written: [name: string, status: PolicyStatus][] = [];
  /** The API server does not take a status. */
  refuses = false;
  /** The watch shows what was written. */
  watches = true;
  #version = 0;
  #raw = new Map<string, object>();

  put(name: string, generation: number, spec: object, uid = name): void {
    this.#store(name, { metadata: { namespace: 'shop', name, generation, uid }, spec });
  }

  remove(name: string): void {
    this.policies.remove(`shop/${name}`);
  }

  #store(name: string, raw: object): void {
    this.#raw.set(name, raw);
    this.#version += 1;
    const resourceVersion = String(this.#version);
    const value = projectPolicy(raw as Parameters<typeof projectPolicy>[0]);
    this.policies.upsert(`shop/${name}`, { uid: name, resourceVersion, value });
  }

  options(): Partial<LearnerOptions> {
    return {
      policies: this.view,
      policyStatus: {
        all: () => [...this.view.all()],
        problems: () => this.view.problems(),
        policies: () => this.view.policies(),
        write: ({ name }, status) => {
          if (this.refuses) return Promise.reject(new Error('not today'));
          this.written.push([name, status]);
          if (this.watches) this.#store(name, { ...this.#raw.get(name), status });
          return Promise.resolve();
        },
      },
    };
  }

  /** `Ready=True/InForce` and so on, of the last status of a policy. */
  last(name: string): string[] {
    const status = this.written.findLast(([one]) => one === name)?.[1];
    return (status?.conditions ?? []).map((one) => `${one.type}=${one.status}/${one.reason}`);
  }
}

const FAST = {
  measurement: { warmUpSeconds: 10, windowSeconds: 60, minimumRequests: 10, episodeGapSeconds: 20 },
};

void describe('the status of policies', () => {
  void test('follows the policy from its first tick, and is written only when it changes', async () => {
    const world = new PolicyWorld(1);
    world.put('default', 1, FAST);
    const learner = world.learner(world.options());
    await learner.tick();
    assert.deepEqual(world.last('default'), [
      'Ready=True/InForce',
      'TelemetryHealthy=True/TargetsMeasured',
      'Learning=False/NothingMeasured',
      'CircuitOpen=False/Closed',
      'Enforced=False/Preferred',
    ]);
    for (let n = 0; n < 5; n += 1) {
      world.pass(10);
      await learner.tick();
    }
    assert.equal(world.written.length, 1);
    world.dark.add('worker-2');
    await learner.tick();
    assert.equal(world.last('default')[1], 'TelemetryHealthy=False/TargetsNotMeasured');
    assert.equal(world.written.length, 2);
  });

  void test('an unusable policy is told with its field, and the last good one holds', async () => {
    const world = new PolicyWorld(1);
    world.put('default', 1, FAST);
    const learner = world.learner(world.options());
    await learner.tick();
    world.put('default', 2, { ...FAST, holdoutPercent: 101 });
    await learner.tick();
    const [, status] = world.written.at(-1) ?? [];
    assert.equal(status?.observedGeneration, 2);
    const [ready] = status.conditions;
    assert.equal(`${ready?.status} ${ready?.reason}`, 'False InvalidSpec');
    assert.match(ready?.message ?? '', /spec\.holdoutPercent.*generation 1 stays in force/);
    assert.equal(world.view.policyFor('shop').generation, 1);
    world.put('default', 3, FAST);
    await learner.tick();
    assert.equal(world.last('default')[0], 'Ready=True/InForce');
  });

  void test('one that is deleted and created again at once has its status at once', async () => {
    const world = new PolicyWorld(1);
    world.put('default', 1, FAST, 'first');
    const learner = world.learner(world.options());
    await learner.tick();
    await learner.tick();
    assert.equal(world.written.length, 1);
    world.remove('default');
    world.put('default', 1, FAST, 'second');
    world.pass(5);
    await learner.tick();
    assert.equal(world.written.length, 2);
    const [, status] = world.written.at(-1) ?? [];
    const at = Date.parse(status?.conditions[0]?.lastTransitionTime ?? '');
    assert.equal(at, world.now, 'the new one was never anything else');
  });

  void test('of two policies the second by name is told that it does not hold', async () => {
    const world = new PolicyWorld(1);
    world.put('default', 1, FAST);
    world.put('second', 1, FAST);
    await world.learner(world.options()).tick();
    assert.equal(world.last('default')[0], 'Ready=True/InForce');
    assert.equal(world.last('second')[0], 'Ready=False/NotInForce');
    assert.equal(world.last('second')[1], 'TelemetryHealthy=Unknown/NotUsed');
  });

  void test('a watch that lags does not make it write again, one that stays silent does', async () => {
    const world = new PolicyWorld(1);
    world.watches = false;
    world.put('default', 1, FAST);
    const learner = world.learner(world.options());
    for (let n = 0; n < 5; n += 1) {
      await learner.tick();
      world.pass(10);
    }
    assert.equal(world.written.length, 1);
    world.pass(60);
    await learner.tick();
    assert.equal(world.written.length, 2);
  });

  void test('a refused write is tried again; who does not lead writes nothing', async () => {
    const world = new PolicyWorld(1);
    world.put('default', 1, FAST);
    const learner = world.learner(world.options());
    world.leader = false;
    await learner.tick();
    world.leader = true;
    world.refuses = true;
    assert.equal((await learner.tick()).skipped, undefined);
    assert.equal(world.written.length, 0);
    world.refuses = false;
    await learner.tick();
    assert.equal(world.written.length, 1);
  });
});
