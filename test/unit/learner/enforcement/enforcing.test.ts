// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReleaseResult, StuckPod } from '#cluster/actions/release-pod.ts';
import type { PolicySpec } from '#cluster/policy/policy.ts';
import type { EnforcementRecord } from '#learner/enforcement/enforcing.ts';
import type { Learner } from '#learner/loop/learner.ts';
import type { LearnerOptions } from '#learner/loop/options.ts';
import type { PlacementEvent } from '#learner/tick/ports.ts';
import { signedPod, T0 } from '../fixtures.ts';
import { until } from '../../../support/until.ts';
import { policyWith, World } from '../world.ts';

const WORKLOAD = 'Deployment/frontend';

/** A world in which required Pods may stay Pending, and what was done about it. */
class Stage {
  readonly world: World;
  readonly asked: StuckPod[] = [];
  readonly records: EnforcementRecord[] = [];
  readonly events: PlacementEvent[] = [];
  result: ReleaseResult = 'evicted';
  learner: Learner;
  #pods = 0;

  constructor(spec: Partial<PolicySpec> = {}) {
    this.world = new World(1, policyWith({ mode: 'Require', ...spec }));
    this.learner = this.lead();
  }

  /** A new leader. */
  lead(over: Partial<LearnerOptions> = {}): Learner {
    this.learner = this.world.learner({
      releasePod: (pod) => {
        this.asked.push(pod);
        if (this.result === 'evicted') this.#remake(pod.uid);
        return Promise.resolve(this.result);
      },
      onEnforcement: (record) => this.records.push(record),
      onEvent: (event) => this.events.push(event),
      ...over,
    });
    return this.learner;
  }

  /** Pods that a required target keeps from being bound. */
  stick(count: number, workload = WORKLOAD, over: { owner?: undefined } = {}): void {
    for (let index = 0; index < count; index += 1) {
      this.#pods += 1;
      const decision = {
        id: `stuck-${String(this.#pods)}`,
        decidedAt: this.world.now,
        workload,
        required: true as const,
        action: 'worker-2',
      };
      const waiting = { nodeName: undefined, boundAt: undefined, readyAt: undefined };
      const pod = signedPod(decision, {
        uid: `uid-${decision.id}`,
        phase: 'Pending',
        labels: { workload },
        ...waiting,
        ...over,
      });
      this.world.pods.set(pod.uid, pod);
    }
  }

  /** What its controller does: another Pod, which gets a preference and is bound. */
  #remake(uid: string): void {
    const gone = this.world.pods.get(uid);
    this.world.pods.delete(uid);
    const { now } = this.world;
    const decision = {
      id: `remade-${uid}`,
      decidedAt: now,
      workload: gone?.labels['workload'] ?? WORKLOAD,
    };
    const pod = signedPod(decision, { uid: decision.id, labels: gone?.labels ?? {} });
    this.world.pods.set(pod.uid, pod);
  }

  async tick(seconds = 0): Promise<void> {
    this.world.pass(seconds);
    await this.learner.tick();
  }

  shard(workload = WORKLOAD) {
    return this.world.store.shard('shop', 'default', workload);
  }
}

describe('a stuck Pod', () => {
  it('is evicted once the release is known everywhere, and not before', async () => {
    const stage = new Stage();
    stage.stick(1);
    await stage.tick(59);
    assert.equal(stage.shard()?.enforcement, undefined);
    await stage.tick(2);
    assert.equal(stage.shard()?.enforcement?.releasedAt, stage.world.now);
    assert.deepEqual(stage.asked, []);
    await stage.tick(2);
    assert.deepEqual(stage.asked, [], 'a replica may not have seen the release yet');
    await stage.tick(1);
    assert.deepEqual(stage.asked, [
      { namespace: 'shop', name: 'uid-stuck-1', uid: 'uid-stuck-1', decisionId: 'stuck-1' },
    ]);
    const changes = stage.records.map(({ change, result }) => [change, result]);
    assert.deepEqual(changes, [
      ['released', undefined],
      ['eviction', 'evicted'],
    ]);
    assert.equal(stage.records[1]?.target, 'worker-2');
    const reasons = stage.events.map(({ reason }) => reason);
    assert.deepEqual(reasons, ['PlacementReleased', 'PlacementReleased']);
    assert.equal(stage.shard()?.enforcement?.evictions, 1);
    await stage.tick(10);
    assert.equal(stage.asked.length, 1);
  });

  it('is released and evicted while telemetry does not say a word', async () => {
    const stage = new Stage();
    const silent = Promise.withResolvers<never>();
    stage.lead({ power: { power: () => silent.promise } });
    stage.stick(1);
    stage.world.pass(61);
    const first = stage.learner.tick();
    await until(() => stage.shard()?.enforcement?.releasedAt === stage.world.now);
    silent.reject(new Error('no answer'));
    await first;
    const again = Promise.withResolvers<never>();
    stage.lead({ power: { power: () => again.promise } });
    stage.world.pass(10);
    const second = stage.learner.tick();
    await until(() => stage.asked.length === 1);
    again.reject(new Error('no answer'));
    await second;
  });

  it('without a controller is never evicted', async () => {
    const stage = new Stage();
    stage.stick(1, WORKLOAD, { owner: undefined });
    for (let round = 0; round < 5; round += 1) await stage.tick(60);
    assert.deepEqual(stage.asked, []);
  });

  it('that is bound, going away or only preferred is left alone', async () => {
    const stage = new Stage();
    const { world } = stage;
    const decisions = [
      [
        { id: 'a', required: true as const },
        { nodeName: 'worker-1', phase: 'Pending' },
      ],
      [
        { id: 'b', required: true as const },
        { nodeName: undefined, deletedAt: T0, phase: 'Pending' },
      ],
      [{ id: 'c' }, { nodeName: undefined, phase: 'Pending' }],
    ] as const;
    for (const [decision, over] of decisions) {
      const pod = signedPod(decision, {
        uid: decision.id,
        boundAt: undefined,
        readyAt: undefined,
        ...over,
      });
      world.pods.set(pod.uid, pod);
    }
    for (let round = 0; round < 5; round += 1) await stage.tick(30);
    assert.deepEqual(stage.asked, []);
    assert.deepEqual(stage.records, []);
  });

  it('of a policy that requires nothing any more, or of another name, is evicted at once', async () => {
    for (const change of [{ name: 'other' }, {}]) {
      const stage = new Stage();
      stage.stick(1);
      stage.world.policy = { ...policyWith({ mode: 'Prefer' }), ...change };
      await stage.tick(61);
      assert.equal(stage.asked.length, 1);
    }
  });

  it('is not evicted by a process that does not lead, and once by the next leader', async () => {
    const stage = new Stage();
    stage.stick(2);
    await stage.tick(61);
    stage.world.leader = false;
    await stage.tick(10);
    assert.equal(stage.asked.length, 0);
    stage.world.leader = true;
    stage.lead();
    await stage.tick(1);
    assert.deepEqual(stage.asked.map(({ decisionId }) => decisionId).sort(), [
      'stuck-1',
      'stuck-2',
    ]);
  });
});

