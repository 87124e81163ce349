// SPDX-License-Identifier: Apache-2.0
/*
 * Makes certificates for development: npm run certs -- [--out DIR] [NAME...]
 */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { issueAuthority, issueServer } from '#certs/issue.ts';
import { alternativeNames } from '#certs/names.ts';

const DAY_MILLISECONDS = 86_400_000;
const LIFETIME_DAYS = 30;
const OWNER_ONLY = 0o600;

/**
 * Writes a new CA and a server certificate for the Service, this machine and `names` into
 * `directory`: `ca.crt`, `ca.key`, `tls.crt`, `tls.key`, keys with mode 0600. Both live 30 days.
 *
 * @returns the paths written.
 */
export async function makeDevelopmentCertificates(
  directory: string,
  names: readonly string[],
): Promise<readonly string[]> {
  const now = Date.now();
  const lifetime = LIFETIME_DAYS * DAY_MILLISECONDS;
  const authority = await issueAuthority(now, lifetime);
  const alternatives = alternativeNames({
    service: 'perihelion',
    namespace: 'perihelion-system',
    extra: ['localhost', '127.0.0.1', '::1', ...names],
  });
  const server = await issueServer(authority, alternatives, now, lifetime);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const files: readonly (readonly [name: string, text: string])[] = [
    ['ca.crt', authority.certificatePem],
    ['ca.key', authority.privateKeyPem],
    ['tls.crt', server.certificatePem],
    ['tls.key', server.privateKeyPem],
  ];
  for (const [name, text] of files) {
    const file = join(directory, name);
    await writeFile(file, text, { mode: OWNER_ONLY });
    // The mode above counts for new files only.
    await chmod(file, OWNER_ONLY);
  }
  return files.map(([name]) => join(directory, name));
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: { out: { type: 'string' } },
    allowPositionals: true,
  });
  const out = values.out ?? fileURLToPath(new URL('../out/certs', import.meta.url));
  for (const file of await makeDevelopmentCertificates(out, positionals)) console.log(file);
}
