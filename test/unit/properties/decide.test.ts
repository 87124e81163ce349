// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { quantityMilli } from '#cluster/wire/quantity.ts';
import type { SlimNode, SlimPod } from '#cluster/objects/slim.ts';
import { NAMESPACE, observationOf, policyOf, slimPod, World } from '../admission/world.ts';
import { decideIn, incomingOf, memoryOf, shardInAnyState } from './decisions.ts';
import { HOSTNAME, labels, nodes, nodeTerm, REQUIRED, toleration } from './generators.ts';
import { affinityAllows, selectorAllows, taintsAllow, type RawToleration } from './oracle.ts';
import { runs } from './runs.ts';
import type { NodeSelectorTerm } from '#cluster/objects/slim.ts';

/*
 * Random clusters, random Pods, random values in the model, every algorithm: whatever is chosen, an
 * oracle of a few lines must find a node behind it that takes the Pod.
 */

interface Wish {
  readonly cpu: string;
  readonly nodeSelector: Record<string, string>;
  readonly tolerations: readonly RawToleration[];
  readonly terms: readonly NodeSelectorTerm[] | undefined;
  readonly avoids: string | undefined;
  readonly app: string;
}

const wish: fc.Arbitrary<Wish> = fc.record({
  cpu: fc.constantFrom('0', '100m', '900m', '2'),
  nodeSelector: fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, labels),
  tolerations: fc.array(toleration, { maxLength: 2 }),
  terms: fc.option(fc.array(nodeTerm, { maxLength: 2 }), { nil: undefined, freq: 1 }),
  avoids: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
  app: fc.constantFrom('a', 'b'),
});

interface Resident {
  readonly node: number;
  readonly cpuMillicores: number;
  readonly app: string;
  readonly avoids: string | undefined;
  readonly phase: string;
}

const resident: fc.Arbitrary<Resident> = fc.record({
  node: fc.integer({ min: 0, max: 3 }),
  cpuMillicores: fc.constantFrom(0, 100, 600),
  app: fc.constantFrom('a', 'b'),
  avoids: fc.option(fc.constantFrom('a', 'b'), { nil: undefined, freq: 4 }),
  phase: fc.constantFrom('Running', 'Running', 'Succeeded'),
});

const values = fc.dictionary(
  fc.constantFrom('n0', 'n1', 'n2', 'n3', 'gone'),
  fc.double({ min: -5, max: 5, noNaN: true }),
);

function antiAffinity(app: string, topologyKey: string) {
  return { topologyKey, labelSelector: { matchLabels: { app } } };
}

function specOf(one: Wish, topologyKey: string): Record<string, unknown> {
  const required = one.terms === undefined ? {} : { [REQUIRED]: { nodeSelectorTerms: one.terms } };
  const avoid = one.avoids === undefined ? [] : [antiAffinity(one.avoids, topologyKey)];
  return {
    containers: [{ name: 'c', resources: { requests: { cpu: one.cpu } } }],
    nodeSelector: one.nodeSelector,
    tolerations: one.tolerations,
    affinity: { nodeAffinity: required, podAntiAffinity: { [REQUIRED]: avoid } },
  };
}

/** Whether a node would take the Pod, beside the Pods that are there. */
function takes(
  one: SlimNode,
  pod: Wish,
  { there, key, all }: { there: readonly SlimPod[]; key: string; all: readonly SlimNode[] },
): boolean {
  const running = there.filter((other) => other.phase !== 'Succeeded');
  const here = running.filter((other) => other.nodeName === one.name);
  const used = here.reduce((sum, other) => sum + other.requests.cpuMillicores, 0);
  const cpu = quantityMilli(pod.cpu);
  const hosts = new Map(all.map((node) => [node.name, node]));
  const domain = (node: SlimNode | undefined): string | undefined =>
    node !== undefined && Object.hasOwn(node.labels, key) ? node.labels[key] : undefined;
  const sameDomain = (other: SlimPod): boolean => {
    const theirs = domain(hosts.get(other.nodeName ?? ''));
    return theirs !== undefined && theirs === domain(one);
  };
  const apart = running.some((other) => {
    const mine = pod.avoids !== undefined && other.labels['app'] === pod.avoids;
    const theirs = other.requiredAntiAffinity.some(
      (term) => term.labelSelector?.matchLabels?.['app'] === pod.app,
    );
    return (mine || theirs) && sameDomain(other);
  });
  return (
    one.ready &&
    !one.unschedulable &&
    taintsAllow(pod.tolerations, one) &&
    selectorAllows(pod.nodeSelector, one) &&
    (pod.terms === undefined || affinityAllows(pod.terms, one)) &&
    !apart &&
    here.length < one.allocatable.pods &&
    (cpu === 0 || used + cpu <= one.allocatable.cpuMillicores)
  );
}