describe('the budget of evictions', () => {
  const release = { afterSeconds: 60, coolingOffSeconds: 600, evictionsPerHour: 5 };

  it('holds for the namespace and the hour, whoever leads', async () => {
    const stage = new Stage({ release });
    // The first minute of an hour, so that no hour ends within the test.
    stage.world.now = Math.ceil(T0 / 3_600_000) * 3_600_000;
    stage.stick(4);
    stage.stick(4, 'Deployment/cart');
    stage.world.pass(61);
    for (let round = 0; round < 12; round += 1) {
      stage.lead();
      await stage.tick(5);
    }
    assert.equal(stage.asked.length, 5);
    for (let round = 0; round < 4; round += 1) await stage.tick(1200);
    assert.equal(stage.asked.length, 8, 'the next hour has a budget of its own');
  });

  it('of 0 evicts nobody, and still releases new Pods', async () => {
    const stage = new Stage({ release: { ...release, evictionsPerHour: 0 } });
    stage.stick(2);
    await stage.tick(61);
    await stage.tick(10);
    assert.deepEqual(stage.asked, []);
    assert.ok((stage.shard()?.enforcement?.releasedUntil ?? 0) > stage.world.now);
  });

  it('counts before it asks: a leader that dies in between cannot make it more', async () => {
    const stage = new Stage({ release });
    stage.stick(3);
    await stage.tick(61);
    // Killed with the first eviction: it asked, and nothing of it is written after that.
    stage.lead({ releasePod: () => Promise.reject(new Error('killed')) });
    await stage.tick(10);
    assert.equal(stage.shard()?.enforcement?.evictions, 3);
    stage.lead();
    await stage.tick(10);
    assert.equal(stage.asked.length, 2, 'five in all');
  });
});

describe('escalation of a workload', () => {
  const escalation = {
    mode: 'Enabled' as const,
    adherencePercent: 60,
    minimumPods: 10,
    holdSeconds: 3600,
  };

  it('follows low adherence, says so, and ends after its time', async () => {
    const stage = new Stage({
      mode: 'Prefer',
      escalation,
      holdoutPercent: 0,
      learning: {
        ...policyWith().spec.learning,
        burnInDecisions: 0,
        epsilonThousandths: 1000,
        epsilonFloorThousandths: 1000,
      },
    });
    const { world } = stage;
    world.followed = 0.2;
    for (let round = 0; round < 12 && stage.records.length === 0; round += 1) {
      await stage.tick(30);
      world.rollOut(8);
      await stage.tick(30);
      await stage.tick(90);
    }
    assert.deepEqual(
      stage.records.map(({ change }) => change),
      ['escalated'],
    );
    const { adherence, enforcement } = stage.shard() ?? {};
    assert.ok((enforcement?.escalatedAt ?? 0) > 0);
    assert.ok(Object.keys(adherence ?? {}).length > 0);
    assert.ok(stage.events.some(({ reason }) => reason === 'PlacementEscalated'));
    await stage.tick(escalation.holdSeconds + 1);
    assert.equal(stage.records.at(-1)?.change, 'de-escalated');
    assert.deepEqual(stage.shard()?.adherence, {}, 'judged anew');
    await stage.tick(10);
    assert.equal(stage.records.length, 2);
  });
});
