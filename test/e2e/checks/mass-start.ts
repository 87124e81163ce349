// SPDX-License-Identifier: Apache-2.0
import { cpus, loadavg } from 'node:os';
import type { Api } from '../api.ts';
import { expect } from '../checks.ts';
import { ANNOTATIONS } from '../ledger.ts';
import { isServing, preferredTerms } from '../objects.ts';
import type { Pod } from '../objects.ts';
import { oneFigure } from '../results.ts';
import type { Figure } from '../results.ts';
import { changeClientConfig } from '../trust/configuration.ts';
import { TRUST } from '../trust/stage.ts';
import type { TrustStage } from '../trust/stage.ts';
import { Witness } from '../trust/witness.ts';
import { waitFor } from '../wait.ts';
import { barePod, controller, pathOf } from '../workloads.ts';

const COUNT = 500;
/**
 * Creations under way at once. A kube-apiserver works on 200 of all kinds
 * (`--max-mutating-requests-inflight`), but its administrators, as whom the run acts, have no limit.
 */
const CLIENTS = 200;

/**
 * 500 Pods at once, one replica, the shipped time-out of 2 s: none is passed over. Once by 200 clients
 * at the same moment, and once as one Deployment, which the controller manager creates.
 */
export async function checkMassStart(
  stage: TrustStage,
  timings: Record<string, Figure>,
): Promise<void> {
  const { api } = stage.controlPlane;
  const { forwarder } = stage.product;
  const [replica] = stage.product.of('admission');
  // A Service costs no process anything; the run's own stand-in would share its thread.
  const direct = `https://127.0.0.1:${replica?.webhookPort ?? 0}/mutate`;
  await changeClientConfig(api, stage.manifests, { url: direct });
  await stage.checks.check('mass start: 500 Pods by 200 clients at once', async () => {
    const witness = new Witness(stage.controlPlane);
    try {
      const begin = performance.now();
      const pods: Pod[] = [];
      let sent = 0;
      const client = async (): Promise<void> => {
        while (sent < COUNT) {
          sent += 1;
          pods.push(await api.create<Pod>(pathOf('Pod', TRUST), barePod(`crowd-${sent}`)));
        }
      };
      await Promise.all(Array.from({ length: CLIENTS }, client));
      const seconds = (performance.now() - begin) / 1000;
      timings['massStartByClients'] = oneFigure(seconds, 'seconds');
      expectInjected(pods, witness);
      return `${COUNT} injected in ${seconds.toFixed(1)} s, none passed over`;
    } finally {
      await api.delete(`${pathOf('Pod', TRUST)}?gracePeriodSeconds=0`);
    }
  });
  await stage.checks.check('mass start: a Deployment of 500, one replica, 2 s', async () => {
    const witness = new Witness(stage.controlPlane);
    const begin = performance.now();
    const object = controller('Deployment', 'mass', { replicas: COUNT });
    await api.create(pathOf('Deployment', TRUST), object);
    const pods = await waitFor(
      `${COUNT} Pods`,
      { timeoutSeconds: 90, everyMilliseconds: 500 },
      async () => {
        const found = await podsOf(api, 'mass');
        return found.length >= COUNT ? found : undefined;
      },
    );
    const seconds = (performance.now() - begin) / 1000;
    timings['massStartCreated'] = oneFigure(seconds, 'seconds');
    expectInjected(pods, witness);
    const ready = await waitFor(
      `${COUNT} Ready Pods`,
      { timeoutSeconds: 120, everyMilliseconds: 500 },
      async () =>
        (await podsOf(api, 'mass')).filter(isServing).length >= COUNT ? true : undefined,
    ).then(() => (performance.now() - begin) / 1000);
    await api.delete(`${pathOf('Deployment', TRUST)}/mass`);
    return `${COUNT} injected in ${seconds.toFixed(1)} s, none passed over; Ready in ${ready.toFixed(1)} s`;
  });
  const url = `https://127.0.0.1:${forwarder.port}/mutate`;
  await changeClientConfig(api, stage.manifests, { url });
}

function expectInjected(pods: readonly Pod[], witness: Witness): void {
  const complaint = witness.complaint();
  // Two seconds are two seconds, whoever has the cores: who reads of a failure must know.
  const busy = `load average ${(loadavg()[0] ?? 0).toFixed(0)} on ${cpus().length} cores`;
  expect(complaint === undefined, `${busy}: ${complaint ?? ''}`);
  const decided = pods.filter((pod) => pod.metadata.annotations?.[ANNOTATIONS.id] !== undefined);
  const injected = pods.filter((pod) => preferredTerms(pod).length > 0);
  expect(decided.length === COUNT, `${decided.length} of ${COUNT} carry a decision`);
  expect(injected.length === COUNT, `${injected.length} of ${COUNT} carry a preference`);
}

function podsOf(api: Api, app: string): Promise<readonly Pod[]> {
  return api.list<Pod>(`${pathOf('Pod', TRUST)}?labelSelector=app%3D${app}`);
}
