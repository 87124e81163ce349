// SPDX-License-Identifier: Apache-2.0
import { expect } from '../checks.ts';
import { ANNOTATIONS, preferredTargets } from '../ledger.ts';
import type { Pod } from '../objects.ts';
import { PROBE, TARGETS, nodeName } from '../stage.ts';
import type { Stage } from '../stage.ts';
import { waitFor } from '../wait.ts';
import { barePod, pathOf } from '../workloads.ts';

const COUNT = 16;
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