describe('decide', () => {
  it('never asks for a target where no node takes the Pod, and asks where one does', () => {
    const counts = { asked: 0, impossible: 0 };
    fc.assert(
      fc.property(
        fc.record({
          cluster: nodes(4),
          wanted: wish,
          residents: fc.array(resident, { maxLength: 5 }),
          learned: values,
          topologyKey: fc.constantFrom(HOSTNAME, 'zone'),
          algorithm: fc.constantFrom('EpsilonGreedy', 'UCB1', 'Thompson', 'Softmax'),
          epsilonThousandths: fc.constantFrom(0, 500, 1000),
        }),
        ({ cluster, wanted, residents, learned, topologyKey, algorithm, epsilonThousandths }) => {
          const world = new World([...cluster]);
          const { learning } = policyOf().spec;
          world.policy = policyOf({
            topologyKey,
            learning: {
              ...learning,
              algorithm,
              epsilonThousandths,
              epsilonFloorThousandths: 0,
              burnInDecisions: 0,
            },
          });
          const targets = [...world.view.nodesByLabel(topologyKey).keys()];
          world.observation = observationOf(
            Object.fromEntries(targets.map((one) => [one, 'healthy'])),
          );
          world.shards.set('Pod/web', shardInAnyState(learned));
          const there = residents.map((one, index) =>
            slimPod(`p${String(index)}`, {
              namespace: NAMESPACE,
              nodeName: `n${String(one.node)}`,
              labels: { app: one.app },
              phase: one.phase,
              requests: { cpuMillicores: one.cpuMillicores, memoryBytes: 0 },
              requiredAntiAffinity:
                one.avoids === undefined ? [] : [antiAffinity(one.avoids, topologyKey)],
            }),
          );
          for (const one of there) world.addPod(one);
          const pod = incomingOf(specOf(wanted, topologyKey), { app: wanted.app });
          const decision = decideIn(world, pod);
          const possible = new Set(
            cluster
              .filter((one) => takes(one, wanted, { there, key: topologyKey, all: cluster }))
              .map((one) =>
                Object.hasOwn(one.labels, topologyKey) ? one.labels[topologyKey] : undefined,
              ),
          );
          const feasible = decision.verdicts.filter((one) => one.feasible).map((one) => one.target);
          assert.deepEqual([...feasible].sort(), targets.filter((one) => possible.has(one)).sort());
          const { action } = decision.record;
          if (decision.target === undefined) counts.impossible += 1;
          else {
            counts.asked += 1;
            assert.ok(possible.has(action), `${action} takes nothing`);
            assert.deepEqual(decision.target, { topologyKey, value: action });
          }
        },
      ),
      runs(),
    );
    assert.ok(counts.asked > 500 && counts.impossible > 500, JSON.stringify(counts));
  });

  it('never sends more on its way to a target than has room there', () => {
    fc.assert(
      fc.property(
        nodes(3),
        fc.constantFrom('400m', '900m'),
        fc.integer({ min: 2, max: 8 }),
        (cluster, cpu, burst) => {
          const free = cluster.map((one) => ({
            ...one,
            ready: true,
            unschedulable: false,
            taints: [],
            labels: { [HOSTNAME]: one.name },
          }));
          const world = new World(free);
          const { learning } = policyOf().spec;
          world.policy = policyOf({ learning: { ...learning, burnInDecisions: 0 } });
          const memory = memoryOf(world);
          const sent = new Map<string, number>();
          for (let index = 0; index < burst; index += 1) {
            const pod = incomingOf({ containers: [{ resources: { requests: { cpu } } }] });
            const decision = decideIn(world, pod, memory);
            memory.commit(pod, decision);
            const { target } = decision;
            if (target !== undefined) sent.set(target.value, (sent.get(target.value) ?? 0) + 1);
          }
          for (const one of free) {
            const count = sent.get(one.name) ?? 0;
            assert.ok(count <= one.allocatable.pods);
            assert.ok(count * quantityMilli(cpu) <= one.allocatable.cpuMillicores);
          }
        },
      ),
      runs(),
    );
  });
});
