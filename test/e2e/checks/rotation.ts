// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { readBundle } from '#certs/check.ts';
import { issueAuthority } from '#certs/issue.ts';
import { SLOT_KEYS } from '#certs/slot.ts';
import { readServerRecord } from '../audit-lines.ts';
import { expect } from '../checks.ts';
import { ANNOTATIONS } from '../ledger.ts';
import { publishedBundle } from '../manifests.ts';
import type { Pod } from '../objects.ts';
import { PROBE } from '../stage.ts';
import type { Stage } from '../stage.ts';
import { waitFor } from '../wait.ts';
import { barePod, pathOf } from '../workloads.ts';

const DAY_MILLISECONDS = 86_400_000;
const PAUSE_MILLISECONDS = 50;
/** A round, the minute between publishing and signing, another round, and room to spare. */
const MOST_SECONDS = 120;

interface Secret {
  readonly metadata: { readonly resourceVersion: string };
  readonly data: Readonly<Record<string, string>>;
}

/**
 * A CA below its mark is renewed by the product itself, and signs a minute later, while Pods are
 * created: not one of them is passed over. Then caBundle is blanked, and comes back.
 */
export async function checkRotation(stage: Stage): Promise<void> {
  await stage.checks.check('rotation: no call is lost while a CA is renewed', async () => {
    const failedBefore = readServerRecord(stage.controlPlane.auditLog).failedOpen;
    const before = await fingerprints(stage);
    const load = new Load(stage);
    try {
      // A replica may write the Secret in between; then it is read again.
      await waitFor('the Secret', { timeoutSeconds: 60, everyMilliseconds: 20 }, async () => {
        await ageSecondAuthority(stage);
        return true;
      });
      await waitFor('leaves of a new CA', { timeoutSeconds: MOST_SECONDS }, async () => {
        const leaves = await Promise.all(
          stage.product.of('admission').map(({ webhookPort }) => leafOf(webhookPort)),
        );
        return readBundle(await bundleOf(stage))
          .filter(({ fingerprint256 }) => !before.includes(fingerprint256))
          .some(({ publicKey }) => leaves.every((leaf) => leaf.verify(publicKey)));
      });
    } finally {
      await load.stop();
    }
    const failed = readServerRecord(stage.controlPlane.auditLog).failedOpen - failedBefore;
    expect(failed === 0, `the API server passed over the webhook ${failed} times`);
    expect(load.decided === load.created, `${load.decided} of ${load.created} got a decision`);
    return `${load.created} Pods decided while every replica changed its CA`;
  });
  await stage.checks.check('rotation: a blanked caBundle comes back', async () => {
    const bundle = await bundleOf(stage);
    const { api } = stage.controlPlane;
    const path = `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${stage.manifests.configuration}`;
    const { webhooks } = await api.get<{ webhooks: { clientConfig: object }[] }>(path);
    const begin = performance.now();
    await api.merge(path, {
      webhooks: webhooks.map((webhook) => ({
        ...webhook,
        clientConfig: { ...webhook.clientConfig, caBundle: null },
      })),
    });
    await waitFor('the caBundle', { timeoutSeconds: 60, everyMilliseconds: 50 }, async () =>
      (await bundleOf(stage)) === bundle ? true : undefined,
    );
    return `after ${((performance.now() - begin) / 1000).toFixed(1)} s`;
  });
}

/** Replaces the CA that signs nothing by one with 80 days left, as if a year had gone by. */
async function ageSecondAuthority(stage: Stage): Promise<void> {
  const path = `/api/v1/namespaces/${stage.manifests.namespace}/secrets/perihelion-webhook`;
  const { metadata, data } = await stage.controlPlane.api.get<Secret>(path);
  const now = Date.now();
  const aged = await issueAuthority(now, 80 * DAY_MILLISECONDS);
  const [first, second] = SLOT_KEYS;
  const longAgo = new Date(now - 100 * DAY_MILLISECONDS).toISOString();
  const changes = {
    [second.certificate]: aged.certificatePem,
    [second.privateKey]: aged.privateKeyPem,
    [second.activeAt]: longAgo,
    // Its leaves of before that are long gone.
    [first.activeAt]: longAgo,
  };
  const encoded = Object.entries(changes).map(([key, value]) => [
    key,
    Buffer.from(value).toString('base64'),
  ]);
  await stage.controlPlane.api.merge(path, {
    metadata: { resourceVersion: metadata.resourceVersion },
    data: { ...data, ...(Object.fromEntries(encoded) as Record<string, string>) },
  });
}

/** Creates Pods, as dry runs, one after the other until it is stopped. */
class Load {
  created = 0;
  decided = 0;
  readonly #running: Promise<void>;
  #stopped = false;

  constructor(stage: Stage) {
    this.#running = this.#run(stage);
    // Told by stop(); until then it must not end the run.
    this.#running.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run({ controlPlane }: Stage): Promise<void> {
    while (!this.#stopped) {
      const name = `rotation-${this.created}`;
      const path = `${pathOf('Pod', PROBE)}?dryRun=All`;
      const pod = await controlPlane.api.create<Pod>(path, barePod(name));
      this.created += 1;
      if (pod.metadata.annotations?.[ANNOTATIONS.id] !== undefined) this.decided += 1;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
    }
  }
}

function bundleOf({ controlPlane, manifests }: Stage): Promise<string> {
  return publishedBundle(controlPlane.api, manifests.configuration);
}

async function fingerprints(stage: Stage): Promise<readonly string[]> {
  return readBundle(await bundleOf(stage)).map(({ fingerprint256 }) => fingerprint256);
}

/** What a replica serves now. */
export async function leafOf(port: number): Promise<X509Certificate> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
    });
    return new X509Certificate(socket.getPeerCertificate().raw);
  } finally {
    socket.destroy();
  }
}
