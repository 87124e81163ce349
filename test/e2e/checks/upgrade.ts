// SPDX-License-Identifier: Apache-2.0
import { expect } from '../checks.ts';
import { writeOverlay } from '../install/overlay.ts';
import type { InstallStage } from '../install/stage.ts';
import { preferredTargets } from '../ledger.ts';
import { publishedBundle } from '../manifests.ts';
import type { Controller, Pod } from '../objects.ts';
import { SHOP } from '../stage.ts';
import { waitFor } from '../wait.ts';

const DEPLOYMENT = '/apis/apps/v1/namespaces/perihelion-system/deployments/perihelion-admission';
const TAG = '0.1.1';

/** A newer image and other settings, applied over a product that serves. */
export async function checkUpgrade(stage: InstallStage): Promise<void> {
  const { checks, user, url, controlPlane, manifests } = stage;
  const { api } = controlPlane;
  await checks.check('upgrade: applied over what runs, nothing of it is lost', async () => {
    const before = await publishedBundle(api, manifests.configuration);
    expect(before !== '', 'there is no caBundle to keep');
    const settings = JSON.stringify({ ...manifests.settings.admission, logLevel: 'debug' });
    const overlay = await writeOverlay(user, 'newer', { url, tag: TAG, settings });
    await user.type(
      [
        `kubectl apply -k ${overlay}`,
        'kubectl -n perihelion-system rollout status deployment/perihelion-admission',
        'kubectl -n perihelion-system rollout status deployment/perihelion-learner',
      ].join('\n'),
    );
    const after = await publishedBundle(api, manifests.configuration);
    expect(after === before, 'the upgrade changed the caBundle');
    const { spec } = await api.get<Controller>(DEPLOYMENT);
    const text = JSON.stringify(spec);
    expect(text.includes(`:${TAG}`), 'the image is the old one');
    const maps = await user.type('kubectl -n perihelion-system get configmaps -o name');
    const mounted = maps
      .split('\n')
      .map((line) => line.replace('configmap/', ''))
      .filter((name) => name !== '' && text.includes(`"${name}"`));
    expect(mounted.length === 1, `mounts ${mounted.join() || 'no settings'} of ${maps}`);
    return `image ${TAG}, settings ${mounted.join()}`;
  });
  await checks.check('upgrade: Pods are placed after it', () =>
    waitFor('a placed Pod', { timeoutSeconds: 180 }, async () => {
      await user.type(
        `kubectl -n ${SHOP} rollout restart deployment/frontend && kubectl -n ${SHOP} rollout status deployment/frontend`,
      );
      const pods = await api.list<Pod>(`/api/v1/namespaces/${SHOP}/pods`);
      const placed = pods.filter((pod) => preferredTargets(pod).length > 0);
      return placed.length === 0 ? undefined : `${placed.length} of ${pods.length} Pods`;
    }),
  );
}
