// SPDX-License-Identifier: Apache-2.0
import { expect } from '../checks.ts';
import { blocksOf, withoutCommands } from '../install/documentation.ts';
import { leftovers } from '../install/leftovers.ts';
import type { InstallStage } from '../install/stage.ts';
import { SHOP } from '../stage.ts';
import { waitFor } from '../wait.ts';

const CONFIGURATION =
  '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/perihelion';

/** The tutorial's last step, as it stands: the webhook configuration first, and nothing stays. */
export async function checkLeaving(stage: InstallStage): Promise<void> {
  const { checks, user, product } = stage;
  const { api } = stage.controlPlane;
  const [block = ''] = blocksOf('docs/tutorial.md', '7. Leave again');
  const first = 'kubectl delete mutatingwebhookconfiguration perihelion';
  await checks.check('leaving: the webhook configuration goes first, and stays away', async () => {
    expect(block.includes(first) && block.indexOf(first) < block.indexOf('delete -k'), block);
    await user.type(block.slice(0, block.indexOf(first) + first.length));
    // The replicas still run; a Pod is created as if they did not.
    await user.type(
      `kubectl -n ${SHOP} rollout restart deployment/frontend && kubectl -n ${SHOP} rollout status deployment/frontend`,
    );
    expect((await api.find(CONFIGURATION)) === undefined, 'it has come back');
    return 'Pods are created without it';
  });
  await checks.check('leaving: with the commands of the tutorial nothing stays', async () => {
    const rest = user.type(withoutCommands(block.slice(block.indexOf(first)), [first]));
    // The Pods of the Deployments get their signal.
    await Promise.all([product.stop('admission'), product.stop('learner')]);
    product.forwarder.setBackends([]);
    await rest;
    return nothingLeft(api);
  });
}

/** Resolves once nothing of the product is left in the cluster but what is named. */
export async function nothingLeft(
  api: Parameters<typeof leftovers>[0],
  except: readonly string[] = [],
): Promise<string> {
  return waitFor('an empty cluster', { timeoutSeconds: 90, everyMilliseconds: 1000 }, async () => {
    const left = await leftovers(api, except);
    if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
    return 'no object of any kind that the API server lists';
  });
}
