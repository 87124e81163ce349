// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '../checks.ts';
import { blocksOf, withoutCommands } from '../install/documentation.ts';
import { leftovers } from '../install/leftovers.ts';
import type { InstallStage } from '../install/stage.ts';
import type { Controller } from '../objects.ts';
import { SHOP } from '../stage.ts';
import { nothingLeft } from './leaving.ts';

const NAMESPACE = 'perihelion-system';
const DEPLOYMENT = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/perihelion-admission`;
const CRDS = ['placementmodels.perihelion.dev', 'placementpolicies.perihelion.dev'];
/** What the API server makes of them. */
const SERVED = 'v1alpha1.perihelion.dev';

/** The test of a release runs a container, which nothing does here. */
const NOT_HERE = ['helm test'];

/** The guide for Helm as it stands, in a cluster that knows nothing of the product. */
export async function checkHelmJourney(stage: InstallStage): Promise<void> {
  const { checks, user } = stage;
  const { api } = stage.controlPlane;
  await checks.check('helm: installed with the lines of the guide', async () => {
    await user.type(`kubectl create namespace ${SHOP}`);
    const [block = ''] = blocksOf('docs/how-to/helm.md', 'Install with Helm');
    expect(block.includes('helm install perihelion charts/perihelion'), block);
    await user.type(withoutCommands(block, NOT_HERE));
    await user.type(
      `kubectl -n ${NAMESPACE} rollout status deployment/perihelion-admission\nkubectl -n ${NAMESPACE} rollout status deployment/perihelion-learner`,
    );
    return 'both Deployments are rolled out';
  });
  await checks.check('helm: upgraded with the lines of the guide', async () => {
    await writeFile(join(user.folder, 'values.yaml'), JSON.stringify({ image: { tag: '0.1.1' } }));
    const [block = ''] = blocksOf('docs/how-to/upgrade.md', 'Helm');
    await user.type(withoutCommands(block, NOT_HERE));
    const { spec } = await api.get<Controller>(DEPLOYMENT);
    expect(JSON.stringify(spec).includes(':0.1.1"'), 'the image is the old one');
    return 'image 0.1.1';
  });
  await checks.check('helm: uninstalled, only the CRDs stay, and go when told to', async () => {
    const guide = blocksOf('docs/how-to/uninstall.md', 'Uninstall').join('\n');
    const lines = (starts: string): string => {
      const found = guide.split('\n').filter((line) => line.startsWith(starts));
      expect(found.length > 0, `the guide has no "${starts}"`);
      return found.join('\n');
    };
    await user.type(
      [lines('kubectl delete mutatingwebhookconfiguration'), lines('helm uninstall')].join('\n'),
    );
    await user.type(lines(`kubectl -n ${NAMESPACE} delete`));
    const stay = await leftovers(api);
    const unexpected = stay.filter(
      (path) =>
        ![...CRDS, SERVED].some((name) => path.endsWith(`/${name}`)) && !isOfNamespace(path),
    );
    expect(unexpected.length === 0, `left behind: ${unexpected.join(', ')}`);
    expect(
      CRDS.every((name) => stay.some((path) => path.endsWith(name))),
      'the CRDs are gone, and with them what was learned',
    );
    await user.type(lines('kubectl delete crd') + '\n' + lines('kubectl delete namespace'));
    return nothingLeft(api);
  });
}

/** The namespace itself, and what every namespace has. Pods and their owners end in the background. */
function isOfNamespace(path: string): boolean {
  const ofEvery = [
    `/api/v1/namespaces/${NAMESPACE}`,
    '/api/v1/serviceaccounts/default',
    '/api/v1/configmaps/kube-root-ca.crt',
  ];
  return ofEvery.includes(path) || /\/(pods|replicasets)\//.test(path);
}
