// SPDX-License-Identifier: Apache-2.0
import { readProductLines } from '../audit-lines.ts';
import { expect } from '../checks.ts';
import { ANNOTATIONS, preferredTargets } from '../ledger.ts';
import type { Pod } from '../objects.ts';
import type { Replica } from '../product.ts';
import { PROBE, TARGETS, nodeName } from '../stage.ts';
import type { Stage } from '../stage.ts';
import { WebhookClient, replicaOf } from '../state/webhook.ts';
import { waitFor } from '../wait.ts';
import { barePod, pathOf } from '../workloads.ts';

/**
 * One target and the default action are drawn alike: that all of them draw the default is one run in
 * a million.
 */
const COUNT = 20;
/** A ReplicaSet that nobody has seen. */
const OWNER = { metadata: { name: 'silence-7d9c5b6f88', namespace: PROBE, uid: 'u' } };
const NOTICE_SECONDS = 60;

/** A target that nobody measures any more is not preferred any more; the others still are. */
export async function checkSilence(stage: Stage): Promise<void> {
  const silent = TARGETS.two;
  await stage.checks.check('telemetry: a target that falls silent is noticed', async () => {
    stage.world.silence(nodeName(silent));
    const begin = performance.now();
    const health = await waitFor('its health', { timeoutSeconds: NOTICE_SECONDS }, () => {
      const seen = stage.models.observations.get(PROBE)?.health[silent];
      return seen === 'healthy' ? undefined : seen;
    });
    return `${silent} is ${health} after ${((performance.now() - begin) / 1000).toFixed(0)} s`;
  });
  await stage.checks.check('telemetry: a silent target is not preferred', async () => {
    await knownToAll(stage, silent);
    const { api } = stage.controlPlane;
    const preferred: string[] = [];
    for (let index = 0; index < COUNT; index += 1) {
      const pod = await api.create<Pod>(pathOf('Pod', PROBE), barePod(`silence-${index}`));
      expect(pod.metadata.annotations?.[ANNOTATIONS.id] !== undefined, 'a Pod got no decision');
      preferred.push(...preferredTargets(pod));
    }
    expect(!preferred.includes(silent), `${silent} is still preferred`);
    expect(preferred.length > 0, 'nothing is preferred any more');
    return `${preferred.length} of ${COUNT} Pods prefer ${[...new Set(preferred)].join(', ')}`;
  });
}

/** Waits until each replica, which hears of it in its own time, would not decide for the target. */
async function knownToAll(stage: Stage, silent: string): Promise<void> {
  const client = await WebhookClient.of(stage);
  for (const replica of stage.product.of('admission')) {
    await waitFor(`${replica.name} to know`, { timeoutSeconds: 60 }, async () => {
      const options = { namespace: PROBE, dryRun: true };
      const { annotations } = await client.review(replica, replicaOf(OWNER), options);
      return isClosed(replica, annotations[ANNOTATIONS.id] ?? '', silent);
    });
  }
  await client.close();
}

/** Whether the replica's audit log says that the target was out of the question; false = not yet. */
function isClosed(replica: Replica, id: string, target: string): Promise<boolean> {
  return waitFor('its audit line', { timeoutSeconds: 60, everyMilliseconds: 20 }, () => {
    const line = readProductLines([replica.auditFile]).find(({ decision }) => decision?.id === id);
    const { infeasible } = (line?.decision ?? {}) as { infeasible?: readonly { action: string }[] };
    return infeasible === undefined
      ? undefined
      : { closed: infeasible.some(({ action }) => action === target) };
  }).then(({ closed }) => closed);
}
