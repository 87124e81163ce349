// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Authority } from '#certs/authority.ts';
import { issueAuthority } from '#certs/issue.ts';
import {
  DECISION_KEY,
  ensureDecisionKey,
  firstAuthorities,
  newDecisionKey,
  readDecisionKey,
  writeKeyring,
  type Keyring,
  type SecretData,
} from '#certs/keyring.ts';
import { LIFETIMES } from '#certs/lifetimes.ts';
import { entryOf, SLOT_KEYS } from '#certs/slot.ts';
import { MemorySecrets } from './stores.ts';

const NOW = Date.UTC(2026, 0, 2);
const DAY = 86_400_000;
const MINUTE = 60_000;
const keyring: Keyring = {
  authorities: await firstAuthorities(NOW, LIFETIMES),
  decisionKey: newDecisionKey(),
};
const DATA = writeKeyring(keyring);
const ALL = (): boolean => true;

interface Replica {
  readonly authority: Authority;
  time: number;
  steady: boolean;
}

function replica(secrets: MemorySecrets, time = NOW): Replica {
  const authority = new Authority({
    store: secrets,
    now: () => result.time,
    lifetimes: LIFETIMES,
    clockIsSteady: () => result.steady,
  });
  const result: Replica = { authority, time, steady: true };
  return result;
}

function holding(data: SecretData): MemorySecrets {
  const secrets = new MemorySecrets();
  secrets.set(data);
  return secrets;
}

function without(data: SecretData, ...keys: string[]): Map<string, Buffer> {
  return new Map([...data].filter(([key]) => !keys.includes(key)));
}

function certificates(secrets: MemorySecrets): string[] {
  return SLOT_KEYS.map(({ certificate }) => secrets.data?.get(certificate)?.toString() ?? '');
}

test('the first replica makes two CAs half a turn apart, the others take them', async () => {
  const secrets = new MemorySecrets();
  const replicas = [1, 2, 3].map(() => replica(secrets).authority);
  const rings = await Promise.all(replicas.map((one) => one.refresh()));
  assert.deepEqual(rings[0], rings[1]);
  assert.deepEqual(rings[1], rings[2]);
  const [first, second] = rings[0]!.authorities;
  assert.equal(first.notAfter, NOW + 450 * DAY);
  assert.equal(second.notAfter, NOW + 270 * DAY);
  assert.deepEqual([first.activeAt, second.activeAt], [NOW, NOW]);
  assert.equal(rings[0]!.decisionKey.length, 32);
  assert.equal(replicas[0]!.bundlePem, first.pair.certificatePem + second.pair.certificatePem);
});

test('a replica that loses the race at creation takes the winner’s keys', async () => {
  const secrets = new MemorySecrets();
  secrets.interference = () => secrets.set(DATA);
  assert.deepEqual(await replica(secrets).authority.refresh(), keyring);
  assert.deepEqual(secrets.data, DATA);
});

test('a Secret of the format with one CA keeps it and gets a second one', async () => {
  const old = entryOf(await issueAuthority(NOW, 3650 * DAY), 0);
  const data = new Map([
    [SLOT_KEYS[0].certificate, Buffer.from(old.pair.certificatePem)],
    [SLOT_KEYS[0].privateKey, Buffer.from(old.pair.privateKeyPem)],
    [DECISION_KEY, keyring.decisionKey],
  ]);
  const secrets = holding(data);
  const { authority } = replica(secrets, NOW + DAY);
  const ring = await authority.refresh();
  assert.deepEqual(ring.authorities[0], old);
  assert.deepEqual(ring.decisionKey, keyring.decisionKey);
  const second = ring.authorities[1];
  assert.equal(second.activeAt, undefined, 'signs nothing before it was seen published');
  assert.equal(second.notAfter, NOW + 451 * DAY);
  for (const [key, value] of data) assert.deepEqual(secrets.data?.get(key), value, key);
});

test('an empty Secret and one without a decision key are filled in, other keys stay', async () => {
  const secrets = holding(new Map([['note', Buffer.from('mine')]]));
  const first = await replica(secrets).authority.refresh();
  assert.equal(secrets.data?.get('note')?.toString(), 'mine');
  assert.deepEqual(secrets.data.get(DECISION_KEY), first.decisionKey);
  secrets.set(without(DATA, DECISION_KEY));
  secrets.interference = () => secrets.set(without(DATA, DECISION_KEY));
  const second = await replica(secrets).authority.refresh();
  assert.deepEqual(second.authorities, keyring.authorities);
  assert.deepEqual(secrets.data.get(DECISION_KEY), second.decisionKey);
});

