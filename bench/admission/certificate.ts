// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { issueAuthority, issueServer } from '#certs/issue.ts';
import { alternativeNames } from '#certs/names.ts';
import type { CertificateFiles } from './servers.ts';

/** Makes the one certificate (P-256) that every server of a run serves, as files in a folder. */
export async function makeCertificate(folder: string): Promise<CertificateFiles> {
  const now = Date.now();
  const authority = await issueAuthority(now);
  const names = alternativeNames({
    service: 'perihelion',
    namespace: 'perihelion-system',
    extra: ['127.0.0.1'],
  });
  const pair = await issueServer(authority, names, now);
  const files = {
    certificate: join(folder, 'tls.crt'),
    key: join(folder, 'tls.key'),
    authority: join(folder, 'ca.crt'),
  };
  await writeFile(files.certificate, pair.certificatePem);
  await writeFile(files.key, pair.privateKeyPem, { mode: 0o600 });
  await writeFile(files.authority, authority.certificatePem);
  return files;
}
