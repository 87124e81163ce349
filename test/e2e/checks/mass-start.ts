// SPDX-License-Identifier: Apache-2.0
import type { Api } from '../api.ts';
import { expect } from '../checks.ts';
import { ANNOTATIONS } from '../ledger.ts';
import { isServing, preferredTerms } from '../objects.ts';
import type { Pod } from '../objects.ts';
import { oneFigure } from '../results.ts';
import type { Figure } from '../results.ts';
import { changeClientConfig } from '../trust/configuration.ts';
import { Neighbours } from '../trust/neighbours.ts';
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
 * Two seconds are two seconds, whoever has the cores. Where others had more than this share of them,
 * a call that was passed over says nothing, and everything is done again, at most so many times.
 */
const MOST_OTHERS = 0.1;
const MOST_TURNS = 4;

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
  await stage.checks.check('mass start: 500 Pods by 200 clients at once', () =>
    undisturbed(stage, () => byClients(stage, timings)),
  );
  await stage.checks.check('mass start: a Deployment of 500, one replica, 2 s', () =>
    undisturbed(stage, (turn) => byDeployment(stage, `mass-${turn}`, timings)),
  );
  const url = `https://127.0.0.1:${forwarder.port}/mutate`;
  await changeClientConfig(api, stage.manifests, { url });
}

async function byClients(
  { controlPlane }: TrustStage,
  timings: Record<string, Figure>,
): Promise<string> {
  const { api } = controlPlane;
  const witness = new Witness(controlPlane);
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
}

async function byDeployment(
  { controlPlane }: TrustStage,
  name: string,
  timings: Record<string, Figure>,
): Promise<string> {
  const { api } = controlPlane;
  const witness = new Witness(controlPlane);
  const begin = performance.now();
  const since = (): number => (performance.now() - begin) / 1000;
  try {
    const object = controller('Deployment', name, { replicas: COUNT });
    await api.create(pathOf('Deployment', TRUST), object);
    const every = { timeoutSeconds: 120, everyMilliseconds: 500 };
    const pods = await waitFor(`${COUNT} Pods`, every, async () => {
      const found = await podsOf(api, name);
      return found.length >= COUNT ? found : undefined;
    });
    const seconds = since();
    timings['massStartCreated'] = oneFigure(seconds, 'seconds');
    expectInjected(pods, witness);
    await waitFor(`${COUNT} Ready Pods`, every, async () => {
      return (await podsOf(api, name)).filter(isServing).length >= COUNT;
    });
    return `${COUNT} injected in ${seconds.toFixed(1)} s, none passed over; Ready in ${since().toFixed(1)} s`;
  } finally {
    await api.delete(`${pathOf('Deployment', TRUST)}/${name}`);
  }
}

/** Plays it; again where it failed while others had the cores. */
async function undisturbed(
  { processes, progress }: TrustStage,
  play: (turn: number) => Promise<string>,
): Promise<string> {
  for (let turn = 1; ; turn += 1) {
    const neighbours = new Neighbours(() => [
      process.pid,
      ...processes.running.map(({ pid }) => pid),
    ]);
    try {
      return await play(turn);
    } catch (error) {
      const share = neighbours.share();
      if (turn === MOST_TURNS || share < MOST_OTHERS) throw error;
      const others = `others had ${(100 * share).toFixed(0)} % of the cores`;
      progress.say(`again, ${others}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

function expectInjected(pods: readonly Pod[], witness: Witness): void {
  const complaint = witness.complaint();
  expect(complaint === undefined, complaint ?? '');
  const decided = pods.filter((pod) => pod.metadata.annotations?.[ANNOTATIONS.id] !== undefined);
  const injected = pods.filter((pod) => preferredTerms(pod).length > 0);
  expect(decided.length === COUNT, `${decided.length} of ${COUNT} carry a decision`);
  expect(injected.length === COUNT, `${injected.length} of ${COUNT} carry a preference`);
}

function podsOf(api: Api, app: string): Promise<readonly Pod[]> {
  return api.list<Pod>(`${pathOf('Pod', TRUST)}?labelSelector=app%3D${app}`);
}
