// SPDX-License-Identifier: Apache-2.0
import { expect } from '../checks.ts';
import { ANNOTATIONS } from '../ledger.ts';
import { createNodes } from '../nodes.ts';
import { isServing } from '../objects.ts';
import type { Controller, KubeObject, Pod } from '../objects.ts';
import { TRUST, TRUST_NODES } from '../trust/stage.ts';
import type { TrustStage } from '../trust/stage.ts';
import { Witness } from '../trust/witness.ts';
import { waitFor } from '../wait.ts';
import { controller, pathOf } from '../workloads.ts';

const SYSTEM = 'kube-system';
const REPLICAS = 20;

/**
 * A cluster that comes up with the webhook configuration already in its store and nobody behind
 * it: nodes, the Pods of the system, users' Pods, and the product's own Pods all come up.
 */
export async function checkColdStart(stage: TrustStage): Promise<void> {
  const { api } = stage.controlPlane;
  await stage.checks.check('cold start: nodes become Ready with nobody behind the webhook', () =>
    createNodes(api, TRUST_NODES).then(() => `${TRUST_NODES.length} nodes`),
  );
  const witness = new Witness(stage.controlPlane);
  await stage.checks.check('cold start: system Pods come up, unasked', async () => {
    const spec = { priorityClassName: 'system-cluster-critical' };
    await api.create(
      pathOf('Deployment', SYSTEM),
      controller('Deployment', 'dns', { replicas: 2, spec }),
    );
    await api.create(pathOf('DaemonSet', SYSTEM), controller('DaemonSet', 'proxy', { spec }));
    const seconds = await readyIn(stage, SYSTEM, 2 + TRUST_NODES.length);
    const { failedOpen } = witness.testimony();
    expect(failedOpen === 0, `the webhook was asked ${failedOpen} times about ${SYSTEM}`);
    return `${2 + TRUST_NODES.length} Pods Ready in ${seconds.toFixed(1)} s`;
  });
  await stage.checks.check("cold start: the product's own Pods come up, unasked", async () => {
    const { namespace, objects } = stage.manifests;
    const count = objects
      .filter((object): object is Controller => object.kind === 'Deployment')
      .reduce((sum, { spec }) => sum + (spec.replicas ?? 1), 0);
    const seconds = await readyIn(stage, namespace, count);
    const { failedOpen } = witness.testimony();
    expect(failedOpen === 0, `the webhook was asked ${failedOpen} times about ${namespace}`);
    return `${count} Pods Ready in ${seconds.toFixed(1)} s`;
  });
  await stage.checks.check('cold start: opted-in Pods come up without a decision', async () => {
    const object = controller('Deployment', 'early', { replicas: REPLICAS });
    await api.create(pathOf('Deployment', TRUST), object);
    const seconds = await readyIn(stage, TRUST, REPLICAS);
    const pods = await api.list<Pod>(pathOf('Pod', TRUST));
    const decided = pods.filter((pod) => pod.metadata.annotations?.[ANNOTATIONS.id] !== undefined);
    const { failedOpen } = witness.testimony();
    expect(decided.length === 0, `${decided.length} Pods carry a decision of nobody`);
    expect(failedOpen >= REPLICAS, `the webhook was asked ${failedOpen} times only`);
    await api.delete(`${pathOf('Deployment', TRUST)}/early`);
    return `${REPLICAS} Pods Ready in ${seconds.toFixed(1)} s, ${failedOpen} calls passed over`;
  });
}

/** Seconds until so many Pods of a namespace are Ready. */
async function readyIn(stage: TrustStage, namespace: string, count: number): Promise<number> {
  const { api } = stage.controlPlane;
  const begin = performance.now();
  await waitFor(`${count} Ready Pods in ${namespace}`, { timeoutSeconds: 60 }, async () => {
    const pods = await api.list<Pod>(pathOf('Pod', namespace));
    if (pods.filter(isServing).length >= count) return true;
    const events = await api.list<Event>(`/api/v1/namespaces/${namespace}/events`);
    const warnings = events.filter(({ type }) => type === 'Warning').map(({ message }) => message);
    throw new Error(`${pods.map(stateOf).join(', ')}; ${warnings.at(-1) ?? 'no warning'}`);
  });
  return (performance.now() - begin) / 1000;
}

interface Event extends KubeObject {
  readonly type?: string;
  readonly message?: string;
}

function stateOf({ metadata, spec, status }: Pod): string {
  return `${metadata.name} on ${spec.nodeName ?? 'no node'} ${status?.phase ?? ''}`;
}
