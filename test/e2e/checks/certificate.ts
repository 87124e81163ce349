// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { expect } from '../checks.ts';
import { publishedBundle } from '../manifests.ts';
import type { Stage } from '../stage.ts';
import { waitFor } from '../wait.ts';

/** The product itself publishes the CA that its webhook is to be trusted under. */
export function checkPublishedBundle(stage: Stage): Promise<boolean> {
  return stage.checks.check('certificates: the product publishes its CA', async () => {
    const bundle = await waitFor('a caBundle', { timeoutSeconds: 60 }, async () => {
      stage.product.assertRunning();
      const found = await bundleOf(stage);
      return found === '' ? undefined : found;
    });
    const certificate = new X509Certificate(bundle);
    expect(certificate.ca, 'what is published is no CA');
    return `${certificate.subject.replaceAll('\n', ', ')} until ${certificate.validTo}`;
  });
}

/** Every replica, not only the one that made the CA, serves a leaf that is trusted under it. */
export async function checkLeaves(stage: Stage): Promise<void> {
  const ca = await bundleOf(stage);
  for (const replica of stage.product.of('admission')) {
    await stage.checks.check(`certificates: ${replica.name} is trusted under it`, () =>
      trustedLeaf(replica.webhookPort, ca),
    );
  }
}

function bundleOf(stage: Stage): Promise<string> {
  return publishedBundle(stage.controlPlane.api, stage.manifests.configuration);
}

async function trustedLeaf(port: number, ca: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, ca, rejectUnauthorized: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
      socket.setTimeout(30_000, () => reject(new Error('no answer within 30 s')));
    });
    const { subjectaltname = '', valid_to: until } = socket.getPeerCertificate();
    return `${socket.getProtocol() ?? ''}, ${subjectaltname}, until ${until}`;
  } finally {
    socket.destroy();
  }
}
