// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { ActSpec } from '../acts.ts';
import { checkAudit } from '../checks/audit.ts';
import { checkColdStart } from '../checks/cold-start.ts';
import { checkFailures } from '../checks/failures.ts';
import { checkMassStart } from '../checks/mass-start.ts';
import { checkMinimalRights } from '../checks/minimal-rights.ts';
import { checkRollouts } from '../checks/rollouts.ts';
import { checkRotations } from '../checks/rotations.ts';
import { checkUninstall } from '../checks/uninstall.ts';
import { startControlPlane } from '../control-plane.ts';
import { installManifests, renderManifests } from '../manifests.ts';
import { Product } from '../product.ts';
import type { Figure, Findings } from '../results.ts';
import { createTrustNamespace, publishTrustPolicy } from '../trust/stage.ts';
import type { TrustStage } from '../trust/stage.ts';
import { waitFor } from '../wait.ts';

/** Pods whose patches are held against the API server's own record. */
const LEAST_PODS = 1000;

/** Nobody answers here; what the learner would have seen is written by the run. */
const NO_PROMETHEUS = 'http://127.0.0.1:9';

/** Breaks what a cluster can break around the webhook, and looks for a Pod that noticed. */
export async function performTrust(act: ActSpec): Promise<Partial<Findings>> {
  const timings: Record<string, Figure> = {};
  const { progress } = act;
  const stage = await setTrustStage(act);
  await progress.step('cold start', () => checkColdStart(stage));
  await progress.step('failures', () => checkFailures(stage));
  if (!(await startReplica(stage, 'admission-1'))) return { timings };
  await progress.step('mass start', () => checkMassStart(stage, timings));
  await startReplica(stage, 'admission-2');
  await progress.step('rotations', () => checkRotations(stage, timings));
  await progress.step('rollouts', () => checkRollouts(stage, timings));
  await checkAudit(stage, LEAST_PODS);
  await progress.step('rights', () => checkMinimalRights(stage));
  await progress.step('uninstall', () => checkUninstall(stage));
  return { timings };
}

/** A control plane without nodes, with the product installed and none of it running. */
async function setTrustStage(act: ActSpec): Promise<TrustStage> {
  const { tools, processes, progress, checks, folder } = act;
  const { value: controlPlane } = await progress.step('control plane', () =>
    startControlPlane({ tools, processes, folder: join(folder, 'control-plane') }),
  );
  const { api, kubectl } = controlPlane;
  const manifests = await renderManifests(kubectl, act.manifests);
  const product = new Product({
    ...{ controlPlane, processes, manifests, folder, main: act.main },
    prometheusUrl: NO_PROMETHEUS,
    // As shipped: with the shorter one of the other acts a rollout would prove less.
    settings: { drainSeconds: manifests.settings.admission['drainSeconds'] },
  });
  const port = await product.forwarder.start();
  await installManifests({ api, kubectl, folder }, manifests, `https://127.0.0.1:${port}`);
  await createTrustNamespace(api);
  // Even so, nothing there may be touched.
  const optedIn = { 'perihelion.dev/placement': 'enabled' };
  await api.merge('/api/v1/namespaces/kube-system', { metadata: { labels: optedIn } });
  await publishTrustPolicy(api);
  await waitFor('the ServiceAccount of the namespace', { timeoutSeconds: 60 }, () =>
    api.find('/api/v1/namespaces/trust/serviceaccounts/default'),
  );
  return { progress, checks, processes, controlPlane, manifests, product, folder };
}

/** Starts one more replica, and lets it serve once it is ready. */
function startReplica({ checks, product }: TrustStage, name: string): Promise<boolean> {
  return checks.check(`${name} becomes ready`, async () => {
    const replica = await product.add(name, 'admission');
    await waitFor('readiness', { timeoutSeconds: 60, everyMilliseconds: 100 }, () =>
      product.isReady(replica),
    );
    const ports = product.of('admission').map(({ webhookPort }) => webhookPort);
    product.forwarder.setBackends(ports);
    return `${ports.length} serve`;
  });
}
