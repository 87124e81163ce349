// SPDX-License-Identifier: Apache-2.0
import type { Api } from './api.ts';
import { conditionOf } from './objects.ts';
import type { Node } from './objects.ts';
import { waitFor } from './wait.ts';

/** A node that KWOK plays. */
export interface NodeSpec {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly cores: number;
  readonly taints?: readonly {
    readonly key: string;
    readonly value: string;
    readonly effect: string;
  }[];
}

/** Creates the nodes and waits until all are Ready and free of the not-ready taint. */
export async function createNodes(api: Api, specs: readonly NodeSpec[]): Promise<void> {
  for (const spec of specs) await api.create('/api/v1/nodes', nodeObject(spec));
  await waitFor('Ready nodes', { timeoutSeconds: 60 }, async () => {
    const nodes = await api.list<Node>('/api/v1/nodes');
    return nodes.length >= specs.length && nodes.every(isUsable);
  });
}

function isUsable(node: Node): boolean {
  const taints = node.spec?.taints ?? [];
  return (
    conditionOf(node, 'Ready') === 'True' &&
    !taints.some((taint) => taint.key.startsWith('node.kubernetes.io/'))
  );
}

function nodeObject(spec: NodeSpec): object {
  const resources = {
    ...{ cpu: String(spec.cores), memory: '64Gi', pods: '200' },
    'ephemeral-storage': '100Gi',
  };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: spec.name,
      annotations: { 'kwok.x-k8s.io/node': 'fake', 'node.alpha.kubernetes.io/ttl': '0' },
      labels: {
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/os': 'linux',
        'node.kubernetes.io/instance-type': 'kwok',
        ...spec.labels,
      },
    },
    spec: { ...(spec.taints === undefined ? {} : { taints: spec.taints }) },
    status: { capacity: resources, allocatable: resources },
  };
}
