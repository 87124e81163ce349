// SPDX-License-Identifier: Apache-2.0
import { readBundle } from '#certs/check.ts';
import { issueAuthority } from '#certs/issue.ts';
import { SLOT_KEYS } from '#certs/slot.ts';
import { expect } from '../checks.ts';
import { publishedBundle } from '../manifests.ts';
import { meanFigure } from '../results.ts';
import type { Figure } from '../results.ts';
import { PodLoad } from '../trust/pod-load.ts';
import { TRUST } from '../trust/stage.ts';
import type { TrustStage } from '../trust/stage.ts';
import { Witness } from '../trust/witness.ts';
import { waitFor } from '../wait.ts';
import { leafOf } from './rotation.ts';

const ROTATIONS = 10;
const DAY_MILLISECONDS = 86_400_000;
/**
 * The product waits a minute between publishing a CA and signing with it. Here that is cut short by
 * writing an earlier time, which asks more of the API server than the product does.
 */
const PROPAGATION_MILLISECONDS = 3000;
const MOST_SECONDS = 60;

type SlotIndex = 0 | 1;

/**
 * Ten times over, the product renews the CA that is due, publishes it beside the other, and both
 * replicas sign their leaves anew, while Pods are created: not one of them is passed over.
 */
export async function checkRotations(
  stage: TrustStage,
  timings: Record<string, Figure>,
): Promise<void> {
  await stage.checks.check(`rotations: no call is lost in ${ROTATIONS} of them`, async () => {
    const witness = new Witness(stage.controlPlane);
    const load = new PodLoad({
      ...{ api: stage.controlPlane.api, namespace: TRUST, prefix: 'rotating' },
      ...{ concurrency: 2, pauseMilliseconds: 50, dryRun: true },
    });
    const seconds: number[] = [];
    const leaves = new Set<string>();
    try {
      for (let turn = 0; turn < ROTATIONS; turn += 1) {
        const begin = performance.now();
        for (const leaf of await rotate(stage, turn % 2 === 0 ? 1 : 0)) leaves.add(leaf);
        seconds.push((performance.now() - begin) / 1000);
      }
    } finally {
      await load.stop();
    }
    timings['rotation'] = meanFigure(seconds, 'seconds');
    const complaint = witness.complaint();
    expect(complaint === undefined, complaint ?? '');
    expect(load.failures.length === 0, `creations failed: ${load.failures[0] ?? ''}`);
    const { created, decided, injected } = load;
    expect(decided === created && injected === created, `${injected} of ${created} injected`);
    const expected = ROTATIONS * stage.product.of('admission').length;
    expect(leaves.size === expected, `${leaves.size} leaves were served, expected ${expected}`);
    return `${created} Pods injected over ${leaves.size} leaves of ${ROTATIONS} new CAs`;
  });
}

/** Ages the CA in a slot; resolves with the new leaves once every replica serves one. */
async function rotate(stage: TrustStage, slot: SlotIndex): Promise<readonly string[]> {
  const before = readBundle(await bundleOf(stage)).map(({ fingerprint256 }) => fingerprint256);
  const aged = await age(stage, slot);
  const keys = SLOT_KEYS[slot];
  // The product has made a new CA, has seen it published, and has set the time to sign from.
  await waitFor('a new CA', { timeoutSeconds: MOST_SECONDS, everyMilliseconds: 100 }, async () => {
    const { metadata, data } = await secretOf(stage);
    if (data[keys.certificate] === aged) return false;
    const activeAt = Date.parse(data[keys.activeAt] ?? '');
    if (Number.isNaN(activeAt)) return false;
    const soon = new Date(Date.now() + PROPAGATION_MILLISECONDS).toISOString();
    await write(stage, metadata.resourceVersion, { [keys.activeAt]: soon });
    return true;
  });
  return waitFor('leaves of it', { timeoutSeconds: MOST_SECONDS }, async () => {
    const bundle = readBundle(await bundleOf(stage));
    expect(bundle.length === 2, `caBundle holds ${bundle.length} CAs`);
    const replicas = stage.product.of('admission');
    const leaves = await Promise.all(replicas.map(({ webhookPort }) => leafOf(webhookPort)));
    const added = bundle.find(({ fingerprint256 }) => !before.includes(fingerprint256));
    if (added === undefined || !leaves.every((leaf) => leaf.verify(added.publicKey))) return false;
    return leaves.map(({ fingerprint256 }) => fingerprint256);
  });
}

/**
 * Replaces the CA that signs nothing by one with 80 days left, as if most of a year had gone by;
 * the other one has been in use for long.
 */
async function age(stage: TrustStage, slot: SlotIndex): Promise<string> {
  const now = Date.now();
  const authority = await issueAuthority(now, 80 * DAY_MILLISECONDS);
  const longAgo = new Date(now - 100 * DAY_MILLISECONDS).toISOString();
  const old = SLOT_KEYS[slot];
  const other = SLOT_KEYS[slot === 0 ? 1 : 0];
  await waitFor('the Secret', { timeoutSeconds: 60, everyMilliseconds: 20 }, async () => {
    const { metadata } = await secretOf(stage);
    await write(stage, metadata.resourceVersion, {
      [old.certificate]: authority.certificatePem,
      [old.privateKey]: authority.privateKeyPem,
      [old.activeAt]: longAgo,
      [other.activeAt]: longAgo,
    });
    return true;
  });
  return authority.certificatePem;
}

interface Secret {
  readonly metadata: { readonly resourceVersion: string };
  readonly data: Readonly<Record<string, string>>;
}

function secretPath({ manifests }: TrustStage): string {
  return `/api/v1/namespaces/${manifests.namespace}/secrets/perihelion-webhook`;
}

/** The Secret with its values as text. */
async function secretOf(stage: TrustStage): Promise<Secret> {
  const { metadata, data } = await stage.controlPlane.api.get<Secret>(secretPath(stage));
  const texts = Object.entries(data).map(([key, value]) => [
    key,
    Buffer.from(value, 'base64').toString('utf8'),
  ]);
  return { metadata, data: Object.fromEntries(texts) as Record<string, string> };
}

/** Fails when the Secret has changed since it was read. */
async function write(
  stage: TrustStage,
  resourceVersion: string,
  texts: Readonly<Record<string, string>>,
): Promise<void> {
  const data = Object.entries(texts).map(([key, text]) => [
    key,
    Buffer.from(text).toString('base64'),
  ]);
  await stage.controlPlane.api.merge(secretPath(stage), {
    metadata: { resourceVersion },
    data: Object.fromEntries(data) as Record<string, string>,
  });
}

async function bundleOf({ controlPlane, manifests }: TrustStage): Promise<string> {
  return publishedBundle(controlPlane.api, manifests.configuration);
}
