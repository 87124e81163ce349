// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ExpectedUses, referenceMillicores, speedOf } from '#admission/expected-use.ts';
import { InFlight } from '#admission/in-flight.ts';
import { Placements } from '#admission/placements.ts';
import { SeenTargets } from '#admission/seen-targets.ts';
import { labelAt } from '#cluster/objects/selector-match.ts';
import { NAMESPACE, node, slimPod } from './world.ts';

const KEY = 'example.com/pool';
const WORKLOADS = ['Deployment/a', 'Deployment/b', 'Deployment/c', 'Deployment/constructor'];
const TARGETS = ['p1', 'p2', 'p3', '__proto__'];
const NODES = ['n1', 'n2', 'n3', 'n4', 'n5'];

type Input = Parameters<ExpectedUses['of']>[0];

/** The same sums target by target, from what each part answers by itself. */
function plainly(input: Input): ReadonlyMap<string, [number, number]> | undefined {
  const { namespace, topologyKey, placements, inFlight, now, view } = input;
  const sums = new Map(input.among.map((target): [string, [number, number]] => [target, [0, 0]]));
  const at = (name: string): [number, number] | undefined =>
    sums.get(labelAt(view.node(name)?.labels ?? {}, topologyKey) ?? '');
  let measured = false;
  for (const [workload, seen] of Object.entries(input.observation.workloads)) {
    const millicores = referenceMillicores(seen);
    if (millicores === undefined) continue;
    measured = true;
    const expect = (target: string, sum: [number, number] | undefined, pods: number): void => {
      if (sum !== undefined) sum[0] += (pods * millicores) / speedOf(input.seen, target);
    };
    const owner = workload === input.workload ? input.ownerUid : undefined;
    for (const [name, pods] of placements.remaining(namespace, workload, owner)) {
      expect(labelAt(view.node(name)?.labels ?? {}, topologyKey) ?? '', at(name), pods);
    }
    for (const [name, requested] of placements.requested(namespace, workload)) {
      const sum = at(name);
      if (sum !== undefined) sum[1] += requested;
    }
    for (const [target, pods] of inFlight.siblings({ namespace, workload, topologyKey }, now)) {
      expect(target, sums.get(target), pods);
    }
  }
  return measured ? sums : undefined;
}

const pod = fc.record({
  kind: fc.constant('pod' as const),
  uid: fc.integer({ min: 0, max: 12 }),
  workload: fc.constantFrom(...WORKLOADS),
  owner: fc.constantFrom('old', 'new'),
  nodeName: fc.option(fc.constantFrom(...NODES), { nil: undefined }),
  createdAt: fc.integer({ min: 0, max: 3 }),
  gone: fc.boolean(),
});
const decision = fc.record({
  kind: fc.constant('decision' as const),
  id: fc.constantFrom('1', '2', '3', '4', '5', '6', '7', '8'),
  workload: fc.constantFrom(...WORKLOADS),
  target: fc.constantFrom(...TARGETS),
  namespace: fc.constantFrom(NAMESPACE, 'other'),
  gone: fc.boolean(),
});
const relabel = fc.record({
  kind: fc.constant('relabel' as const),
  name: fc.constantFrom(...NODES),
  pool: fc.option(fc.constantFrom(...TARGETS), { nil: undefined }),
});
const learn = fc.record({
  kind: fc.constant('learn' as const),
  cores: fc.array(fc.option(fc.double({ min: 0.01, max: 3, noNaN: true }), { nil: undefined }), {
    minLength: 4,
    maxLength: 4,
  }),
  speed: fc.double({ min: 0.2, max: 3, noNaN: true }),
});
const ask = fc.record({
  kind: fc.constant('ask' as const),
  among: fc.uniqueArray(fc.constantFrom(...TARGETS)),
  workload: fc.constantFrom(...WORKLOADS),
  owner: fc.constantFrom('old', 'new', 'newest'),
});

