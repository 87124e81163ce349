// SPDX-License-Identifier: Apache-2.0
import { FileSource } from '#certs/file-source.ts';
import { KubeSecretStore } from '#certs/kube-stores.ts';
import { LeafSource } from '#certs/leaf-source.ts';
import { alternativeNames } from '#certs/names.ts';
import type { CertificateSource } from '#certs/source.ts';
import type { KubeClient } from '#cluster/api/client.ts';
import type { Settings } from '#settings/settings.ts';
import { certificateClock } from '#cli/roles/clock.ts';

/**
 * The certificate of the dashboard: signed by the installation's own CAs, or read from the files
 * that `webhook.certificates: Files` names.
 */
export function dashboardCertificate(
  { settings, client }: { readonly settings: Settings; readonly client: KubeClient },
  onError: (error: unknown) => void,
): CertificateSource {
  const { webhook, dashboard, namespace } = settings;
  // Certificates live in real time, whatever clock decisions are taken by.
  const now = certificateClock(client);
  if (webhook.certificates === 'Files' && webhook.files !== undefined) {
    const { certificateFile, privateKeyFile, caFile } = webhook.files;
    const files = { certificate: certificateFile, privateKey: privateKeyFile, authority: caFile };
    return new FileSource({ files, now, onError });
  }
  const { service, extraNames: extra } = dashboard;
  return new LeafSource({
    secrets: new KubeSecretStore(client, namespace, webhook.secret),
    names: alternativeNames({ service, namespace, extra }),
    now,
    onError,
  });
}
