// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeEntry } from '#audit/decode.ts';
import { encodeEntry } from '#audit/encode.ts';
import { replayDecision } from '#audit/replay.ts';
import { answer, fixture, node, policyOf, rawPod, reviewOf, START, World } from '../world.ts';

function worldOf(count: number): World {
  const nodes = Array.from({ length: count }, (_, index) =>
    node(`w${String(index)}`, { ready: index === 0 }),
  );
  const world = new World(nodes);
  const { learning } = policyOf().spec;
  world.policy = policyOf({ learning: { ...learning, burnInDecisions: 0 } });
  return world;
}

describe('auditEntryOf', () => {
  it('says who, what and why', () => {
    const world = worldOf(2);
    answer(world.admission(), fixture('deployment-pod-create'));
    const [entry] = world.admissions;
    assert.equal(entry?.time, new Date(START).toISOString());
    assert.equal(entry.namespace, 'hotel-res');
    assert.equal(entry.name, undefined);
    assert.equal(entry.generateName, 'frontend-58589fbfdb-');
    assert.equal(entry.workload, 'Deployment/frontend');
    assert.deepEqual(entry.decision?.infeasible, [{ action: 'w1', reason: 'not-ready' }]);
    assert.deepEqual(entry.decision.candidates.map((one) => one.action).sort(), [
      '(default)',
      'w0',
    ]);
    assert.equal(entry.decision.infeasibleOmitted, 0);
  });

  it('counts the targets that it leaves out', () => {
    const world = worldOf(200);
    answer(world.admission(), fixture('deployment-pod-create'));
    const decision = world.admissions[0]?.decision;
    assert.equal(decision?.infeasible.length, 64);
    assert.equal(decision.infeasibleOmitted, 199 - 64);
  });

  it('cuts what is longer than any name, so that the line is written at all', () => {
    const world = worldOf(1);
    const name = 'n'.repeat(2 ** 20);
    answer(world.admission(), reviewOf(rawPod({}, { name, generateName: name }), { uid: name }));
    const [entry] = world.admissions;
    assert.equal(entry?.name, `${'n'.repeat(509)}...`);
    assert.equal(entry.generateName, entry.name);
    assert.equal(entry.requestUid, entry.name);
    assert.ok(encodeEntry(entry).length < 4096);
  });

  it('is a line that the audit log can write and read', () => {
    const world = worldOf(3);
    answer(world.admission(), fixture('statefulset-pod-create'));
    answer(world.admission({ registry: world.otherRegistry() }), fixture('pod-update'));
    for (const entry of world.admissions) {
      assert.deepEqual(decodeEntry(encodeEntry(entry)), JSON.parse(JSON.stringify(entry)));
    }
  });

  it('holds everything that the choice depended on', () => {
    const world = worldOf(3);
    for (let pod = 0; pod < 20; pod += 1) {
      answer(
        world.admission({ registry: world.otherRegistry() }),
        fixture('deployment-pod-create'),
      );
    }
    const decisions = world.admissions.flatMap(({ decision }) => decision ?? []);
    assert.equal(decisions.length, 20);
    for (const decision of decisions) {
      assert.equal(decision.draw?.algorithm, 'EpsilonGreedy');
      assert.deepEqual(replayDecision(decision), { kind: 'matched' });
    }
  });
});