describe('ExpectedUses', () => {
  it('says bit for bit what each workload, Pod and node says by itself, whatever has happened', () => {
    let told = 0;
    fc.assert(
      fc.property(
        learn,
        fc.array(fc.oneof(pod, pod, pod, decision, decision, relabel, learn, ask, ask), {
          minLength: 5,
          maxLength: 60,
        }),
        (first, steps) => {
          const uses = new ExpectedUses();
          const placements = new Placements();
          const inFlight = new InFlight({ entries: 100, lifetimeMilliseconds: 1000 });
          const pools = new Map<string, string | undefined>(
            NODES.map((name, index) => [name, TARGETS[index % TARGETS.length]]),
          );
          let observation = observed(first);
          const view = {
            node: (name: string) => {
              const pool = pools.get(name);
              const labels = pool === undefined ? {} : Object.fromEntries([[KEY, pool]]);
              return name === 'n5' && pool === undefined ? undefined : node(name, { labels });
            },
          };
          for (const step of steps) {
            if (step.kind === 'pod') {
              const { nodeName, createdAt } = step;
              const owner = { apiVersion: 'apps/v1', kind: 'X', name: 'x', uid: step.owner };
              const one = slimPod('x', { uid: `${step.uid}`, nodeName, createdAt, owner });
              if (step.gone) placements.gone(one);
              else placements.seen(one, step.workload);
            } else if (step.kind === 'decision') {
              const rest = { decidedAt: 0, labels: {}, requiredAntiAffinity: [], topologyKey: KEY };
              const requests = { cpuMillicores: 1, memoryBytes: 1 };
              if (step.gone) inFlight.remove(step.id);
              else inFlight.add({ ...step, ...rest, requests });
            } else if (step.kind === 'relabel') pools.set(step.name, step.pool);
            else if (step.kind === 'learn') observation = observed(step);
            else {
              const input: Input = {
                ...{ namespace: NAMESPACE, workload: step.workload, ownerUid: step.owner },
                ...{ topologyKey: KEY, among: step.among, observation, placements, inFlight },
                seen: new SeenTargets().of(observation),
                view,
                now: 0,
              };
              const found = uses.of(input);
              const expected = plainly(input);
              assert.equal(found === undefined, expected === undefined);
              for (const target of TARGETS) {
                const [use, requested] = expected?.get(target) ?? [];
                assert.equal(found?.expectedMillicores(target), use);
                assert.equal(found?.requestedMillicores(target), requested);
                if ((use ?? 0) > 0) told += 1;
              }
            }
          }
        },
      ),
    );
    assert.ok(told > 100, `only ${told} figures above 0`);
  });

  it('keeps what it said of one decision apart from the next', () => {
    const uses = new ExpectedUses();
    const placements = new Placements();
    placements.seen(slimPod('a', { nodeName: 'n1' }), 'Deployment/a');
    const observation = observed({ cores: [2, undefined, undefined, undefined], speed: 1 });
    const input: Input = {
      ...{ namespace: NAMESPACE, workload: 'Deployment/b', ownerUid: '', topologyKey: KEY },
      ...{ among: ['p1'], observation, placements, seen: undefined, now: 0 },
      inFlight: new InFlight({ entries: 1, lifetimeMilliseconds: 1 }),
      view: { node: (name) => node(name, { labels: { [KEY]: 'p1' } }) },
    };
    const before = uses.of(input);
    placements.seen(slimPod('b', { nodeName: 'n2' }), 'Deployment/a');
    assert.equal(uses.of(input)?.expectedMillicores('p1'), 4000);
    assert.equal(before?.expectedMillicores('p1'), 2000);
  });
});

function observed({ cores, speed }: { cores: (number | undefined)[]; speed: number }) {
  const seen = { health: 'healthy' as const, cpuRatio: 0.1, memoryRatio: 0.1, watts: 1 };
  return {
    namespace: NAMESPACE,
    policy: 'default',
    observedAt: 0,
    targets: { p1: seen, p2: { ...seen, speed: { ratio: speed, weight: 1 } } },
    workloads: Object.fromEntries(
      WORKLOADS.map((workload, index) => [
        workload,
        { loadBucket: 'normal' as const, peers: [], cpuCores: cores[index] },
      ]),
    ),
  };
}
