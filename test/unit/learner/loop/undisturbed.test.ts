// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGenerator, type Generator } from '#agent/terms/random.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { LatencyWindow, NodeLoad, PowerWindow, Window } from '#telemetry/reading/source.ts';
import { policyWith, World } from '../world.ts';

/*
 * The promise: a leader that dies between two writes of one episode leaves no trace. Whoever
 * settles the rest learns from it exactly what one leader would have learned: every value, every
 * count. The agent's return passes from one workload to the next and through the tier's prior, so
 * that an episode cannot simply be begun anew on shards that hold half of it.
 */

const WORKLOADS = ['Deployment/cart', 'Deployment/frontend', 'StatefulSet/store'];
const ROLLOUTS = 12;

/** Telemetry that answers the same however often it is asked about a window, as a database does. */
class RecordedWorld extends World {
  #recorded: Generator | undefined;

  override draw(): number {
    return this.#recorded?.next() ?? super.draw();
  }

  override power(window: Window): PowerWindow {
    return this.#same('power', window, () => super.power(window));
  }

  override latency(window: Window): LatencyWindow {
    return this.#same('latency', window, () => super.latency(window));
  }

  override load(window: Window): ReadonlyMap<string, NodeLoad> {
    return this.#same('load', window, () => super.load(window));
  }

  #same<T>(what: string, { from, to }: Window, make: () => T): T {
    this.#recorded = createGenerator(`${what} ${from} ${to}`);
    const answer = make();
    this.#recorded = undefined;
    return answer;
  }
}

/** What must not depend on who settled it; `version` and `settled` follow from the rest. */
function learned(world: World): unknown {
  return [...world.store.shards.values()]
    .map((shard: ModelShard) => ({ ...shard, before: undefined }))
    .sort((a, b) => (a.workload < b.workload ? -1 : 1));
}

/**
 * Rolls three workloads out together, again and again; in each rollout the leader dies after
 * `survives(n)` writes, and another one goes on.
 */
async function play(seed: number, survives: (rollout: number) => number): Promise<RecordedWorld> {
  const { spec } = policyWith();
  const learning = { ...spec.learning, burnInDecisions: 4, epsilonThousandths: 400 };
  const world = new RecordedWorld(seed, policyWith({ learning }));
  world.followed = 0.7;
  await world.learner().tick();
  for (let n = 0; n < ROLLOUTS; n += 1) {
    for (const workload of WORKLOADS) world.rollOut(3, workload);
    world.pass(75);
    const limit = survives(n);
    let writes = 0;
    world.store.faultOf = () => {
      writes += 1;
      return writes > limit ? 'refused' : undefined;
    };
    await world.learner().tick();
    world.store.faultOf = () => undefined;
    // The second one settles what the first left open, the third observes what both have learned.
    // Its informers know the Pods in another order.
    const heir = world.learner({
      view: {
        synced: true,
        node: (name) => world.nodes.get(name),
        nodesByLabel: () => new Map([...world.nodes].map(([name, one]) => [name, [one]])),
        pods: () => [...world.pods.values()].reverse(),
      },
    });
    await heir.tick();
    await world.learner().tick();
    world.pass(60);
  }
  return world;
}

for (const seed of [1, 2, 3]) {
  void test(`a leader that dies within an episode changes nothing that is learned: seed ${seed}`, async () => {
    const undisturbed = await play(seed, () => Infinity);
    const draws = createGenerator(`kills ${seed}`);
    const killed = await play(seed, () => Math.floor(draws.next() * (WORKLOADS.length + 1)));
    assert.deepEqual(learned(killed), learned(undisturbed));
    const shards = [...undisturbed.store.shards.values()];
    assert.equal(shards.length, WORKLOADS.length + 1);
    assert.ok(
      shards.every(({ episodes }) => episodes === ROLLOUTS),
      'something was learned',
    );
  });
}
