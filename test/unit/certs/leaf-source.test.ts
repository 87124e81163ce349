// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { firstAuthorities, writeKeyring, type SecretData } from '#certs/keyring.ts';
import { LeafSource } from '#certs/leaf-source.ts';
import { LIFETIMES } from '#certs/lifetimes.ts';

const START = Date.UTC(2026, 0, 1);
const NAMES = { dns: ['perihelion-dashboard.perihelion-system.svc'], ip: ['127.0.0.1'] };

async function secret(now = START): Promise<SecretData> {
  const authorities = await firstAuthorities(now, LIFETIMES);
  return writeKeyring({ authorities, decisionKey: Buffer.alloc(32) });
}

function source(stored: { data: SecretData | undefined }, clock: { now: number }) {
  const errors: unknown[] = [];
  const made = new LeafSource({
    secrets: {
      read: () =>
        Promise.resolve(
          stored.data === undefined ? undefined : { data: stored.data, resourceVersion: '1' },
        ),
    },
    names: NAMES,
    now: () => clock.now,
    onError: (error) => errors.push(error),
  });
  return { made, errors };
}

describe('a leaf of the installation', () => {
  it('waits for the CAs, and is signed by one of them for its names', async () => {
    const stored: { data: SecretData | undefined } = { data: undefined };
    const { made, errors } = source(stored, { now: START });
    await made.refresh();
    assert.equal(made.current(), undefined);
    assert.equal(made.status.ready, false);
    assert.equal(errors.length, 1);
    stored.data = await secret();
    await made.refresh();
    const leaf = made.current();
    assert.ok(leaf !== undefined);
    const certificate = new X509Certificate(leaf.certificatePem);
    assert.match(certificate.subjectAltName ?? '', /perihelion-dashboard\.perihelion-system\.svc/);
    const signers = leaf.bundlePem.split(/(?=-----BEGIN)/).map((pem) => new X509Certificate(pem));
    assert.equal(signers.length, 2);
    assert.ok(signers.some(({ publicKey }) => certificate.verify(publicKey)));
    assert.equal(made.status.ready, true);
  });

  it('is renewed in time, and not before', async () => {
    const clock = { now: START };
    const { made } = source({ data: await secret() }, clock);
    const seen: string[] = [];
    made.subscribe(({ certificatePem }) => seen.push(certificatePem));
    await made.refresh();
    await made.refresh();
    assert.equal(seen.length, 1);
    clock.now += LIFETIMES.server * 0.7;
    await made.refresh();
    assert.equal(seen.length, 2);
    assert.notEqual(seen[0], seen[1]);
  });

  it('follows when the CA that signed it is no longer there', async () => {
    const stored = { data: await secret() };
    const { made } = source(stored, { now: START });
    await made.refresh();
    const before = made.current()?.certificatePem;
    stored.data = await secret();
    await made.refresh();
    assert.notEqual(made.current()?.certificatePem, before);
  });

  it('keeps what it has while the Secret is unusable', async () => {
    const stored = { data: await secret() };
    const { made, errors } = source(stored, { now: START });
    await made.refresh();
    const before = made.current();
    stored.data = new Map([['ca.crt', Buffer.from('nonsense')]]);
    await made.refresh();
    assert.equal(made.current(), before);
    assert.equal(errors.length, 1);
  });
});
