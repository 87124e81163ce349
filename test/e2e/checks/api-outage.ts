// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { expect } from '../checks.ts';
import { ANNOTATIONS, DEFAULT_ACTION } from '../ledger.ts';
import type { KubeObject, Pod } from '../objects.ts';
import type { Replica } from '../product.ts';
import type { Figure } from '../results.ts';
import { oneFigure } from '../results.ts';
import { CHAOS, growWorkloads } from '../state/stage.ts';
import type { StateStage } from '../state/stage.ts';
import { WebhookClient, replicaOf } from '../state/webhook.ts';
import { faultsOf, readModelWrites } from '../state/write-ledger.ts';
import { waitFor } from '../wait.ts';
import { pathOf } from '../workloads.ts';
import { boundPlacements, leaderOf, untilSettled } from './leader-kills.ts';

const AWAY_SECONDS = 60;
const EVERY_MILLISECONDS = 250;
/** A process that does not answer for so long is not worth waiting for. */
const METRICS_MILLISECONDS = 5000;
const NAMESPACE = CHAOS[0];

/** What replicas answered while nobody else did. */
interface Answers {
  asked: number;
  decided: number;
  sent: number;
  notReady: number;
  slowestMilliseconds: number;
}

/**
 * The API server is killed, with rollouts under way, and comes back a minute later on the same
 * etcd. Meanwhile the run asks the replicas in its place. Nothing that was decided may be lost or
 * counted twice.
 */
export async function checkApiOutage(
  stage: StateStage,
  timings: Record<string, Figure>,
): Promise<void> {
  const { checks, controlPlane, product, models } = stage;
  const before = await grow(stage);
  await measuredTargets(stage);
  const client = await WebhookClient.of(stage);
  const sets = await controlPlane.api.list<KubeObject>(pathOf('ReplicaSet', NAMESPACE));
  const replicaSet = sets.find(({ metadata }) => metadata.name.startsWith('front-'));
  if (replicaSet === undefined) throw new Error(`no ReplicaSet in ${NAMESPACE}`);
  const leader = await leaderOf(stage);
  await controlPlane.apiserver.program.stop('SIGKILL');
  const gone = performance.now();
  const answers: Answers = { asked: 0, decided: 0, sent: 0, notReady: 0, slowestMilliseconds: 0 };
  let stillLeads = true;
  while (performance.now() - gone < AWAY_SECONDS * 1000) {
    for (const replica of product.of('admission')) {
      await ask(client, replica, { replicaSet, answers });
    }
    if (performance.now() - gone > 10_000) stillLeads = await leads(leader);
    await sleep(EVERY_MILLISECONDS);
  }
  await client.close();
  await checks.check('API server away: admission goes on from memory', () => {
    const { asked, decided, sent, notReady, slowestMilliseconds } = answers;
    const text = `${decided} of ${asked} decided, ${sent} sent to a target, slowest ${slowestMilliseconds.toFixed(0)} ms`;
    expect(asked > 0 && decided === asked && sent > 0, text);
    expect(notReady === 0, `${notReady} probes were not ready`);
    return `${text}; every probe ready`;
  });
  await checks.check('API server away: the leader stops leading', () => {
    expect(!stillLeads, `${leader.name} still says that it leads`);
    return leader.name;
  });
  await controlPlane.apiserver.restart();
  const back = performance.now();
  await checks.check(
    'API server back: a leader, new Pods, and everything settled once',
    async () => {
      await waitFor('a leader', { timeoutSeconds: 60 }, async () => {
        const found = product.of('learner').map((replica) => leads(replica));
        return (await Promise.all(found)).some(Boolean);
      });
      const leading = (performance.now() - back) / 1000;
      const after = await grow(stage);
      const total = await untilSettled(stage);
      expect(models.faults.length === 0, models.faults.join('; '));
      const faults = faultsOf(readModelWrites(controlPlane.auditLog));
      expect(faults.length === 0, faults.join('; '));
      const seconds = (performance.now() - back) / 1000;
      timings['apiServerBackToLeader'] = oneFigure(leading, 'seconds');
      timings['apiServerBackToSettled'] = oneFigure(seconds, 'seconds');
      return `a leader after ${leading.toFixed(1)} s; ${before} Pods from before and ${after} new ones among ${total} settled`;
    },
  );
}

/** Waits until the namespace's targets are measured: away from them nothing is preferred. */
async function measuredTargets({ models }: StateStage): Promise<void> {
  await waitFor('measured targets', { timeoutSeconds: 60 }, () => {
    const health = Object.values(models.observations.get(NAMESPACE)?.health ?? {});
    return health.length > 0 && health.every((one) => one === 'healthy');
  });
}

/**
 * One more Pod of each chaos workload; resolves once all are bound, with how many of them carry a
 * decision (the API server passes over a webhook that a busy machine keeps from answering).
 */
export async function grow(stage: StateStage): Promise<number> {
  const { controlPlane } = stage;
  const before = boundPlacements(stage).length;
  const bound = async (): Promise<number> => {
    const lists = CHAOS.map((name) => controlPlane.api.list<Pod>(pathOf('Pod', name)));
    const pods = (await Promise.all(lists)).flat();
    return pods.filter(({ spec }) => spec.nodeName !== undefined).length;
  };
  let wanted = await bound();
  for (const namespace of CHAOS) {
    const path = `${pathOf('Deployment', namespace)}/front`;
    const found = await controlPlane.api.find<{ spec: { replicas: number } }>(path);
    await growWorkloads(stage, namespace, (found?.spec.replicas ?? 0) + 1);
    wanted += 2;
  }
  // Nodes that could not renew their leases meanwhile are tainted for a while.
  await waitFor('bound Pods', { timeoutSeconds: 240 }, async () => (await bound()) >= wanted);
  return boundPlacements(stage).length - before;
}

async function ask(
  client: WebhookClient,
  replica: Replica,
  { replicaSet, answers }: { readonly replicaSet: KubeObject; readonly answers: Answers },
): Promise<void> {
  answers.asked += 1;
  const probe = await request(`${replica.operationsUrl}/readyz`);
  await probe.body.dump();
  if (probe.statusCode !== 200) answers.notReady += 1;
  const answer = await client.review(replica, replicaOf(replicaSet), { namespace: NAMESPACE });
  const action = answer.annotations[ANNOTATIONS.action];
  if (answer.allowed && action !== undefined) answers.decided += 1;
  if (action !== undefined && action !== DEFAULT_ACTION) answers.sent += 1;
  answers.slowestMilliseconds = Math.max(answers.slowestMilliseconds, answer.milliseconds);
}

/** Whether a learner says of itself that it leads. */
export async function leads(replica: Replica): Promise<boolean> {
  return (await metricOf(replica, 'perihelion_learner_is_leader')) === 1;
}

/** Sum of a metric's samples in one process; `labels` is a part of the line, for example `a="b"`. */
export async function metricOf(replica: Replica, name: string, labels = ''): Promise<number> {
  const answer = await request(`${replica.operationsUrl}/metrics`, {
    headersTimeout: METRICS_MILLISECONDS,
  });
  const lines = (await answer.body.text()).split('\n');
  return lines
    .filter((line) => line.startsWith(name) && /^[ {]/.test(line.slice(name.length)))
    .filter((line) => line.includes(labels))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
