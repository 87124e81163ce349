// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { judgePreference, rankNodes } from '#admission/scheduler/outweighed.ts';
import { projectNode } from '#cluster/objects/project.ts';
import { projectPod } from '#cluster/objects/project-pod.ts';
import type { KubeObject } from '#simulator/kube/kube.ts';
import { Random } from '#simulator/random/random.ts';
import { schedulerNode } from '#simulator/scheduler/node.ts';
import { schedule } from '#simulator/scheduler/scheduler.ts';
import { HOSTNAME } from './generators.ts';
import { runs } from './runs.ts';

/*
 * The scorer of the product against the simulator's scheduler, which was written apart from it and
 * which the end-to-end run compares Pod by Pod with the real one.
 */

const ZONE = 'topology.kubernetes.io/zone';
const TIME = '2026-01-01T00:00:00Z';
const CREATED = { creationTimestamp: TIME };
const OWNER = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  name: 'web-1',
  uid: 'rs',
  controller: true,
};
const SELECTOR = { matchLabels: { app: 'web' } };

const cpu = fc.constantFrom(undefined, '50m', '500m', '1');
const memory = fc.constantFrom(undefined, '64Mi', '1Gi');

function requests(wanted: { cpu: string | undefined; memory: string | undefined }) {
  const entries = Object.entries(wanted).filter(([, amount]) => amount !== undefined);
  return { requests: Object.fromEntries(entries) as Record<string, string> };
}

interface PodParts {
  readonly cpu: string | undefined;
  readonly memory: string | undefined;
  readonly own: boolean;
  readonly node: number;
}

function boundPod({ own, node, ...wanted }: PodParts, index: number): KubeObject {
  return {
    metadata: {
      name: `p${index}`,
      uid: `p${index}`,
      namespace: 'shop',
      labels: { app: own ? 'web' : 'other' },
      ...(own ? { ownerReferences: [OWNER] } : {}),
      ...CREATED,
    },
    spec: {
      nodeName: `n${node}`,
      containers: [{ name: 'main', resources: requests(wanted) }],
    },
    status: { phase: 'Running' },
  };
}

const nodeParts = fc.record({
  cpu: fc.constantFrom('2', '4', '8'),
  memory: fc.constantFrom('4Gi', '16Gi'),
  zone: fc.constantFrom(undefined, 'a', 'b'),
  taint: fc.constantFrom(undefined, 'PreferNoSchedule', 'NoSchedule'),
});

const podParts = fc.record({ cpu, memory, own: fc.boolean(), node: fc.nat({ max: 3 }) });

const spread = fc.constantFrom<unknown[] | undefined>(
  undefined,
  [
    {
      maxSkew: 1,
      topologyKey: HOSTNAME,
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: SELECTOR,
    },
  ],
  [{ maxSkew: 2, topologyKey: ZONE, whenUnsatisfiable: 'ScheduleAnyway', labelSelector: SELECTOR }],
  [{ maxSkew: 1, topologyKey: HOSTNAME, whenUnsatisfiable: 'ScheduleAnyway' }],
);

const preferred = fc.array(
  fc
    .tuple(fc.integer({ min: 1, max: 100 }), fc.constantFrom('n0', 'n1', 'n2'))
    .map(([weight, value]) => ({
      weight,
      preference: { matchExpressions: [{ key: HOSTNAME, operator: 'In', values: [value] }] },
    })),
  { maxLength: 2 },
);

const worlds = fc.record({
  nodes: fc.array(nodeParts, { minLength: 1, maxLength: 4 }),
  pods: fc.array(podParts, { maxLength: 24 }),
  cpu,
  memory,
  spread,
  preferred,
  tolerates: fc.boolean(),
});

type Parts = typeof worlds extends fc.Arbitrary<infer T> ? T : never;

/** The same world for both. */
function worldOf(parts: Parts) {
  const nodes = parts.nodes.map((node, index): KubeObject => ({
    metadata: {
      name: `n${index}`,
      uid: `n${index}`,
      labels: {
        [HOSTNAME]: `n${index}`,
        ...(node.zone === undefined ? {} : { [ZONE]: node.zone }),
      },
      ...CREATED,
    },
    spec:
      node.taint === undefined
        ? {}
        : { taints: [{ key: 'dedicated', value: '', effect: node.taint }] },
    status: {
      allocatable: { cpu: node.cpu, memory: node.memory, pods: '110' },
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: TIME }],
    },
  }));
  const pods = parts.pods.filter(({ node }) => node < nodes.length).map(boundPod);
  const raw: KubeObject = {
    metadata: {
      name: 'new',
      uid: 'new',
      namespace: 'shop',
      labels: { app: 'web' },
      ownerReferences: [OWNER],
      ...CREATED,
    },
    spec: {
      containers: [{ name: 'main', resources: requests(parts) }],
      affinity: {
        nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: parts.preferred },
      },
      ...(parts.spread === undefined ? {} : { topologySpreadConstraints: parts.spread }),
      ...(parts.tolerates ? { tolerations: [{ key: 'dedicated', operator: 'Exists' }] } : {}),
    },
    status: { phase: 'Pending' },
  };
  return { nodes, pods, raw };
}

describe('the scores of the scheduler', () => {
  it('are those of the scheduler of the simulator, on the same nodes', () => {
    let compared = 0;
    fc.assert(
      fc.property(worlds, (parts) => {
        const { nodes, pods, raw } = worldOf(parts);
        const others = nodes.map((node) =>
          schedulerNode(
            node,
            pods.filter((pod) => pod.spec?.['nodeName'] === node.metadata.name),
          ),
        );
        const expected = schedule(raw, others, SELECTOR, new Random(1)).scores;
        const input = {
          raw,
          pod: projectPod(raw),
          topologyKey: HOSTNAME,
          target: 'n0',
          nodes: nodes.map(projectNode),
          pods: pods.map(projectPod),
        };
        const { ranked } = rankNodes(input);
        compared += ranked.length;
        assert.deepEqual(
          Object.fromEntries(ranked.map(({ node, total }) => [node.name, total])),
          expected,
        );
        const verdict = judgePreference(input);
        const own = ranked.find(({ there }) => there);
        const most = Math.max(...ranked.map(({ total }) => total));
        if (own === undefined) assert.equal(verdict.kind, 'no-room');
        else assert.equal(verdict.kind, own.total === most ? 'followed' : 'outweighed');
        if (verdict.kind === 'outweighed') {
          const sum = (list: typeof verdict.pulls): number =>
            list.reduce((all, { points }) => all + points, 0);
          assert.equal(sum(verdict.pulls) - sum(verdict.against), verdict.margin);
        }
      }),
      runs(),
    );
    assert.ok(compared > 10_000, String(compared));
  });
});
