// SPDX-License-Identifier: Apache-2.0
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NewUser } from './new-user.ts';

/** What an overlay of one's own changes. */
export interface OverlaySpec {
  /** Of the webhook: nothing routes Services here. */
  readonly url: string;
  /** Tag of the image; undefined = the base's. */
  readonly tag?: string;
  /** The whole settings file; undefined = the base's. */
  readonly settings?: string;
}

/**
 * Writes an overlay over the base into the user's working directory, as `docs/how-to/install.md` says.
 *
 * @returns its path, relative to that directory
 */
export async function writeOverlay(
  user: NewUser,
  name: string,
  { url, tag, settings }: OverlaySpec,
): Promise<string> {
  const path = join('overlays', name);
  const folder = join(user.folder, path);
  await mkdir(folder, { recursive: true });
  const patch = [
    { op: 'remove', path: '/webhooks/0/clientConfig/service' },
    { op: 'add', path: '/webhooks/0/clientConfig/url', value: `${url}/mutate` },
  ];
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: ['../../manifests/base'],
    patches: [
      {
        target: { kind: 'MutatingWebhookConfiguration', name: 'perihelion' },
        patch: JSON.stringify(patch),
      },
    ],
    ...(tag === undefined ? {} : { images: [{ name: 'perihelion', newTag: tag }] }),
    ...(settings === undefined
      ? {}
      : {
          configMapGenerator: [
            {
              ...{ name: 'perihelion-settings', namespace: 'perihelion-system' },
              ...{ behavior: 'replace', files: ['settings.yaml'] },
            },
          ],
        }),
  };
  if (settings !== undefined) await writeFile(join(folder, 'settings.yaml'), settings);
  // JSON is YAML.
  await writeFile(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
  return path;
}
