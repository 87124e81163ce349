// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import type { StoredCircuit } from '#cluster/model/enforcement.ts';
import { DEFAULT_POLICY_SPEC } from '#cluster/policy/parse.ts';
import type { Admission } from '#admission/handling/admission.ts';
import { circuitBlocks, Trials } from '#admission/remembered/trials.ts';
import {
  answer,
  NAMESPACE,
  patchOf,
  policyOf,
  rawPod,
  reviewOf,
  shardOf,
  START,
  stored,
  World,
} from '../world.ts';

const SPEC = DEFAULT_POLICY_SPEC.circuitBreaker;
const WORKLOAD = 'Pod/web';
const OWNERS = [
  { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'web', controller: true },
];

function circuit(over: Partial<StoredCircuit> = {}): StoredCircuit {
  return {
    state: 'open',
    reason: 'slo-breach',
    changedAt: START - 60_000,
    retryAt: START + 60_000,
    coolingSeconds: 120,
    breaches: 0,
    unmeasured: 0,
    evidence: 1,
    trialsPassed: 0,
    trialAdvantage: 0,
    ...over,
  };
}

describe('Trials', () => {
  const trials = () => new Trials({ workloads: 2, lifetimeMilliseconds: 1000 });

  it('counts decisions since a time, each once, by workload', () => {
    const some = trials();
    some.add('shop', 'Deployment/a', '1', { decidedAt: 10, podUid: undefined });
    some.add('shop', 'Deployment/a', '1', { decidedAt: 10, podUid: 'p-1' });
    some.add('shop', 'Deployment/a', '2', { decidedAt: 20, podUid: undefined });
    some.add('other', 'Deployment/a', '3', { decidedAt: 20, podUid: undefined });
    assert.equal(some.since('shop', 'Deployment/a', 0, 20), 2);
    assert.equal(some.since('shop', 'Deployment/a', 11, 20), 1);
    assert.equal(some.since('shop', 'Deployment/b', 0, 20), 0);
  });

  it('gives the place back of a Pod that goes, or that never came', () => {
    const some = trials();
    some.add('shop', 'Deployment/a', 'came', { decidedAt: 0, podUid: 'p-1' });
    some.add('shop', 'Deployment/a', 'never', { decidedAt: 0, podUid: undefined });
    assert.equal(some.since('shop', 'Deployment/a', 0, 1000), 2);
    assert.equal(some.since('shop', 'Deployment/a', 0, 1001), 1);
    some.remove('shop', 'Deployment/a', 'came', 'p-1');
    assert.equal(some.since('shop', 'Deployment/a', 0, 1001), 0);
  });

  it('does not give it back for a Pod that only carries the id', () => {
    const some = trials();
    some.add('shop', 'Deployment/a', 'own', { decidedAt: 0, podUid: undefined });
    some.remove('shop', 'Deployment/a', 'own', 'copy');
    some.add('shop', 'Deployment/a', 'own', { decidedAt: 0, podUid: 'p-1' });
    some.add('shop', 'Deployment/a', 'own', { decidedAt: 0, podUid: 'copy' });
    some.remove('shop', 'Deployment/a', 'own', 'copy');
    assert.equal(some.since('shop', 'Deployment/a', 0, 0), 1);
    some.remove('shop', 'Deployment/a', 'own', 'p-1');
    assert.equal(some.since('shop', 'Deployment/a', 0, 0), 0);
  });

  it('is bounded', () => {
    const some = trials();
    for (const name of ['a', 'b', 'c']) {
      for (let n = 0; n < 150; n += 1) {
        some.add('shop', `Deployment/${name}`, `${name}${n}`, { decidedAt: n, podUid: `p-${n}` });
      }
    }
    assert.equal(some.since('shop', 'Deployment/a', 0, 200), 0);
    assert.equal(some.since('shop', 'Deployment/c', 0, 200), 100);
  });
});

