// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { SlimPod } from '#cluster/objects/slim.ts';
import type { Learner } from '#learner/loop/learner.ts';
import { signedPod } from '../fixtures.ts';
import type { Fault } from '../memory-store.ts';
import { World, policyWith } from '../world.ts';

/*
 * The promise: whatever happens to Pods, to the leader and to its writes, and in whatever order,
 * no decision is counted twice in any shard, and every decision whose Pod is there at the end is
 * settled.
 */

type Step =
  | {
      readonly kind: 'create';
      readonly workload: number;
      readonly ask: number;
      readonly up: boolean;
    }
  | { readonly kind: 'bind' | 'ready' | 'delete' | 'hide'; readonly pod: number }
  | { readonly kind: 'show' | 'tick' | 'takeover' | 'rival' | 'silence' | 'speak' }
  | { readonly kind: 'retire'; readonly workload: number }
  | { readonly kind: 'pass'; readonly seconds: number }
  | {
      readonly kind: 'faulty-tick';
      readonly after: number;
      readonly fault: Fault;
      readonly dies: boolean;
    };

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('create' as const),
      workload: fc.nat(2),
      ask: fc.nat(2),
      up: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('bind' as const, 'ready' as const, 'ready' as const),
      pod: fc.nat(20),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('delete' as const, 'hide' as const),
      pod: fc.nat(20),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'show' as const,
        'tick' as const,
        'takeover' as const,
        'rival' as const,
        'silence' as const,
        'speak' as const,
      ),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      seconds: fc.constantFrom(5, 15, 40, 80, 150),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('faulty-tick' as const),
      after: fc.nat(4),
      dies: fc.boolean(),
      fault: fc.constantFrom('refused' as const, 'answer-lost' as const, 'conflict' as const),
    }),
  },
);

const WORKLOADS = ['Deployment/frontend', 'Deployment/search', 'StatefulSet/store'];
const ASKS = [DEFAULT_ACTION, 'worker-1', 'worker-2'];

/** The world with Pods that are created, bound and made Ready one step at a time. */
class Chaos {
  readonly world = new World(1, policyWith());
  readonly hidden = new Set<string>();
  readonly everCreated: SlimPod[] = [];
  /** The model as the watch shows it: behind, until it catches up. */
  watched = new Map<string, ModelShard>();
  /** Shards deleted. */
  forgotten = 0;
  leader: Learner;
  readonly rival: Learner;
  readonly #retentionSeconds: number;

  /** @param retentionSeconds after which shards without Pods are deleted */
  constructor(retentionSeconds = Infinity) {
    this.#retentionSeconds = retentionSeconds;
    this.leader = this.#start();
    this.rival = this.#start();
  }

  #start(): Learner {
    const { world } = this;
    return world.learner({
      giveUpSeconds: 300,
      forgetting: {
        shards: () => world.store.shards.values(),
        retentionSeconds: this.#retentionSeconds,
        patienceSeconds: 0,
        onRecord: () => (this.forgotten += 1),
      },
      models: {
        shard: (...key) => this.watched.get(key.join(' ')),
        observation: (...key) => world.store.observation(...key),
      },
      view: {
        synced: true,
        node: (name) => world.nodes.get(name),
        nodesByLabel: () => new Map([...world.nodes].map(([name, one]) => [name, [one]])),
        pods: () => [...world.pods.values()].filter((pod) => !this.hidden.has(pod.uid)),
      },
    });
  }

  #pod(index: number): SlimPod | undefined {
    const alive = [...this.world.pods.values()];
    return alive[index % Math.max(1, alive.length)];
  }

  #change(index: number, change: (pod: SlimPod) => Partial<SlimPod>): void {
    const pod = this.#pod(index);
    if (pod !== undefined) this.world.pods.set(pod.uid, { ...pod, ...change(pod) });
  }

  async step(step: Step): Promise<void> {
    const { world } = this;
    switch (step.kind) {
      case 'create': {
        const id = `d-${this.everCreated.length}`;
        const workload = WORKLOADS[step.workload] ?? '';
        const pod = signedPod(
          { id, workload, action: ASKS[step.ask] ?? '', decidedAt: world.now },
          {
            uid: `pod-of-${id}`,
            nodeName: step.up ? world.schedule('') : undefined,
            boundAt: step.up ? world.now : undefined,
            readyAt: step.up ? world.now : undefined,
            labels: { workload },
          },
        );
        this.everCreated.push(pod);
        world.pods.set(pod.uid, pod);
        return;
      }
      case 'bind':
        this.#change(step.pod, (pod) => ({
          nodeName: pod.nodeName ?? world.schedule(''),
          boundAt: pod.boundAt ?? world.now,
        }));
        return;
      case 'ready':
        this.#change(step.pod, (pod) => {
          const ready = pod.readyAt === undefined ? world.now : undefined;
          return pod.boundAt === undefined ? {} : { readyAt: ready };
        });
        return;
      case 'delete': {
        const pod = this.#pod(step.pod);
        if (pod !== undefined) world.pods.delete(pod.uid);
        return;
      }
      case 'retire':
        for (const pod of [...world.pods.values()]) {
          if (pod.labels['workload'] === WORKLOADS[step.workload]) world.pods.delete(pod.uid);
        }
        return;
      case 'hide': {
        const pod = this.#pod(step.pod);
        if (pod !== undefined) this.hidden.add(pod.uid);
        return;
      }
      case 'show':
        this.watched = new Map(world.store.shards);
        this.hidden.clear();
        return;
      case 'silence':
      case 'speak':
        world.silent = step.kind === 'silence';
        return;
      case 'pass':
        world.pass(step.seconds);
        return;
      case 'takeover':
        this.leader = this.#start();
        return;
      case 'tick':
        await this.leader.tick();
        return;
      case 'rival':
        // Two processes that both believe they lead: the lock has to hold.
        await Promise.all([this.leader.tick(), this.rival.tick()]);
        return;
      case 'faulty-tick': {
        let writes = 0;
        world.store.faultOf = () => {
          writes += 1;
          const spoilt = step.dies ? writes > step.after : writes === step.after + 1;
          return spoilt ? step.fault : undefined;
        };
        await this.leader.tick();
        world.store.faultOf = () => undefined;
        return;
      }
    }
  }

  /** Everything calms down: nothing is hidden, telemetry answers, time goes by. */
  async settleDown(): Promise<void> {
    this.hidden.clear();
    this.world.silent = false;
    for (let round = 0; round < 8; round += 1) {
      this.watched = new Map(this.world.store.shards);
      this.world.pass(120);
      await this.leader.tick();
    }
  }
}

