// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { yamlBlocksOf } from '../../unit/docs/yaml-blocks.ts';
import { expect } from '../checks.ts';
import type { InstallStage } from '../install/stage.ts';
import type { KubeObject } from '../objects.ts';

/** Kinds of other projects, whose CRDs this control plane has not, by what renders them. */
const NOT_SERVED: Readonly<Record<string, readonly string[]>> = {
  'cert-manager': ['cert-manager.io/v1/Certificate', 'cert-manager.io/v1/Issuer'],
  monitoring: [
    'monitoring.coreos.com/v1/PodMonitor',
    'monitoring.coreos.com/v1/PrometheusRule',
    'monitoring.coreos.com/v1/ServiceMonitor',
  ],
};

/** Guides that write an overlay of one's own, with the settings beside it. */
const GUIDES = ['own-prometheus', 'traces'];

/**
 * A server-side dry run of every overlay, field by field, of the base with the monitoring
 * component, and of the overlays that the guides write. Only the kinds that are named above are left out, and only where they are expected.
 */
export async function checkOverlays(stage: InstallStage, root: string): Promise<void> {
  const overlays = readdirSync(join(root, 'manifests/overlays')).toSorted();
  const folders = new Map(overlays.map((name) => [name, join(root, 'manifests/overlays', name)]));
  folders.set('monitoring', await monitoringOverlay(stage, root));
  for (const name of GUIDES) folders.set(`the guide ${name}`, await guideOverlay(stage, name));
  for (const [name, folder] of folders) {
    await stage.checks.check(`overlays: the API server accepts ${name}`, () =>
      dryRun(stage, name, folder),
    );
  }
}

async function dryRun(stage: InstallStage, name: string, folder: string): Promise<string> {
  const { kubectl } = stage.controlPlane;
  const objects = parseAllDocuments(await kubectl.run('kustomize', folder))
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object !== null);
  const notServed = NOT_SERVED[name] ?? [];
  const leftOut = objects.filter((object) => notServed.includes(kindOf(object)));
  const found = [...new Set(leftOut.map(kindOf))].toSorted();
  expect(found.join() === notServed.join(), `renders ${found.join()} of ${notServed.join()}`);
  const items = objects.filter((object) => !leftOut.includes(object));
  const file = join(stage.folder, `overlay-${name.replaceAll(' ', '-')}.json`);
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const said = await kubectl.run(
    ...['apply', '--server-side', '--force-conflicts', '--field-manager', 'overlays'],
    ...['--validate=strict', '--dry-run=server', '-f', file],
  );
  const lines = said.trim().split('\n');
  expect(lines.length === items.length, said);
  return `${lines.length} objects${found.length === 0 ? '' : `, without ${found.join(', ')}`}`;
}

/** As `docs/how-to/monitoring.md` writes it. */
async function monitoringOverlay({ folder }: InstallStage, root: string): Promise<string> {
  const here = join(folder, 'monitoring');
  await mkdir(here, { recursive: true });
  const kustomization = {
    ...{ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' },
    resources: [relative(here, join(root, 'manifests/base'))],
    components: [relative(here, join(root, 'manifests/monitoring'))],
  };
  await writeFile(join(here, 'kustomization.yaml'), JSON.stringify(kustomization));
  return here;
}

/** What a guide tells to write, written. */
async function guideOverlay({ user }: InstallStage, name: string): Promise<string> {
  const page = readFileSync(join(user.folder, 'docs/how-to', `${name}.md`), 'utf8');
  const folder = join(user.folder, 'overlays', name);
  await mkdir(folder, { recursive: true });
  for (const { kind, text } of yamlBlocksOf(page)) {
    if (kind === 'kustomization' || kind === 'settings') {
      await writeFile(join(folder, `${kind}.yaml`), text);
    }
  }
  return folder;
}

function kindOf({ apiVersion = '', kind = '' }: KubeObject): string {
  return `${apiVersion}/${kind}`;
}
