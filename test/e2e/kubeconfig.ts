// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import type { Access } from './api.ts';

/** Writes a kubeconfig (JSON is YAML) for one user of one server; answers with its path. */
export async function writeKubeconfig(file: string, access: Access): Promise<string> {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'e2e',
        cluster: {
          server: access.url,
          'certificate-authority-data': Buffer.from(access.authority).toString('base64'),
        },
      },
    ],
    users: [{ name: 'e2e', user: { token: access.token } }],
    contexts: [{ name: 'e2e', context: { cluster: 'e2e', user: 'e2e' } }],
    'current-context': 'e2e',
  };
  await writeFile(file, JSON.stringify(config, undefined, 2), { mode: 0o600 });
  return file;
}