/** Ids that each write added, by shard; fails when one is added a second time. */
function addedOnce(log: readonly ModelShard[]): Map<string, Set<string>> {
  const added = new Map<string, Set<string>>();
  const before = new Map<string, ModelShard>();
  for (const shard of log) {
    const known = added.get(shard.workload) ?? new Set();
    // Version 1 is the first there ever was, or the first after a deletion.
    const previous = shard.version === 1 ? undefined : before.get(shard.workload);
    const fresh = shard.settled.filter((id) => !previous?.settled.includes(id));
    assert.equal(new Set(shard.settled).size, shard.settled.length, 'an id stands twice');
    assert.equal(shard.version, (previous?.version ?? 0) + 1);
    for (const id of fresh) {
      assert.ok(!known.has(id), `${id} was counted twice in ${shard.workload}`);
      known.add(id);
    }
    const asked = shard.asked - (previous?.asked ?? 0);
    const samples = shard.defaultSamples - (previous?.defaultSamples ?? 0);
    assert.ok(asked >= 0 && samples >= 0 && asked + samples <= fresh.length);
    assert.ok(shard.episodes - (previous?.episodes ?? 0) <= 1);
    added.set(shard.workload, known);
    before.set(shard.workload, shard);
  }
  return added;
}

void test('nothing is counted twice and nothing on a living Pod is lost', async () => {
  let taught = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(stepArbitrary, { minLength: 10, maxLength: 80 }), async (steps) => {
      const chaos = new Chaos();
      for (const step of steps) await chaos.step(step);
      await chaos.settleDown();
      const { store, pods } = chaos.world;
      assert.equal(chaos.forgotten, 0);
      const added = addedOnce(store.log);
      for (const pod of pods.values()) {
        const id = pod.annotations['perihelion.dev/decision-id'] ?? '';
        const workload = pod.labels['workload'] ?? '';
        assert.ok(added.get(workload)?.has(id), `${id} was lost`);
        assert.ok(added.get('Tier/business')?.has(id), `${id} was lost for its tier`);
        assert.ok(
          store.shard('shop', 'default', workload)?.settled.includes(id),
          `${id} was forgotten although its Pod is there`,
        );
      }
      taught += chaos.world.records.filter((record) => record.status === 'settled').length;
    }),
    { numRuns: 300 },
  );
  assert.ok(taught > 100, `only ${taught} decisions were ever measured: the test tests nothing`);
});

void test('nothing is counted twice where models without Pods are deleted', async () => {
  let forgotten = 0;
  // A Pod that no informer shows for longer than models are kept is gone, as far as can be known.
  const step = stepArbitrary.map((one): Step =>
    one.kind === 'hide' ? { kind: 'retire', workload: one.pod % 3 } : one,
  );
  const steps = fc.array(step, { minLength: 60, maxLength: 160 });
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const chaos = new Chaos(10);
      for (const step of list) await chaos.step(step);
      await chaos.settleDown();
      const { store, pods } = chaos.world;
      addedOnce(store.log);
      for (const pod of pods.values()) {
        const id = pod.annotations['perihelion.dev/decision-id'] ?? '';
        const shard = store.shard('shop', 'default', pod.labels['workload'] ?? '');
        assert.ok(shard?.settled.includes(id), `${id} was forgotten although its Pod is there`);
      }
      const living = new Set([...pods.values()].map((pod) => pod.labels['workload'] ?? ''));
      const left = [...store.shards.values()].filter(
        ({ workload }) => !workload.startsWith('Tier/'),
      );
      assert.deepEqual(new Set(left.map(({ workload }) => workload)), living);
      assert.ok(left.every(({ unusedSince }) => unusedSince === undefined));
      forgotten += chaos.forgotten;
    }),
    { numRuns: 150 },
  );

  assert.ok(forgotten > 30, `only ${forgotten} models were ever deleted: the test tests nothing`);
});

void test('a write whose answer was lost is found done, and its decisions are not learned again', async () => {
  const world = new World(3);
  const first = world.learner();
  await first.tick();
  world.rollOut(4);
  world.pass(75);
  world.store.faultOf = (shard) => (shard.workload.startsWith('Tier/') ? undefined : 'answer-lost');
  const report = await first.tick();
  assert.equal(report.publishFailures, 1);
  world.store.faultOf = () => undefined;
  const before = structuredClone([...world.store.shards]);
  const second = world.learner();
  const again = await second.tick();
  assert.equal(again.backlog, 0);
  assert.deepEqual([...world.store.shards], before);
});
