// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { projectModel } from '#cluster/model/live-view.ts';
import { MODEL_LIMITS } from '#cluster/model/limits.ts';
import type { ModelShard, ModelView } from '#cluster/model/model.ts';
import { shardName } from '#cluster/model/name.ts';
import { ModelStore } from '#cluster/model/store.ts';
import type { SlimPod } from '#cluster/objects/slim.ts';
import type { Learner } from '#learner/loop/learner.ts';
import type { SettlementRecord } from '#learner/judging/settlement.ts';
import type { PowerWindow, LatencyWindow, NodeLoad, Window } from '#telemetry/reading/source.ts';
import { objectServer, type ObjectServer } from '../cluster/object-server.ts';
import { signedPod } from '../../unit/learner/fixtures.ts';
import { measured, World } from '../../unit/learner/world.ts';

const AT = '/apis/perihelion.dev/v1alpha1/namespaces/shop/placementmodels';
const JOB = 'Job/archive';
const TIER = 'Tier/business';
const NODES = ['worker-1', 'worker-2'];

/**
 * One Job with more Pods than a shard has room for ids, behind the real store over real sockets.
 * Telemetry is the same for every Pod, so that thousands of them cost nothing.
 */
class LargeJob {
  readonly world = new World(1);
  readonly records: SettlementRecord[] = [];
  readonly warnings: string[] = [];
  readonly #server: ObjectServer;
  readonly #pods: SlimPod[] = [];
  /** Objects are replaced, never changed: each is read once, as a watch does. */
  readonly #read = new WeakMap<object, ReturnType<typeof projectModel>>();
  #epoch = 0;

  constructor(server: ObjectServer) {
    this.#server = server;
  }

  /** Creates so many Pods, 20 per second. */
  create(count: number): void {
    for (let index = 0; index < count; index += 1) {
      if (index % 20 === 0) this.world.pass(1);
      const id = `00000000-0000-4000-8000-${String(this.#pods.length).padStart(12, '0')}`;
      const nodeName = NODES[index % 2] ?? '';
      const pod = signedPod(
        { id, workload: JOB, action: nodeName, decidedAt: this.world.now },
        { uid: `pod-of-${id}`, nodeName },
      );
      this.#pods.push(pod);
    }
  }

  /** What stands on the server of a shard. */
  stored(workload: string): ModelShard | undefined {
    const raw = this.#server.objects.get(`${AT}/${shardName('default', workload)}`);
    if (raw === undefined) return undefined;
    const model = this.#read.get(raw) ?? projectModel(raw);
    this.#read.set(raw, model);
    return model.kind === 'shard' ? model.shard : undefined;
  }

  /** A leader of a new term. */
  learner(): Learner {
    const models: ModelView = {
      shard: (_namespace, _policy, workload) => this.stored(workload),
      observation: () => undefined,
    };
    return this.world.learner({
      models,
      store: new ModelStore(this.#server.client, (this.#epoch += 1)),
      view: {
        synced: true,
        node: (name) => this.world.nodes.get(name),
        nodesByLabel: () => new Map([...this.world.nodes].map(([name, one]) => [name, [one]])),
        pods: () => this.#pods,
      },
      onSettled: (record) => this.records.push(record),
      logger: {
        info: () => undefined,
        warn: (fields: object, text?: string) =>
          this.warnings.push(`${text} ${String(Reflect.get(fields, 'err'))}`),
        error: (fields: object, text?: string) =>
          this.warnings.push(`${text} ${String(Reflect.get(fields, 'err'))}`),
      },
      power: { power: (window) => Promise.resolve(this.#power(window)) },
      latency: { latency: (window) => Promise.resolve(this.#latency(window)) },
      load: { load: (window) => Promise.resolve(load(window)) },
    });
  }

  #power(window: Window): PowerWindow {
    const node = measured(6000, window);
    return {
      podJoules: new Map(this.#pods.map((pod) => [pod.uid, measured(100, window)])),
      attributedJoules: new Map(NODES.map((name) => [name, node])),
      nodeWatts: new Map(NODES.map((name) => [name, measured(100, window)])),
    };
  }

  #latency(window: Window): LatencyWindow {
    const answer = {
      requests: measured(100, window),
      p50Milliseconds: measured(5, window),
      p99Milliseconds: measured(20, window),
      errorRatio: measured(0, window),
    };
    const pods = new Map(this.#pods.map((pod) => [`${pod.namespace}/${pod.name}`, answer]));
    return { pods, edges: [] };
  }

  /** Fails unless each of the first `count` Pods was counted exactly once, in both shards. */
  assertCountedOnce(count: number): void {
    const ids = this.records.map((record) => record.decisionId);
    assert.equal(ids.length, count, this.warnings.join('\n'));
    assert.equal(new Set(ids).size, count);
    assert.equal(this.stored(JOB)?.asked, count);
    for (const key of [JOB, TIER]) {
      assert.ok((this.stored(key)?.settled.length ?? Infinity) <= MODEL_LIMITS.settled);
    }
  }
}

function load(window: Window): Map<string, NodeLoad> {
  const half = { cpuRatio: measured(0.5, window), memoryRatio: measured(0.5, window) };
  return new Map(NODES.map((name) => [name, half]));
}

describe('a workload with more Pods than a shard has room for ids', { timeout: 300_000 }, () => {
  let server: ObjectServer;
  before(async () => {
    server = await objectServer();
  });
  after(() => server.close());

  it('is settled, each Pod exactly once, over cycles and leaders', async () => {
    const job = new LargeJob(server);
    const first = job.learner();
    job.create(4000);
    job.world.pass(100);
    await first.tick();
    job.assertCountedOnce(4000);
    assert.equal(job.stored(JOB)?.settledUntil, undefined, 'all of them have room');

    job.create(3000);
    job.world.pass(100);
    await first.tick();
    job.assertCountedOnce(7000);
    await first.tick();
    job.assertCountedOnce(7000);

    const second = job.learner();
    const standing = structuredClone([job.stored(JOB), job.stored(TIER)]);
    assert.equal((await second.tick()).backlog, 0);
    job.assertCountedOnce(7000);
    assert.deepEqual([job.stored(JOB), job.stored(TIER)], standing);

    job.create(500);
    job.world.pass(100);
    await second.tick();
    job.assertCountedOnce(7500);
    assert.equal((await job.learner().tick()).backlog, 0);
    job.assertCountedOnce(7500);
  });

  it('of one rollout alone, by leaders that die between the tier and the workload', async () => {
    server.objects.clear();
    const job = new LargeJob(server);
    job.create(7000);
    job.world.pass(100);
    server.intercept = ({ method, path, response }) => {
      if (
        method === 'GET' ||
        (!path.endsWith(shardName('default', JOB)) && server.objects.size < 2)
      )
        return false;
      response.destroy();
      return true;
    };
    await job.learner().tick();
    server.intercept = undefined;
    assert.equal(job.records.length, 0);
    const tier = job.stored(TIER);
    assert.equal(tier?.version, 1);

    await job.learner().tick();
    job.assertCountedOnce(7000);
    assert.deepEqual(job.stored(TIER), tier, 'the tier has them already');
    assert.equal((await job.learner().tick()).backlog, 0);
    job.assertCountedOnce(7000);
  });
});