test('a CA below its mark is renewed into its own slot and waits until it was published', async () => {
  const secrets = holding(DATA);
  const one = replica(secrets, NOW + 180 * DAY - 1);
  assert.deepEqual(await one.authority.refresh(), keyring);
  one.time += 2;
  const renewed = await one.authority.refresh();
  assert.deepEqual(renewed.authorities[0], keyring.authorities[0]);
  const fresh = renewed.authorities[1];
  assert.equal(fresh.notAfter, NOW + 630 * DAY, 'half a turn after the other');
  assert.equal(fresh.activeAt, undefined);
  await one.authority.activate(() => false);
  assert.equal(one.authority.keyring?.authorities[1].activeAt, undefined);
  await one.authority.activate(ALL);
  const active = one.authority.keyring?.authorities[1];
  assert.equal(active?.activeAt, one.time + MINUTE);
  const other = await replica(secrets, one.time).authority.refresh();
  assert.deepEqual(other.authorities[1], active, 'all replicas wait for the same moment');
  const { version } = secrets;
  await one.authority.activate(ALL);
  assert.equal(secrets.version, version, 'the moment is not moved');
});

test('three replicas that renew at once agree on one new CA', async () => {
  const secrets = holding(DATA);
  const replicas = [1, 2, 3].map(() => replica(secrets, NOW + 200 * DAY).authority);
  const rings = await Promise.all(replicas.map((one) => one.refresh()));
  await Promise.all(replicas.map((one) => one.activate(ALL)));
  const last = await Promise.all(replicas.map((one) => one.refresh()));
  for (const ring of rings)
    assert.equal(ring.authorities[1].fingerprint, last[0]!.authorities[1].fingerprint);
  assert.deepEqual(last[1], last[0]);
  assert.deepEqual(last[2], last[0]);
  assert.equal(last[0]!.authorities[0].fingerprint, keyring.authorities[0].fingerprint);
});

test('a change between reading and writing is never overwritten', async () => {
  const theirs = await firstAuthorities(NOW + 200 * DAY, LIFETIMES);
  const data = writeKeyring({ ...keyring, authorities: theirs });
  const secrets = holding(DATA);
  secrets.interference = () => secrets.set(data);
  const ring = await replica(secrets, NOW + 200 * DAY).authority.refresh();
  assert.deepEqual(ring.authorities, theirs);
  assert.deepEqual(secrets.data, data);
});

test('after a year of silence both CAs are made anew, at once', async () => {
  const secrets = holding(DATA);
  const { authority } = replica(secrets, NOW + 500 * DAY);
  const { authorities, decisionKey } = await authority.refresh();
  assert.deepEqual(decisionKey, keyring.decisionKey);
  for (const entry of authorities) {
    assert.equal(entry.activeAt, NOW + 500 * DAY);
    assert.ok(entry.notAfter > NOW + 700 * DAY);
  }
});

test('a replica whose clock has just jumped renews nothing', async () => {
  const secrets = holding(DATA);
  const one = replica(secrets, NOW + 4000 * DAY);
  one.steady = false;
  assert.deepEqual(await one.authority.refresh(), keyring);
  assert.deepEqual(secrets.data, DATA);
  one.time = NOW - 4000 * DAY;
  one.steady = true;
  assert.deepEqual(await one.authority.refresh(), keyring, 'not valid yet is not broken');
  assert.deepEqual(secrets.data, DATA);
});

test('an activation written by a clock far ahead is written again', async () => {
  const [first, second] = keyring.authorities;
  const secrets = holding(
    writeKeyring({ ...keyring, authorities: [first, { ...second, activeAt: NOW + 900 * DAY }] }),
  );
  const { authority } = replica(secrets);
  await authority.refresh();
  await authority.activate(ALL);
  assert.equal(authority.keyring?.authorities[1].activeAt, NOW + MINUTE);
});

