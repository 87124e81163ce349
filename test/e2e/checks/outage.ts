// SPDX-License-Identifier: Apache-2.0
import { readServerRecord } from '../audit-lines.ts';
import { expect } from '../checks.ts';
import { isServing } from '../objects.ts';
import type { Pod } from '../objects.ts';
import { ANNOTATIONS } from '../ledger.ts';
import { PROBE } from '../stage.ts';
import type { Stage } from '../stage.ts';
import { waitFor } from '../wait.ts';
import { controller, pathOf } from '../workloads.ts';

const COUNT = 30;
/** Far below what a single time-out per Pod would cost. */
const MOST_SECONDS = 15;

/**
 * A replica that is asked to end goes on answering until nobody asks it any more. As in a cluster,
 * new connections go elsewhere from the same moment on, and the old ones stay open.
 */
export async function checkDrain(stage: Stage): Promise<void> {
  const { api } = stage.controlPlane;
  await stage.checks.check('drain: no call is lost when a replica ends', async () => {
    const [leaving, ...staying] = stage.product.of('admission');
    expect(leaving !== undefined && staying.length > 0, 'there is only one replica');
    const failedBefore = readServerRecord(stage.controlPlane.auditLog).failedOpen;
    const object = controller('Deployment', 'drained', { replicas: COUNT });
    await api.create(pathOf('Deployment', PROBE), object);
    stage.product.forwarder.setBackends(staying.map((replica) => replica.webhookPort));
    await leaving.program.stop('SIGTERM', 60_000);
    const pods = await readyPods(stage, 'drained');
    const failed = readServerRecord(stage.controlPlane.auditLog).failedOpen - failedBefore;
    expect(failed === 0, `the API server passed over the webhook ${failed} times`);
    const decided = pods.filter((pod) => pod.metadata.annotations?.[ANNOTATIONS.id] !== undefined);
    expect(decided.length === COUNT, `${decided.length} of ${COUNT} Pods carry a decision`);
    return `${COUNT} of ${COUNT} Pods decided while ${leaving.name} ended with ${leaving.program.ended}`;
  });
}

async function readyPods(stage: Stage, app: string): Promise<readonly Pod[]> {
  const path = `${pathOf('Pod', PROBE)}?labelSelector=app%3D${app}`;
  return waitFor('Ready Pods', { timeoutSeconds: 60, everyMilliseconds: 100 }, async () => {
    const found = await stage.controlPlane.api.list<Pod>(path);
    const ready = found.filter(isServing);
    return ready.length === COUNT ? ready : undefined;
  });
}

/** With every webhook process gone, Pods are created as if it had never been there. */
export async function checkOutage(stage: Stage): Promise<void> {
  const { api } = stage.controlPlane;
  await stage.checks.check('outage: the webhooks end when asked to', async () => {
    await stage.product.stop('admission');
    const codes = stage.product.of('admission').map((replica) => replica.program.ended);
    expect(
      codes.every((code) => code === 'code 0'),
      codes.join(', '),
    );
    return codes.join(', ');
  });
  await stage.checks.check('outage: Pods are created without the webhooks', async () => {
    const failedBefore = readServerRecord(stage.controlPlane.auditLog).failedOpen;
    const begin = performance.now();
    await api.create(
      pathOf('Deployment', PROBE),
      controller('Deployment', 'orphan', { replicas: COUNT }),
    );
    const pods = await readyPods(stage, 'orphan');
    const seconds = (performance.now() - begin) / 1000;
    const decided = pods.filter((pod) => pod.metadata.annotations?.[ANNOTATIONS.id] !== undefined);
    expect(decided.length === 0, `${decided.length} Pods carry a decision`);
    const failed = readServerRecord(stage.controlPlane.auditLog).failedOpen - failedBefore;
    expect(failed >= COUNT, `the API server passed over the webhook ${failed} times`);
    expect(seconds < MOST_SECONDS, `took ${seconds.toFixed(1)} s`);
    return `${COUNT} Pods Ready in ${seconds.toFixed(1)} s, ${failed} calls passed over`;
  });
}
