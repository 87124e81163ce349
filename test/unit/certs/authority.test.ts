// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Authority } from '#certs/authority.ts';
import { issueAuthority } from '#certs/issue.ts';
import {
  completeKeyring,
  readDecisionKey,
  SECRET_KEYS,
  writeKeyring,
  type SecretData,
} from '#certs/keyring.ts';
import { MemorySecrets } from './stores.ts';

const NOW = Date.UTC(2026, 0, 2);
const now = (): number => NOW;
const keyring = await completeKeyring({}, NOW);
const DATA = writeKeyring(keyring);

function without(data: SecretData, ...keys: string[]): Map<string, Buffer> {
  return new Map([...data].filter(([key]) => !keys.includes(key)));
}

test('the first replica makes the keys, the others take them', async () => {
  const secrets = new MemorySecrets();
  const replicas = [1, 2, 3].map(() => new Authority(secrets, now));
  const rings = await Promise.all(replicas.map((replica) => replica.refresh()));
  assert.deepEqual(rings[0], rings[1]);
  assert.deepEqual(rings[1], rings[2]);
  assert.equal(rings[0]?.decisionKey.length, 32);
  assert.equal(replicas[0]?.bundlePem, rings[0].authority.certificatePem);
});

test('a replica that loses the race at creation takes the winner’s keys', async () => {
  const secrets = new MemorySecrets();
  secrets.interference = () => secrets.set(DATA);
  const ring = await new Authority(secrets, now).refresh();
  assert.deepEqual(ring, keyring);
  assert.deepEqual(secrets.data, DATA);
});

test('an empty Secret and one without a decision key are filled in, other keys stay', async () => {
  const secrets = new MemorySecrets();
  secrets.set(new Map([['note', Buffer.from('mine')]]));
  const first = await new Authority(secrets, now).refresh();
  assert.equal(secrets.data?.get('note')?.toString(), 'mine');
  assert.deepEqual(secrets.data.get(SECRET_KEYS.decision), first.decisionKey);
  secrets.set(without(DATA, SECRET_KEYS.decision));
  secrets.interference = () => secrets.set(without(DATA, SECRET_KEYS.decision));
  const second = await new Authority(secrets, now).refresh();
  assert.deepEqual(second.authority, keyring.authority);
  assert.deepEqual(secrets.data.get(SECRET_KEYS.decision), second.decisionKey);
});

test('a corrupt or half-written Secret keeps the last good keys and is not overwritten', async () => {
  const stranger = writeKeyring({ ...keyring, authority: await issueAuthority(NOW) });
  const key = (name: keyof typeof SECRET_KEYS, value: string): [string, Buffer] => [
    SECRET_KEYS[name],
    Buffer.from(value),
  ];
  const bad: [Map<string, Buffer>, RegExp][] = [
    [without(DATA, SECRET_KEYS.privateKey), /ca\.key is missing/],
    [without(DATA, SECRET_KEYS.certificate), /ca\.crt is missing/],
    [new Map([...DATA, key('certificate', '')]), /unreadable certificate/],
    [new Map([...DATA, key('privateKey', 'half')]), /unreadable private key/],
    [
      new Map([...DATA, [SECRET_KEYS.privateKey, stranger.get(SECRET_KEYS.privateKey)!]]),
      /belongs to another/,
    ],
    [new Map([...DATA, key('decision', 'short')]), /decision-key: found 5 bytes/],
  ];
  for (const [data, message] of bad) {
    const secrets = new MemorySecrets();
    secrets.set(DATA);
    const authority = new Authority(secrets, now);
    await authority.refresh();
    secrets.set(data);
    await assert.rejects(authority.refresh(), { code: 'PERI_CERTIFICATE_INVALID', message });
    assert.deepEqual(authority.keyring, keyring);
    assert.deepEqual(secrets.data, data);
    const fresh = new Authority(secrets, now);
    await assert.rejects(fresh.refresh(), message);
    assert.equal(fresh.keyring, undefined);
  }
});

test('a deleted Secret is made again with the keys in use', async () => {
  const secrets = new MemorySecrets();
  const authority = new Authority(secrets, now);
  const before = await authority.refresh();
  secrets.data = undefined;
  assert.deepEqual(await authority.refresh(), before);
  assert.deepEqual(secrets.data, writeKeyring(before));
});

test('another CA in the Secret is taken over', async () => {
  const secrets = new MemorySecrets();
  const authority = new Authority(secrets, now);
  await authority.refresh();
  secrets.set(DATA);
  assert.deepEqual(await authority.refresh(), keyring);
});

test('a store that fails or is changed without end rejects and keeps the last good keys', async () => {
  const secrets = new MemorySecrets();
  secrets.set(DATA);
  const authority = new Authority(secrets, now);
  await authority.refresh();
  secrets.failure = new Error('no API');
  await assert.rejects(authority.refresh(), /no API/);
  assert.deepEqual(authority.keyring, keyring);
  const busy = new MemorySecrets();
  busy.set(new Map());
  const again = (): void => {
    busy.set(new Map());
    busy.interference = again;
  };
  busy.interference = again;
  await assert.rejects(new Authority(busy, now).refresh(), /5 times in a row/);
});

test('the decision key can be read alone', () => {
  assert.deepEqual(readDecisionKey(DATA), keyring.decisionKey);
  assert.equal(readDecisionKey(new Map()), undefined);
  assert.throws(() => readDecisionKey(new Map([[SECRET_KEYS.decision, Buffer.alloc(31)]])), {
    code: 'PERI_CERTIFICATE_INVALID',
  });
});
