// SPDX-License-Identifier: Apache-2.0
import { expect } from '../checks.ts';
import { SHOP } from '../stage.ts';
import type { Stage } from '../stage.ts';

const API_VERSION = 'perihelion.dev/v1alpha1';

/** What users see of the custom resources: help texts, columns, and what is refused. */
export async function checkDefinitions(stage: Stage): Promise<void> {
  const { api, kubectl } = stage.controlPlane;
  await stage.checks.check('definitions: kubectl explains every field of a policy', async () => {
    const text = await kubectl.run('explain', '--recursive=false', 'placementpolicies.spec');
    expect(!text.includes('<no description>'), text);
    return `${text.split('\n').length} lines`;
  });
  await stage.checks.check('definitions: kubectl shows columns of their own', async () => {
    const [heads = ''] = (await kubectl.run('get', 'placementpolicies', '-n', SHOP)).split('\n');
    const columns = heads.trim().split(/\s+/);
    expect(columns.length > 2, heads);
    return columns.join(', ');
  });
  await stage.checks.check('definitions: a policy that makes no sense is refused', async () => {
    const specs = [
      { holdoutPercent: 101 },
      { reward: { sustainabilityPercent: 90, performancePercent: 90, resourcesPercent: 0 } },
      { mode: 'Sometimes' },
      { learning: { epsilonThousandths: 1, epsilonFloorThousandths: 2 } },
    ];
    const path = `/apis/${API_VERSION}/namespaces/${SHOP}/placementpolicies?dryRun=All`;
    for (const spec of specs) {
      const metadata = { name: 'nonsense' };
      const body = { apiVersion: API_VERSION, kind: 'PlacementPolicy', metadata, spec };
      const status = await api.status('POST', path, body);
      expect(status === 422, `${JSON.stringify(spec)}: ${status}`);
    }
    return `${specs.length} of ${specs.length} refused`;
  });
}