const stranger = writeKeyring({
  ...keyring,
  authorities: await firstAuthorities(NOW, LIFETIMES),
});
const [FIRST, SECOND] = SLOT_KEYS;
const BAD: [string, Map<string, Buffer>, RegExp][] = [
  ['no key', without(DATA, FIRST.privateKey), /ca\.key is missing/],
  ['no certificate', without(DATA, SECOND.certificate), /ca-2\.crt is missing/],
  [
    'an empty certificate',
    new Map([...DATA, [FIRST.certificate, Buffer.alloc(0)]]),
    /unreadable certificate/,
  ],
  [
    'half a key',
    new Map([...DATA, [SECOND.privateKey, DATA.get(SECOND.privateKey)!.subarray(0, 900)]]),
    /unreadable private key/,
  ],
  [
    'the key of another CA',
    new Map([...DATA, [FIRST.privateKey, stranger.get(FIRST.privateKey)!]]),
    /belongs to another/,
  ],
];
for (const [what, data, message] of BAD) {
  test(`a Secret with ${what} keeps the last good keys, and gets them back once it is sure`, async () => {
    const secrets = holding(DATA);
    const one = replica(secrets);
    await one.authority.refresh();
    secrets.set(data);
    await assert.rejects(one.authority.refresh(), { code: 'PERI_CERTIFICATE_INVALID', message });
    one.time += MINUTE / 2 - 1;
    await assert.rejects(one.authority.refresh(), message);
    assert.deepEqual(one.authority.keyring, keyring);
    assert.deepEqual(secrets.data, data, 'not touched yet');
    one.time += 1;
    assert.deepEqual(await one.authority.refresh(), keyring);
    assert.deepEqual(secrets.data, DATA);
  });

  test(`a start with ${what} waits longer, then makes that CA anew and keeps the other`, async () => {
    const secrets = holding(data);
    const one = replica(secrets);
    await assert.rejects(one.authority.refresh(), message);
    one.time += MINUTE - 1;
    await assert.rejects(one.authority.refresh(), message);
    assert.equal(one.authority.keyring, undefined);
    one.time += 1;
    const { authorities } = await one.authority.refresh();
    const made = authorities.findIndex(({ activeAt }) => activeAt === undefined);
    assert.equal(authorities[1 - made]?.fingerprint, keyring.authorities[1 - made]?.fingerprint);
    assert.notEqual(authorities[made]?.fingerprint, keyring.authorities[made]?.fingerprint);
  });
}

test('somebody who changes the Secret in steps is not disturbed', async () => {
  const secrets = holding(DATA);
  const one = replica(secrets);
  await one.authority.refresh();
  secrets.set(new Map([...DATA, [FIRST.certificate, stranger.get(FIRST.certificate)!]]));
  await assert.rejects(one.authority.refresh());
  one.time += 20_000;
  secrets.set(new Map([...DATA, ['note', Buffer.from('x')], [FIRST.certificate, Buffer.alloc(1)]]));
  await assert.rejects(one.authority.refresh());
  one.time += 20_000;
  await assert.rejects(one.authority.refresh(), /unreadable/, 'each step starts anew');
  secrets.set(stranger);
  const { authorities } = await one.authority.refresh();
  assert.deepEqual(certificates(secrets), [...authorities.map(({ pair }) => pair.certificatePem)]);
});

test('an unusable decision key is never replaced', async () => {
  const secrets = holding(new Map([...DATA, [DECISION_KEY, Buffer.from('short')]]));
  const one = replica(secrets);
  for (let round = 0; round < 3; round += 1) {
    await assert.rejects(one.authority.refresh(), { message: /decision-key: found 5 bytes/ });
    one.time += DAY;
  }
  assert.equal(secrets.data?.get(DECISION_KEY)?.toString(), 'short');
});

test('a deleted Secret is made again with the keys in use', async () => {
  const secrets = new MemorySecrets();
  const { authority } = replica(secrets);
  const before = await authority.refresh();
  secrets.data = undefined;
  assert.deepEqual(await authority.refresh(), before);
  assert.deepEqual(secrets.data, writeKeyring(before));
});

test('a store that fails or is changed without end rejects and keeps the last good keys', async () => {
  const secrets = holding(DATA);
  const { authority } = replica(secrets);
  await authority.refresh();
  secrets.failure = new Error('no API');
  await assert.rejects(authority.refresh(), /no API/);
  assert.deepEqual(authority.keyring, keyring);
  const busy = holding(new Map());
  const again = (): void => {
    busy.set(new Map());
    busy.interference = again;
  };
  busy.interference = again;
  await assert.rejects(replica(busy).authority.refresh(), /5 times in a row/);
});

test('the decision key can be read and made alone', async () => {
  assert.deepEqual(readDecisionKey(DATA), keyring.decisionKey);
  assert.equal(readDecisionKey(new Map()), undefined);
  assert.throws(() => readDecisionKey(new Map([[DECISION_KEY, Buffer.alloc(31)]])), {
    code: 'PERI_CERTIFICATE_INVALID',
  });
  const secrets = new MemorySecrets();
  const keys = await Promise.all([1, 2, 3].map(() => ensureDecisionKey(secrets)));
  assert.deepEqual([...secrets.data!.keys()], [DECISION_KEY]);
  for (const key of keys) assert.deepEqual(key, secrets.data?.get(DECISION_KEY));
  const old = holding(without(DATA, DECISION_KEY));
  const key = await ensureDecisionKey(old);
  assert.deepEqual(old.data, new Map([...without(DATA, DECISION_KEY), [DECISION_KEY, key]]));
});
