// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import type { SlimPod } from '#cluster/objects/slim.ts';
import { decide } from '#admission/decision/decide.ts';
import type { JsonObject } from '#admission/review/json.ts';
import { Memory } from '#admission/decision/memory.ts';
import {
  answer,
  incoming,
  KEY,
  NAMESPACE,
  node,
  observationOf,
  patchOf,
  policyOf,
  rawPod,
  reviewOf,
  shardOf,
  START,
  stored,
  World,
} from '../world.ts';

/** Replicas of one workload that are created at the same moment. */
const BURST = 500;
const NODES = Array.from({ length: 10 }, (_, n) => `w${n}`);
/** Pods of 100m that fit on a node of 8 cores. */
const ROOM = 80;
/** Reviews until a Pod of the other replica comes back through the watch. */
const WATCH_LAG = 10;

/** Every Pod of the burst. */
const BURST_METADATA = {
  name: undefined,
  generateName: 'web-',
  ownerReferences: [
    { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'rs', controller: true },
  ],
};

/** One replica: decides a Pod, and is told of Pods. */
interface Replica {
  /** The answer's action and annotations. */
  readonly decide: (raw: JsonObject) => { action: string; annotations: unknown };
  readonly podSeen: (pod: SlimPod) => void;
}

/** A world of ten nodes on which `best` is known to be the best target, or none is. */
function world(best: string | undefined): World {
  const made = new World(NODES.map((name) => node(name)));
  const { spec } = policyOf();
  made.policy = policyOf({
    learning: { ...spec.learning, epsilonThousandths: 0, epsilonFloorThousandths: 0 },
  });
  made.observation = observationOf(Object.fromEntries(NODES.map((name) => [name, 'healthy'])));
  const value = (name: string): number => (name === best ? 1 : 0.5);
  const row = Object.fromEntries(NODES.map((name) => [name, { value: value(name), weight: 100 }]));
  const cells = new Proxy(
    {},
    { getOwnPropertyDescriptor: () => ({ value: row, configurable: true }), get: () => row },
  );
  made.shards.set('ReplicaSet/web', shardOf({ workload: 'ReplicaSet/web', cells }));
  return made;
}

/**
 * Sends a burst through the replicas in turn. No Pod is bound before its end, as in a scheduler
 * that is behind; each replica sees the Pods of all, `WATCH_LAG` reviews later.
 * @returns Pods by the target they prefer.
 */
function burst(replicas: readonly Replica[]): Map<string, number> {
  const counts = new Map<string, number>();
  const onTheWay: SlimPod[] = [];
  for (let n = 0; n < BURST; n += 1) {
    const raw = rawPod({}, BURST_METADATA);
    const replica = replicas[n % replicas.length];
    assert.ok(replica);
    const { action, annotations } = replica.decide(raw);
    counts.set(action, (counts.get(action) ?? 0) + 1);
    const metadata = { ...raw.metadata, name: `web-${n}`, annotations };
    onTheWay.push(
      stored({ ...raw, metadata }, { uid: `u${n}`, namespace: NAMESPACE, createdAt: START }),
    );
    const arrived = onTheWay[n - WATCH_LAG];
    if (arrived === undefined) continue;
    for (const other of replicas) other.podSeen(arrived);
  }
  return counts;
}

/** Replicas as they are: each counts its own decisions and those that the watch shows. */
function counting(one: World, count: number): Replica[] {
  return Array.from({ length: count }, () => {
    const admission = one.admission({ registry: one.otherRegistry() });
    return {
      decide: (raw) => {
        const patch = patchOf(answer(admission, reviewOf(raw))) ?? [];
        const annotations = patch.find(({ path }) => path === '/metadata/annotations');
        const action = one.admissions.at(-1)?.decision?.action ?? DEFAULT_ACTION;
        return { action, annotations: annotations?.['value'] };
      },
      podSeen: (pod) => admission.podSeen(pod),
    };
  });
}

/** Replicas that count only their own decisions: the watch tells them nothing. */
function deaf(one: World, count: number): Replica[] {
  return counting(one, count).map((replica) => ({ ...replica, podSeen: () => undefined }));
}

/** A replica that counts nothing: every Pod meets the cluster as it was before the burst. */
function forgetful({ policy, policies, view, models, now, newId }: World): Replica {
  const pod = incoming({}, BURST_METADATA);
  const keys = [KEY];
  return {
    decide: () => {
      const memory = new Memory({ view, policies, keys, now: () => now });
      const checkpoint = (): void => undefined;
      const taken = decide({ pod, policy, view, models, memory, now, newId, checkpoint });
      return { action: taken.record.action, annotations: {} };
    },
    podSeen: () => undefined,
  };
}

/** Pods that were asked onto a target beyond its room. */
function herded(counts: ReadonlyMap<string, number>): number {
  let beyond = 0;
  for (const [target, count] of counts) {
    if (target !== DEFAULT_ACTION) beyond += Math.max(0, count - ROOM);
  }
  return beyond;
}

describe(`a burst of ${BURST} replicas on nodes with room for ${ROOM} each`, () => {
  it('herds onto the best target where nothing is counted', () => {
    const one = world('w3');
    const counts = burst([forgetful(one)]);
    assert.equal(counts.get('w3'), BURST);
    assert.equal(herded(counts), BURST - ROOM);
  });

  for (const replicas of [1, 2, 3]) {
    it(`fills the best target and goes on to the others: ${replicas} replicas`, () => {
      const one = world('w3');
      const counts = burst(counting(one, replicas));
      // What the others decided in the last reviews is not seen yet: that much it may be beyond.
      const unseen = replicas === 1 ? 0 : WATCH_LAG * NODES.length;
      assert.ok(herded(counts) <= unseen, `${herded(counts)} beyond the room`);
      assert.ok((counts.get('w3') ?? 0) >= ROOM);
      assert.ok((counts.get('w3') ?? 0) <= ROOM + WATCH_LAG);
      assert.ok(counts.size > BURST / ROOM, 'the rest is spread');
    });
  }

  it('each of two replicas fills the target by itself if it does not hear of the other', () => {
    const one = world('w3');
    const counts = burst(deaf(one, 2));
    assert.equal(counts.get('w3'), 2 * ROOM);
  });

  it('spreads evenly over targets that look alike, where a draw alone does not', () => {
    const alike = (counts: ReadonlyMap<string, number>): number =>
      Math.max(...NODES.map((name) => counts.get(name) ?? 0)) -
      Math.min(...NODES.map((name) => counts.get(name) ?? 0));
    const one = world(undefined);
    const spread = alike(burst(counting(one, 2)));
    const other = world(undefined);
    const drawn = alike(burst([forgetful(other)]));
    assert.ok(spread <= 4, `${spread}`);
    assert.ok(drawn >= 3 * spread, `${drawn} by draw, ${spread} when counted`);
  });
});
