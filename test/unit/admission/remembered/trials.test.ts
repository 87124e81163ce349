// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_ACTION } from '#agent/action.ts';
import type { StoredCircuit } from '#cluster/model/enforcement.ts';
import { DEFAULT_POLICY_SPEC } from '#cluster/policy/parse.ts';
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

  /** A world that wants w1 for the bare Pod, with this circuit. */
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
    made.shards.set(WORKLOAD, shardOf({ workload: WORKLOAD, circuit: of, cells }));
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

  it('half open, no more than the trials are sent, whichever replica decided them', () => {
    const one = world(circuit({ retryAt: START }));
    const first = one.admission();
    const second = one.admission({ registry: one.otherRegistry() });
    const choices: (string | undefined)[] = [];
    for (let n = 0; n < 8; n += 1) {
      const raw = rawPod({}, { name: 'web', uid: `u${n}` });
      const review = answer(n % 2 === 0 ? first : second, reviewOf(raw));
      choices.push(one.admissions.at(-1)?.decision?.choice);
      const operations = patchOf(review) ?? [];
      const annotations = operations.find(({ path }) => path === '/metadata/annotations');
      const metadata = { ...raw.metadata, annotations: annotations?.['value'] };
      const pod = stored({ ...raw, metadata }, { uid: `u${n}`, namespace: NAMESPACE });
      for (const replica of [first, second]) replica.podSeen(pod);
    }
    const sent = choices.filter((choice) => choice !== 'circuit-open');
    assert.deepEqual(sent, ['greedy', 'greedy', 'greedy']);
  });
});
