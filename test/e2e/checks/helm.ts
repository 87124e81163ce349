// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { findHelm } from '../../../tools/helm.ts';
import { expect } from '../checks.ts';
import type { Stage } from '../stage.ts';
import type { KubeObject } from '../objects.ts';

const execute = promisify(execFile);
const CHART = fileURLToPath(new URL('../../../charts/perihelion', import.meta.url));

/** Values that render every object of the API server's own kinds. */
const VARIANTS: Readonly<Record<string, readonly string[]>> = {
  'with its defaults': [],
  'as one process': ['--set', 'singleProcess=true'],
  'with a Secret for the certificate and a dashboard': [
    ...['--set', 'certificates.source=Secret'],
    ...['--set', 'monitoring.dashboard.enabled=true'],
  ],
};

/**
 * The chart against the real API server: a server-side dry run takes every object of it, field by
 * field. Needs the namespace of the product. Without Helm on this machine there is no check.
 *
 * @param folder for the rendered files
 */
export async function helmChecks(
  stage: Pick<Stage, 'checks' | 'controlPlane' | 'manifests'>,
  folder: string,
): Promise<void> {
  const helm = findHelm();
  if (helm === undefined) return;
  const { checks, controlPlane, manifests } = stage;
  for (const [name, values] of Object.entries(VARIANTS)) {
    await checks.check(`helm: the API server accepts the chart ${name}`, async () => {
      const { stdout } = await execute(
        helm,
        [
          ...['template', 'perihelion', CHART, '--namespace', manifests.namespace],
          ...['--kube-version', '1.35.0', '--no-hooks', ...values],
        ],
        { maxBuffer: 64 * 1024 * 1024 },
      );
      const items = parseAllDocuments(stdout)
        .map((document) => document.toJS() as KubeObject | null)
        .filter((object) => object !== null);
      const file = join(folder, 'chart.json');
      await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
      const said = await controlPlane.kubectl.run(
        ...['apply', '--server-side', '--force-conflicts', '--field-manager', 'helm'],
        ...['--validate=strict', '--dry-run=server', '-f', file],
      );
      const lines = said.trim().split('\n');
      expect(lines.length === items.length, said);
      return `${lines.length} objects`;
    });
  }
}

const RELEASE = 'chart-check';
const CONFIGURATION = `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${RELEASE}`;

interface WebhookConfiguration extends KubeObject {
  readonly webhooks: readonly {
    readonly timeoutSeconds: number;
    readonly clientConfig: { readonly caBundle?: string };
  }[];
}

/**
 * A whole release: install, upgrade, uninstall. The caBundle that the replicas wrote outlives the
 * upgrade, and nothing is left in the end. To be made after everything else: while it is there, its
 * webhook is registered beside the product's. CRDs and priority class are the product's own.
 *
 * @param folder for the kubeconfig, which holds a key
 */
export async function helmReleaseCheck(
  stage: Pick<Stage, 'checks' | 'controlPlane'>,
  folder: string,
): Promise<void> {
  const helm = findHelm();
  if (helm === undefined) return;
  const { api, kubectl } = stage.controlPlane;
  await stage.checks.check('helm: a release is installed, upgraded and gone', async () => {
    const kubeconfig = join(folder, 'helm-kubeconfig');
    await writeFile(kubeconfig, await kubectl.run('config', 'view', '--raw'), { mode: 0o600 });
    const run = async (command: string, ...args: string[]): Promise<void> => {
      await execute(
        helm,
        [command, RELEASE, ...args, '--namespace', RELEASE, '--kubeconfig', kubeconfig],
        { env: { ...process.env, HOME: folder }, maxBuffer: 64 * 1024 * 1024 },
      );
    };
    const values = [
      `fullnameOverride=${RELEASE}`,
      'crds.enabled=false',
      'priorityClass.create=false',
    ]
      .concat('priorityClass.name=')
      .flatMap((value) => ['--set', value]);
    await run('install', CHART, '--create-namespace', ...values);
    const caBundle = Buffer.from('a CA').toString('base64');
    await api.apply(CONFIGURATION, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: RELEASE },
      webhooks: [{ name: 'placement.perihelion.dev', clientConfig: { caBundle } }],
    });
    await run('upgrade', CHART, ...values, '--set', 'webhook.timeoutSeconds=1');
    const [webhook] = (await api.get<WebhookConfiguration>(CONFIGURATION)).webhooks;
    expect(webhook?.timeoutSeconds === 1, 'the upgrade changed nothing');
    expect(webhook.clientConfig.caBundle === caBundle, 'the upgrade took the caBundle away');
    await run('uninstall', '--wait');
    expect((await api.find(CONFIGURATION)) === undefined, 'the configuration is still there');
    const left = await kubectl.run(
      'get',
      'deployments,services,roles',
      '-n',
      RELEASE,
      '-o',
      'name',
    );
    expect(left.trim() === '', left);
    const crds = await kubectl.run('get', 'crds', '-o', 'name');
    expect(crds.includes('placementpolicies'), 'the CRDs are gone');
    return 'the caBundle outlived the upgrade, nothing but the CRDs is left';
  });
}
