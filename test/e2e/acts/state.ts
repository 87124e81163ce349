// SPDX-License-Identifier: Apache-2.0
import type { ActSpec } from '../acts.ts';
import { checkApiOutage } from '../checks/api-outage.ts';
import { checkBurst } from '../checks/burst.ts';
import { checkShiftedLearners, checkShiftedWebhooks } from '../checks/clocks.ts';
import { checkBrokenModels, checkForgedDecisions } from '../checks/forged-state.ts';
import { checkLeaderKills } from '../checks/leader-kills.ts';
import { Propagation } from '../checks/propagation.ts';
import { checkTwoLeaders } from '../checks/two-leaders.ts';
import { oneFigure } from '../results.ts';
import type { Figure, Findings } from '../results.ts';
import { Insider } from '../state/insider.ts';
import { setStateStage } from '../state/stage.ts';
import type { StateStage } from '../state/stage.ts';

const ADMISSION_REPLICAS = 3;
const LEARNERS = 2;

/** Breaks the leader, the API server, clocks and stored state, and looks at what is learned. */
export async function performState(act: ActSpec): Promise<Partial<Findings>> {
  const timings: Record<string, Figure> = {};
  const { progress } = act;
  const stage = await setStateStage(act);
  let insider: Insider | undefined;
  try {
    if (!(await startReplicas(stage))) return { timings };
    insider = await Insider.of(stage);
    await disturb(stage, insider, { progress, timings });
    return { timings };
  } finally {
    await insider?.stop();
    stage.ledger.stop();
    stage.models.stop();
    stage.leases.stop();
    await stage.world.stop();
  }
}

/** One disturbance after another; each leaves a leader, and all good webhooks in their place. */
async function disturb(
  stage: StateStage,
  insider: Insider,
  { progress, timings }: Pick<ActSpec, 'progress'> & { readonly timings: Record<string, Figure> },
): Promise<void> {
  const doubtful = new Set<string>();
  const propagation = await Propagation.begin(stage);
  const { value: killed } = await progress.step('leader kills', () =>
    checkLeaderKills(stage, insider),
  );
  timings['leaderKills'] = oneFigure(killed.kills, 'kills');
  timings['leaderKillsSplitRollouts'] = oneFigure(killed.split, 'rollouts');
  await propagation.end(timings);
  await progress.step('two leaders', () => checkTwoLeaders(stage, insider));
  await progress.step('API server away', () => checkApiOutage(stage, timings));
  await progress.step('webhooks with wrong clocks', () => checkShiftedWebhooks(stage, doubtful));
  await progress.step('learners with wrong clocks', () => checkShiftedLearners(stage));
  await progress.step('forged decisions', () => checkForgedDecisions(stage, doubtful));
  await progress.step('broken models', () => checkBrokenModels(stage));
  await progress.step('burst', () => checkBurst(stage, insider, timings));
}

/** Three webhooks behind one address and two learners, of which one leads. */
async function startReplicas({ checks, product, leases }: StateStage): Promise<boolean> {
  return checks.check('the product becomes ready', async () => {
    for (let index = 1; index <= ADMISSION_REPLICAS; index += 1) {
      await product.add(`admission-${index}`, 'admission');
    }
    product.forwarder.setBackends(product.of('admission').map(({ webhookPort }) => webhookPort));
    for (let index = 1; index <= LEARNERS; index += 1) {
      const name = `learner-${index}`;
      await product.add(name, 'learner', { POD_NAME: name });
    }
    await product.waitReady(90);
    return `${product.replicas.length} processes, ${leases.leader || 'nobody'} leads`;
  });
}