describe('the circuit breaker in the admission path', () => {
  it('blocks while it cools off, and after that once enough are on trial', () => {
    const none = (): number => 0;
    assert.equal(circuitBlocks(undefined, SPEC, START, none), false);
    assert.equal(circuitBlocks(circuit({ state: 'closed' }), SPEC, START, none), false);
    assert.equal(circuitBlocks(circuit(), SPEC, START, none), true);
    const half = circuit({ retryAt: START });
    assert.equal(circuitBlocks(half, SPEC, START, none), false);
    assert.equal(
      circuitBlocks(half, SPEC, START, () => SPEC.trialDecisions),
      true,
    );
    assert.equal(circuitBlocks(circuit(), { ...SPEC, mode: 'Disabled' }, START, none), false);
  });

  /** A world that wants w1 for Pods named or owned by web, with this circuit. */
  function world(of: StoredCircuit): World {
    const made = new World();
    const { spec } = policyOf();
    made.policy = policyOf({
      learning: { ...spec.learning, epsilonThousandths: 0, epsilonFloorThousandths: 0 },
    });
    // The same row in every state.
    const row = { w1: { value: 1, weight: 50 } };
    const cells = new Proxy(
      {},
      { getOwnPropertyDescriptor: () => ({ value: row, configurable: true }), get: () => row },
    );
    for (const workload of [WORKLOAD, 'ReplicaSet/web']) {
      made.shards.set(workload, shardOf({ workload, circuit: of, cells }));
    }
    made.addOwner('ReplicaSet', 'web');
    return made;
  }

  it('an open circuit gives the default, says why, and injects no term', async () => {
    const one = world(circuit());
    const patch = patchOf(answer(one.admission(), reviewOf(rawPod())));
    assert.deepEqual(
      patch?.map(({ path }) => path),
      ['/metadata/annotations'],
    );
    const [entry] = one.admissions;
    assert.deepEqual(
      [entry?.outcome, entry?.decision?.choice, entry?.decision?.action],
      ['injected', 'circuit-open', DEFAULT_ACTION],
    );
    assert.equal(entry?.decision?.propensity, 1);
    const labels = { action_kind: 'default', reason: 'circuit-open' };
    assert.equal(await one.metric('perihelion_decisions_total', labels), 1);
  });

  /** Creates so many Pods by turns on these replicas, as the watch then shows them; their choices. */
  function create(one: World, replicas: readonly Admission[], names: readonly string[]): string[] {
    return names.map((uid, n) => {
      const raw = rawPod({}, { name: uid, uid, ownerReferences: OWNERS });
      const replica = replicas[n % replicas.length] ?? assert.fail();
      const operations = patchOf(answer(replica, reviewOf(raw))) ?? [];
      const annotations = operations.find(({ path }) => path === '/metadata/annotations');
      const metadata = { ...raw.metadata, annotations: annotations?.['value'] };
      const times = { createdAt: one.now, nodeName: 'w1', boundAt: one.now };
      const pod = stored({ ...raw, metadata }, { uid, namespace: NAMESPACE, ...times });
      one.addPod(pod);
      for (const replica of replicas) replica.podSeen(pod);
      return one.admissions.at(-1)?.decision?.choice ?? '';
    });
  }

  const isSent = (choice: string): boolean => choice !== 'circuit-open';

  it('half open, no more than the trials are sent, whichever replica decided them', () => {
    const one = world(circuit({ retryAt: START }));
    const replicas = [one.admission(), one.admission({ registry: one.otherRegistry() })];
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    assert.deepEqual(create(one, replicas, names).filter(isSent), ['greedy', 'greedy', 'greedy']);
  });

  it('half open, a replica that starts anew counts the Pods that are on trial since long', () => {
    const one = world(circuit({ retryAt: START }));
    create(one, [one.admission()], ['a', 'b', 'c']);
    one.now += 20 * 60_000;
    one.observation = { ...(one.observation ?? assert.fail()), observedAt: one.now };
    const fresh = one.admission({ registry: one.otherRegistry() });
    const pods = [...one.view.pods(NAMESPACE)];
    pods.forEach((pod) => fresh.podSeen(pod));
    assert.deepEqual(create(one, [fresh], ['d', 'e']).filter(isSent), []);

    const gone = pods.find(({ name }) => name === 'b') ?? assert.fail();
    one.removePod(gone);
    fresh.podGone(gone);
    assert.deepEqual(create(one, [fresh], ['f', 'g']).map(isSent), [true, false]);
  });

  it('half open, Pods that only claim to be on trial are not counted', () => {
    const one = world(circuit({ retryAt: START }));
    create(one, [one.admission()], ['a', 'b', 'c']);
    one.now += 20 * 60_000;
    one.observation = { ...(one.observation ?? assert.fail()), observedAt: one.now };
    for (const pod of [...one.view.pods(NAMESPACE)]) {
      const annotations = { ...pod.annotations, 'perihelion.dev/propensity': '0.123' };
      one.addPod({ ...pod, annotations });
    }
    const fresh = one.admission({ registry: one.otherRegistry() });
    assert.equal(create(one, [fresh], ['d', 'e', 'f', 'g']).filter(isSent).length, 3);
  });
});
