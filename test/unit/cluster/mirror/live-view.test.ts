// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LiveClusterView, type ClusterStores } from '#cluster/mirror/live-view.ts';
import { holdsResources } from '#cluster/objects/project-pod.ts';
import type { SlimNode, SlimOwner, SlimPod } from '#cluster/objects/slim.ts';
import { Store } from '#cluster/watch/store.ts';

const thrower = (error: unknown): never => {
  throw error;
};

function viewOf(): { stores: ClusterStores; view: LiveClusterView } {
  const stores = {
    nodes: new Store<SlimNode>(thrower),
    pods: new Store<SlimPod>(thrower),
    namespaces: new Store<{ name: string; labels: Record<string, string> }>(thrower),
    owners: { ReplicaSet: new Store<SlimOwner>(thrower) },
    claims: undefined,
    volumes: undefined,
  };
  return { stores, view: new LiveClusterView(stores, () => true) };
}

const node = (name: string, labels: Record<string, string>): SlimNode => ({
  name,
  labels,
  taints: [],
  unschedulable: false,
  ready: true,
  allocatable: { cpuMillicores: 1000, memoryBytes: 1000, pods: 10 },
});

const NAMES = ['p1', 'p2', 'p3', 'p4'] as const;
const pods: fc.Arbitrary<SlimPod> = fc.record({
  uid: fc.constantFrom('u1', 'u2'),
  namespace: fc.constantFrom('a', 'b'),
  name: fc.constantFrom(...NAMES),
  labels: fc.constant({}),
  annotations: fc.constantFrom(
    {},
    { 'perihelion.dev/decision-id': 'd1' },
    { 'perihelion.dev/decision-id': 'd2' },
  ),
  owner: fc.constant(undefined),
  nodeName: fc.constantFrom(undefined, 'n1', 'n2'),
  podIP: fc.constant(undefined),
  phase: fc.constantFrom('Pending', 'Running', 'Succeeded', 'Failed'),
  createdAt: fc.constant(0),
  boundAt: fc.constant(undefined),
  readyAt: fc.constant(undefined),
  deletedAt: fc.constant(undefined),
  requests: fc.record({
    cpuMillicores: fc.nat(4000),
    memoryBytes: fc.maxSafeNat().map((n) => n % 2 ** 40),
  }),
  requiredAntiAffinity: fc.constantFrom([], [{ topologyKey: 'kubernetes.io/hostname' }]),
});

type Step = { remove: boolean; pod: SlimPod };
const keys = (list: Iterable<SlimPod>) => [...list].map((pod) => pod.uid).sort();

describe('the cluster view', () => {
  it('answers after any history as if it had counted anew', () => {
    const steps: fc.Arbitrary<Step[]> = fc.array(fc.record({ remove: fc.boolean(), pod: pods }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(steps, (history) => {
        const { stores, view } = viewOf();
        history.forEach(({ remove, pod }, index) => {
          const key = `${pod.namespace}/${pod.name}`;
          // A uid belongs to one Pod only.
          const uid = `${key}/${pod.uid}`;
          if (remove) stores.pods.remove(key);
          else
            stores.pods.upsert(key, { uid, resourceVersion: `${index}`, value: { ...pod, uid } });
        });
        const all = [...stores.pods.values()];
        for (const name of ['n1', 'n2', 'none']) {
          const here = all.filter((pod) => pod.nodeName === name && holdsResources(pod));
          assert.deepEqual(keys(view.podsOnNode(name)), keys(here));
          assert.deepEqual(view.requestedOnNode(name), {
            cpuMillicores: here.reduce((sum, pod) => sum + pod.requests.cpuMillicores, 0),
            memoryBytes: here.reduce((sum, pod) => sum + pod.requests.memoryBytes, 0),
            pods: here.length,
          });
        }
        for (const name of ['a', 'b', 'none']) {
          assert.deepEqual(
            keys(view.pods(name)),
            keys(all.filter((pod) => pod.namespace === name)),
          );
        }
        for (const id of ['d1', 'd2']) {
          assert.deepEqual(
            keys(view.podsByDecision(id)),
            keys(all.filter((pod) => pod.annotations['perihelion.dev/decision-id'] === id)),
          );
        }
        assert.deepEqual(
          keys(view.podsWithRequiredAntiAffinity()),
          keys(
            all.filter(
              (pod) =>
                pod.requiredAntiAffinity.length > 0 &&
                pod.phase !== 'Succeeded' &&
                pod.phase !== 'Failed',
            ),
          ),
        );
      }),
    );
  });

  it('keeps nodes by label up to date from the first question on', () => {
    const labels = fc.constantFrom<Record<string, string>>(
      {},
      { zone: 'a' },
      { zone: 'b' },
      { zone: 'a', pool: 'x' },
    );
    const step = fc.record({
      name: fc.constantFrom('n1', 'n2', 'n3'),
      labels,
      remove: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step), fc.nat(10), (history, askedAt) => {
        const { stores, view } = viewOf();
        history.forEach((change, index) => {
          if (index === askedAt) view.nodesByLabel('zone');
          if (change.remove) stores.nodes.remove(change.name);
          else {
            const value = node(change.name, change.labels);
            stores.nodes.upsert(change.name, {
              uid: change.name,
              resourceVersion: `${index}`,
              value,
            });
          }
        });
        const expected: Record<string, string[]> = {};
        for (const one of stores.nodes.values()) {
          const zone = one.labels['zone'];
          if (zone !== undefined) (expected[zone] ??= []).push(one.name);
        }
        for (const names of Object.values(expected)) names.sort();
        const found = Object.fromEntries(
          [...view.nodesByLabel('zone')].map(([zone, list]) => [
            zone,
            list.map((one) => one.name).sort(),
          ]),
        );
        assert.deepEqual(found, expected);
      }),
    );
  });

  it('does not take a property of every object for a label or a kind', () => {
    const { stores, view } = viewOf();
    stores.nodes.upsert('n', { uid: 'n', resourceVersion: '1', value: node('n', {}) });
    assert.equal(view.nodesByLabel('constructor').size, 0);
    assert.equal(view.owner('constructor', 'a', 'b'), undefined);
  });

  it('knows nothing of what it does not watch', () => {
    const { view } = viewOf();
    assert.equal(view.claim('a', 'b'), undefined);
    assert.equal(view.volume('a'), undefined);
    assert.equal(view.namespace('a'), undefined);
    assert.equal(view.pod('a', 'b'), undefined);
    assert.deepEqual([...view.nodes()], []);
  });

  it('tells of Pods after the indexes hold them', () => {
    const { stores, view } = viewOf();
    const [pod] = fc.sample(pods, { numRuns: 1, seed: 1 });
    const bound = { ...pod!, nodeName: 'n1', phase: 'Running' };
    const seen: number[] = [];
    const leave = view.onPod(() => seen.push(view.requestedOnNode('n1').pods));
    stores.pods.upsert('k', { uid: 'u', resourceVersion: '1', value: bound });
    leave();
    stores.pods.remove('k');
    assert.deepEqual(seen, [1]);
  });
});
