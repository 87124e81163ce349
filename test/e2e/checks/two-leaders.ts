// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeClient } from '#cluster/api/client.ts';
import { sleep as pause } from '#cluster/api/backoff.ts';
import { ModelStore } from '#cluster/model/store.ts';
import type { WriteResult } from '#cluster/model/store.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import { PooledKubeConfig } from '#cluster/api/pooled-kube-config.ts';
import { join } from 'node:path';
import { expect } from '../checks.ts';
import type { Replica } from '../product.ts';
import type { Insider } from '../state/insider.ts';
import { CHAOS, POLICY } from '../state/stage.ts';
import type { StateStage } from '../state/stage.ts';
import { credentialOf, faultsOf, isDone, readModelWrites } from '../state/write-ledger.ts';
import { waitFor } from '../wait.ts';
import { grow, leads } from './api-outage.ts';
import { leaderOf, untilSettled } from './leader-kills.ts';

const NAMESPACE = CHAOS[0];
const WORKLOAD = 'Deployment/front';
const ZOMBIE_MILLISECONDS = 100;

/** The deposed leader that goes on: what became of its writes. */
interface Zombie {
  readonly ticks: number;
  /** In one of its cycles, or when it tried once more at the end. */
  readonly fenced: boolean;
  /**
   * Of the write that it had prepared before it was deposed: fenced where the new leader has
   * written that shard meanwhile, a conflict where it was itself quicker each time.
   */
  readonly late: WriteResult<ModelShard>['kind'];
}

/**
 * The leader is suspended in the middle of its work, for longer than its lease. In its place, with
 * its token and its epoch, a learner goes on in this process that never asks whether it still
 * leads: the worst that a deposed leader could be. Another process takes over beside it, both
 * settle the same decisions, and at the end the first one wakes up. The API server's audit log
 * tells who wrote what.
 */
export async function checkTwoLeaders(stage: StateStage, insider: Insider): Promise<void> {
  const leader = await leaderOf(stage);
  const { epoch } = stage.leases;
  await grow(stage);
  leader.program.signal('SIGSTOP');
  try {
    await checkSuspended(stage, insider, { leader, epoch });
  } finally {
    // Whatever failed: what comes after counts on all learners.
    leader.program.signal('SIGCONT');
  }
}

async function checkSuspended(
  stage: StateStage,
  insider: Insider,
  { leader, epoch }: { readonly leader: Replica; readonly epoch: number },
): Promise<void> {
  const { checks, leases, models, controlPlane } = stage;
  const stop = new AbortController();
  const haunting = haunt(stage, insider, { leader, epoch, signal: stop.signal });
  await checks.check('two leaders: another takes over from one that was suspended', async () => {
    await waitFor('another leader', { timeoutSeconds: 60 }, () => leases.epoch > epoch);
    return `${leases.leader} in epoch ${leases.epoch}, ${leader.name} had ${epoch}`;
  });
  await untilSettled(stage).catch(() => undefined);
  // Something new to write for both: what the zombie has prepared is old then.
  await grow(stage);
  await untilSettled(stage).catch(() => undefined);
  stop.abort();
  const zombie = await haunting;
  await checks.check('two leaders: the deposed one is refused and stops', async () => {
    expect(zombie.late !== 'written', 'its late write was done');
    expect(zombie.fenced, `it was not fenced in ${zombie.ticks} cycles`);
    leader.program.signal('SIGCONT');
    await waitFor(`${leader.name} to follow`, { timeoutSeconds: 60 }, async () =>
      (await leads(leader)) ? undefined : true,
    );
    return `fenced after ${zombie.ticks} cycles, its late write ended as ${zombie.late}; ${leader.name} woke up and follows`;
  });
  await checks.check('two leaders: every decision settled once all the same', async () => {
    await grow(stage);
    const total = await untilSettled(stage);
    expect(models.faults.length === 0, models.faults.join('; '));
    return `${total} decisions`;
  });
  await checks.check('two leaders: no version of an object has two writers', () => {
    const writes = readModelWrites(controlPlane.auditLog);
    const faults = faultsOf(writes);
    expect(faults.length === 0, faults.join('; '));
    const own = writes.filter(({ credential }) => credential === credentialOf(leader.token));
    const refused = own.filter(({ status, epoch: of }) => status === 409 && of === epoch).length;
    expect(refused > 0, 'not one write of the deposed leader reached the API server');
    const stale = own.filter((write) => isDone(write) && write.epoch === epoch);
    return `${refused} writes of epoch ${epoch} refused by resourceVersion, ${stale.length} done before`;
  });
}

/** The suspended leader's twin; resolves once it is stopped and its late write was tried. */
async function haunt(
  { folder }: StateStage,
  insider: Insider,
  past: { readonly leader: Replica; readonly epoch: number; readonly signal: AbortSignal },
): Promise<Zombie> {
  const config = new PooledKubeConfig();
  config.loadFromFile(join(folder, `${past.leader.name}.kubeconfig`));
  const client = new KubeClient(config, { random: Math.random, sleep: pause });
  const store = new ModelStore(client, past.epoch);
  // Read by a store of its own, which hears of nothing that comes after.
  const late = new ModelStore(client, past.epoch);
  const prepared = await late.readShard(NAMESPACE, POLICY, WORKLOAD);
  const state = { ticks: 0, fenced: false };
  const note = <R extends { readonly kind: string }>(result: R): R => {
    state.fenced ||= result.kind === 'fenced';
    return result;
  };
  const learner = insider.learner({
    isLeader: () => true,
    namespaces: () => CHAOS,
    store: {
      readShard: (namespace, policy, workload) => store.readShard(namespace, policy, workload),
      writeShard: async (shard) => note(await store.writeShard(shard)),
      deleteShard: async (shard) => note(await store.deleteShard(shard)),
      writeObservation: async (observation) => note(await store.writeObservation(observation)),
    },
  });
  while (!past.signal.aborted) {
    if (!state.fenced) state.ticks += 1;
    await learner.tick();
    await sleep(ZOMBIE_MILLISECONDS);
  }
  if (prepared === undefined) throw new Error(`nothing is learned of ${NAMESPACE}/${WORKLOAD}`);
  const { kind } = await late.writeShard({ ...prepared, version: prepared.version + 1 });
  // Its cycles may have had nothing to observe that was not written already.
  const observation = insider.informers.models.observation(NAMESPACE, POLICY);
  if (observation === undefined) throw new Error(`nothing is observed of ${NAMESPACE}`);
  note(await store.writeObservation(observation));
  await config.close();
  return { ...state, late: kind };
}
