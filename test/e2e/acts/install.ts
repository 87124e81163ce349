// SPDX-License-Identifier: Apache-2.0
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { provideHelm } from '../../../tools/helm.ts';
import type { ActSpec } from '../acts.ts';
import { checkReadme, checkTutorial } from '../checks/first-steps.ts';
import { checkHelmJourney } from '../checks/helm-journey.ts';
import { helmChecks, helmReleaseCheck } from '../checks/helm.ts';
import { checkLeaving } from '../checks/leaving.ts';
import { checkOverlays } from '../checks/overlays.ts';
import { checkUpgrade } from '../checks/upgrade.ts';
import { startControlPlane } from '../control-plane.ts';
import { NewUser } from '../install/new-user.ts';
import type { InstallStage } from '../install/stage.ts';
import { renderManifests } from '../manifests.ts';
import { createNodes } from '../nodes.ts';
import { Product } from '../product.ts';
import { startPrometheus } from '../prometheus.ts';
import type { Findings } from '../results.ts';
import { MACHINES, NODES, TRAFFIC } from '../stage.ts';
import { World } from '../world.ts';

/**
 * Somebody's first day with the product: what README and the guides tell to type is typed as it
 * stands, from installing to leaving, with kustomize and with Helm.
 */
export async function performInstall(act: ActSpec): Promise<Partial<Findings>> {
  const { tools, processes, progress, checks, folder } = act;
  const { value: helm } = await progress.step('Helm', () => provideHelm());
  checks.record({
    name: 'helm: the program is there',
    ok: helm !== undefined,
    detail: helm ?? 'neither Helm nor a Go to build it with',
  });
  const { value: controlPlane } = await progress.step('control plane', () =>
    startControlPlane({ tools, processes, folder: join(folder, 'control-plane') }),
  );
  const { api, kubectl } = controlPlane;
  await createNodes(api, NODES);
  const world = new World({ api, machines: MACHINES, traffic: TRAFFIC, seed: 1 });
  await world.start();
  const prometheus = await startPrometheus({
    ...{ file: tools.prometheus, processes, exporters: world.url },
    folder: join(folder, 'prometheus'),
  });
  const manifests = await renderManifests(kubectl, act.manifests);
  const product = new Product({
    ...{ controlPlane, processes, manifests, folder, main: act.main },
    prometheusUrl: prometheus.url,
  });
  const port = await product.forwarder.start();
  const user = await NewUser.at({
    ...{ root: act.root, folder, helm, kubectl: tools.kubectl, main: act.main },
    kubeconfig: join(folder, 'control-plane', 'admin.kubeconfig'),
  });
  const url = `https://127.0.0.1:${port}`;
  const stage: InstallStage = {
    ...{ progress, checks, controlPlane, manifests, product, user, url, folder },
  };
  try {
    const chart = join(folder, 'chart');
    await mkdir(chart, { recursive: true });
    if (!(await checkReadme(stage))) return {};
    // Before anything of it is changed: a dry run is laid over what is there.
    await progress.step('overlays', () => checkOverlays(stage, act.root));
    await progress.step('chart', () => helmChecks(stage, chart));
    if (!(await checkTutorial(stage))) return {};
    await progress.step('upgrade', () => checkUpgrade(stage));
    await progress.step('release', () => helmReleaseCheck(stage, chart));
    await progress.step('leaving', () => checkLeaving(stage));
    if (helm !== undefined) await progress.step('helm', () => checkHelmJourney(stage));
    return {};
  } finally {
    await world.stop();
  }
}
