// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  CLOCK_SKEW_MILLISECONDS,
  createPodReader,
  pendingDecision,
  policyNameOf,
  scanDecisions,
} from '#learner/episodes/decisions.ts';
import { KEY, T0, node, pod, record, signedPod } from '../fixtures.ts';

const read = createPodReader(KEY);

void describe('scanDecisions', () => {
  void test('a signed Pod is found with its record, one without annotations is not', () => {
    const scan = scanDecisions([signedPod({ id: 'a' }), pod({ uid: 'u-2' })], read);
    assert.deepEqual(
      scan.signed.map((one) => one.record),
      [record({ id: 'a' })],
    );
    assert.deepEqual(scan.rejected, []);
  });

  void test('an altered field is forged, a missing signature is unsigned', () => {
    const good = signedPod();
    const altered = {
      ...good,
      uid: 'u-2',
      annotations: { ...good.annotations, 'perihelion.dev/action': 'worker-9' },
    };
    const { 'perihelion.dev/signature': signature, ...rest } = good.annotations;
    assert.ok(signature);
    const unsigned = { ...good, uid: 'u-3', annotations: rest };
    const scan = scanDecisions([altered, unsigned], read);
    assert.deepEqual(scan.signed, []);
    assert.deepEqual(
      scan.rejected.map((one) => [one.podUid, one.reason]),
      [
        ['u-2', 'forged'],
        ['u-3', 'unsigned'],
      ],
    );
  });

  void test('a copy to another owner is forged, to a sibling a duplicate', () => {
    const good = signedPod();
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'x', uid: 'rs-2' };
    const elsewhere = { ...good, uid: 'u-2', owner };
    const sibling = { ...good, uid: 'u-0', createdAt: T0 + 1000 };
    const scan = scanDecisions([sibling, elsewhere, good], read);
    assert.deepEqual(
      scan.signed.map((one) => one.pod.uid),
      ['u-1'],
      'the Pod that was there first keeps the id',
    );
    assert.deepEqual(
      scan.rejected.map((one) => [one.podUid, one.reason]),
      [
        ['u-2', 'forged'],
        ['u-0', 'duplicate'],
      ],
    );
  });

  void test('a record much older or newer than its Pod is replayed', () => {
    const late = signedPod({}, { createdAt: T0 + CLOCK_SKEW_MILLISECONDS + 1 });
    const early = signedPod({ id: 'e' }, { uid: 'e', createdAt: T0 - CLOCK_SKEW_MILLISECONDS - 1 });
    const atLimit = signedPod({ id: 'l' }, { uid: 'l', createdAt: T0 + CLOCK_SKEW_MILLISECONDS });
    const scan = scanDecisions([late, early, atLimit], read);
    assert.deepEqual(
      scan.rejected.map((one) => one.reason),
      ['replayed', 'replayed'],
    );
    assert.equal(scan.signed[0]?.pod.uid, 'l');
  });

  void test('every id is kept once, by the oldest Pod, whatever the order', () => {
    const pods = fc.array(
      fc.record({ id: fc.constantFrom('a', 'b', 'c'), age: fc.integer({ min: 0, max: 9 }) }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(pods, (specs) => {
        const all = specs.map((spec, index) =>
          signedPod({ id: spec.id }, { uid: `u-${index}`, createdAt: T0 + spec.age * 1000 }),
        );
        const scan = scanDecisions(all, read);
        assert.equal(scan.signed.length + scan.rejected.length, all.length);
        for (const id of new Set(specs.map((spec) => spec.id))) {
          const kept = scan.signed.filter((one) => one.record.id === id);
          const ages = specs.filter((spec) => spec.id === id).map((spec) => spec.age);
          assert.equal(kept.length, 1);
          assert.equal(kept[0]?.pod.createdAt, T0 + Math.min(...ages) * 1000);
        }
      }),
    );
  });
});

void describe('pendingDecision', () => {
  const signed = { pod: pod(), record: record({ policy: 'green@web@12' }) };

  void test('the landed target is the label of the node, not its name', () => {
    const zoned = node('worker-1', { labels: { zone: 'eu-1' } });
    const found = pendingDecision(signed, 'zone', (name) =>
      name === zoned.name ? zoned : undefined,
    );
    assert.equal(found.landed, 'eu-1');
    assert.equal(found.policy, 'green@web');
  });

  void test('an unknown node, a node without the label and an unbound Pod have no target', () => {
    assert.equal(pendingDecision(signed, 'zone', () => undefined).landed, undefined);
    assert.equal(pendingDecision(signed, 'zone', () => node('worker-1')).landed, undefined);
    const unbound = { ...signed, pod: pod({ nodeName: undefined }) };
    assert.equal(pendingDecision(unbound, 'zone', () => node('worker-1')).landed, undefined);
  });

  void test('a Pod that ran to its end is finished', () => {
    for (const [phase, finished] of [
      ['Succeeded', true],
      ['Failed', true],
      ['Running', false],
      ['Pending', false],
    ] as const) {
      const found = pendingDecision({ ...signed, pod: pod({ phase }) }, 'zone', () => undefined);
      assert.equal(found.finished, finished, phase);
    }
  });
});

void test('policyNameOf leaves a name without a generation alone', () => {
  assert.equal(policyNameOf(record({ policy: 'default' })), 'default');
  assert.equal(policyNameOf(record({ policy: 'default@3' })), 'default');
});
