// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '../checks.ts';
import { ANNOTATIONS } from '../ledger.ts';
import type { Pod } from '../objects.ts';
import type { Replica } from '../product.ts';
import { shiftedClock } from '../state/faketime.ts';
import { DOUBT } from '../state/stage.ts';
import type { StateStage } from '../state/stage.ts';
import { waitFor } from '../wait.ts';
import { controller, pathOf } from '../workloads.ts';
import { leads, metricOf } from './api-outage.ts';
import { leaderOf } from './leader-kills.ts';

const SHIFT_SECONDS = 600;
/**
 * More than a decision may be apart from its Pod. By such a clock a new installation's CA is not in
 * use yet for as long, and the webhook is not ready until then: the run is about that old here.
 */
const BEHIND_SECONDS = 330;
/** Less than what makes a learner unfit, and twice what its lease lasts here. */
const SMALL_SHIFT_SECONDS = 8;
const REPLICAS = 3;
const DECIDED_AT = 'perihelion.dev/decided-at';
/** Three times as long as the lease lasts. */
const PATIENCE_MILLISECONDS = 12_000;

/** Decisions that must never be settled. */
export type Doubtful = Set<string>;

/**
 * Webhooks whose clocks are ten minutes ahead and more than five behind take decisions at impossible
 * times. Whether they or the API server are wrong cannot be told from the times; it does not matter.
 */
export async function checkShiftedWebhooks(stage: StateStage, doubtful: Doubtful): Promise<void> {
  const { checks, product } = stage;
  const rejectedBefore = await rejections(stage, 'replayed');
  const shifted = [
    ['admission-ahead', SHIFT_SECONDS, 'back'],
    ['admission-behind', -BEHIND_SECONDS, 'front'],
  ] as const;
  const replicas = new Map<string, Replica>();
  for (const [name, shift] of shifted) {
    replicas.set(name, await product.add(name, 'admission', shiftedClock(shift)));
  }
  for (const [name, shift, workload] of shifted) {
    await checks.check(`clocks: a webhook ${shift} s off answers, and says so`, async () => {
      const replica = replicas.get(name)!;
      await waitFor(name, { timeoutSeconds: 240 }, () => product.isReady(replica));
      product.forwarder.setBackends([replica.webhookPort]);
      product.forwarder.cut();
      const pods = await placed(stage, workload);
      for (const { metadata } of pods) {
        doubtful.add(metadata.annotations?.[ANNOTATIONS.id] ?? '');
        const decided = Number(metadata.annotations?.[DECIDED_AT]);
        const off = decided - Date.parse(metadata.creationTimestamp ?? '');
        expect(Math.abs(off / 1000 - shift) < 60, `${metadata.name}: off by ${off / 1000} s`);
      }
      const offset = await metricOf(replica, 'perihelion_clock_offset_seconds');
      expect(Math.abs(offset - shift) < 5, `its metric says ${offset} s`);
      await replica.program.stop('SIGTERM');
      return `${pods.length} Pods; perihelion_clock_offset_seconds is ${offset.toFixed(1)}`;
    });
  }
  const good = product.of('admission').filter(({ program }) => program.running);
  product.forwarder.setBackends(good.map(({ webhookPort }) => webhookPort));
  product.forwarder.cut();
  await checks.check('clocks: decisions taken at impossible times are counted', async () => {
    const counted = await waitFor('counted decisions', { timeoutSeconds: 60 }, async () => {
      const count = (await rejections(stage, 'replayed')) - rejectedBefore;
      if (count < doubtful.size) throw new Error(`${count} of ${doubtful.size}`);
      return count;
    });
    return `${counted} as replayed`;
  });
}

/**
 * Learners whose clocks are off. A lease is judged by the time since it was seen to change, so that
 * a follower to whom it looks run out since long does not take it; and a clock that cannot measure
 * a window does not lead even when nobody else does.
 */
export async function checkShiftedLearners(stage: StateStage): Promise<void> {
  const { checks, leases, product } = stage;
  const good = product.of('learner');
  const near = await follower(stage, 'learner-near', SMALL_SHIFT_SECONDS);
  const ahead = await follower(stage, 'learner-ahead', SHIFT_SECONDS);
  await checks.check('clocks: nobody takes a lease that only looks old', async () => {
    const { epoch, leader } = leases;
    await sleep(PATIENCE_MILLISECONDS);
    expect(leases.epoch === epoch, `epoch ${epoch} of ${leader}, then ${leases.epoch}`);
    return `${leader} leads on beside followers ${SMALL_SHIFT_SECONDS} s and ${SHIFT_SECONDS} s ahead`;
  });
  await near.program.stop('SIGTERM');
  await checks.check('clocks: a learner ten minutes off does not lead', async () => {
    for (const { program } of good) await program.stop('SIGKILL');
    const { epoch } = leases;
    const end = performance.now() + PATIENCE_MILLISECONDS;
    while (performance.now() < end) {
      expect(!(await leads(ahead)), 'it leads');
      await sleep(500);
    }
    expect(leases.epoch === epoch, `the lease went to ${leases.leader}`);
    return `the lease of a dead leader lies for ${PATIENCE_MILLISECONDS / 1000} s`;
  });
  await ahead.program.stop('SIGTERM');
  for (const replica of good) {
    await product.killAndRestart(replica);
    await waitFor(replica.name, { timeoutSeconds: 60 }, () => product.isReady(replica));
  }
  await leaderOf(stage);
}

async function follower(stage: StateStage, name: string, shift: number): Promise<Replica> {
  const env = { ...shiftedClock(shift), POD_NAME: name };
  const replica = await stage.product.add(name, 'learner', env);
  await waitFor(name, { timeoutSeconds: 60 }, () => stage.product.isReady(replica));
  return replica;
}

/** Makes a Deployment in the doubtful namespace; its Pods, once they are bound. */
export async function placed({ controlPlane }: StateStage, name: string): Promise<readonly Pod[]> {
  const { api } = controlPlane;
  const path = pathOf('Deployment', DOUBT);
  await api.create(path, controller('Deployment', name, { replicas: REPLICAS }));
  return waitFor(`bound Pods of ${name}`, { timeoutSeconds: 60 }, async () => {
    const pods = await api.list<Pod>(`${pathOf('Pod', DOUBT)}?labelSelector=app%3D${name}`);
    const bound = pods.filter(
      ({ spec, metadata }) =>
        spec.nodeName !== undefined && metadata.annotations?.[ANNOTATIONS.id] !== undefined,
    );
    return bound.length === REPLICAS ? bound : undefined;
  });
}

/** Decisions that the learners have not believed, by reason, all of them together. */
export async function rejections({ product }: StateStage, reason: string): Promise<number> {
  const name = 'perihelion_learner_decisions_rejected_total';
  const running = product.of('learner').filter(({ program }) => program.running);
  const counts = running.map((replica) => metricOf(replica, name, `reason="${reason}"`));
  return (await Promise.all(counts)).reduce((sum, one) => sum + one, 0);
}
