// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { BundlePublisher } from '#certs/bundle.ts';
import { readBundle } from '#certs/check.ts';
import { issueAuthority } from '#certs/issue.ts';
import { DECISION_KEY } from '#certs/keyring.ts';
import { ManagedSource } from '#certs/managed-source.ts';
import { alternativeNames } from '#certs/names.ts';
import { runRounds } from '#certs/rounds.ts';
import { SLOT_KEYS } from '#certs/slot.ts';
import type { SelfProbe, ServingCertificate } from '#certs/source.ts';
import { MemoryConfiguration, MemorySecrets } from './stores.ts';
import { until } from '../../support/until.ts';

const NOW = Date.UTC(2026, 0, 2);
const DAY = 86_400_000;
const MINUTE = 60_000;
const NAMES = alternativeNames({ service: 'perihelion', namespace: 'perihelion-system' });

interface Bench {
  readonly secrets: MemorySecrets;
  readonly configuration: MemoryConfiguration;
  readonly source: ManagedSource;
  readonly errors: unknown[];
  readonly seen: ServingCertificate[];
  time: number;
}

interface BenchOptions {
  readonly webhooks?: Record<string, string> | 'not installed';
  readonly secrets?: MemorySecrets;
  readonly configuration?: MemoryConfiguration;
  readonly time?: number;
  readonly probe?: SelfProbe;
}

function bench(options: BenchOptions = {}): Bench {
  const { webhooks = { a: '' }, secrets = new MemorySecrets(), time = NOW, probe } = options;
  const configuration =
    options.configuration ??
    new MemoryConfiguration(webhooks === 'not installed' ? undefined : webhooks);
  const errors: unknown[] = [];
  const seen: ServingCertificate[] = [];
  const clock = { time };
  const source = new ManagedSource({
    secrets,
    publisher: new BundlePublisher(configuration, ['a']),
    names: NAMES,
    now: () => clock.time,
    probe,
    onError: (error) => errors.push(error),
  });
  source.subscribe((certificate) => seen.push(certificate));
  return Object.assign(clock, { secrets, configuration, source, errors, seen });
}

/** The CA of the published bundle that signed a certificate: 0 or 1, -1 = none. */
function signer(state: Bench, certificate = state.source.current()!): number {
  const leaf = new X509Certificate(certificate.certificatePem);
  return readBundle(state.configuration.webhooks!.get('a')!).findIndex((authority) =>
    leaf.verify(authority.publicKey),
  );
}

test('one round makes two CAs, publishes both and serves a leaf of the longer-lived', async () => {
  const state = bench();
  const { source, configuration, secrets, seen, errors } = state;
  assert.equal(source.status.ready, false);
  assert.equal(source.current(), undefined);
  await source.refresh();
  assert.deepEqual(errors, []);
  assert.equal(source.status.ready, true);
  const current = source.current()!;
  assert.deepEqual(seen, [current]);
  assert.equal(configuration.webhooks!.get('a'), current.bundlePem);
  assert.equal(readBundle(current.bundlePem).length, 2);
  assert.equal(signer(state), 0);
  const leaf = new X509Certificate(current.certificatePem);
  assert.notEqual(leaf.checkHost('perihelion.perihelion-system.svc'), undefined);
  assert.equal(current.notAfter, NOW + 30 * DAY);
  assert.deepEqual(source.authoritiesNotAfter, [NOW + 450 * DAY, NOW + 270 * DAY]);
  assert.equal(source.decisionKey?.length, 32);
  assert.equal(
    [...secrets.data!.values()].some((value) => value.toString() === current.privateKeyPem),
    false,
    'the leaf is never written',
  );
});

test('a leaf stays for two thirds of its life and is then renewed under the same CA', async () => {
  const state = bench();
  await state.source.refresh();
  state.time = NOW + 20 * DAY - 1;
  await state.source.refresh();
  assert.equal(state.seen.length, 1);
  state.time = NOW + 20 * DAY;
  await state.source.refresh();
  assert.equal(state.seen.length, 2);
  assert.equal(state.seen[1]!.bundlePem, state.seen[0]!.bundlePem);
  assert.equal(state.seen[1]!.notAfter, NOW + 50 * DAY);
});

test('a new CA is published, waited for, and only then signs; the old one stays published', async () => {
  const state = bench();
  await state.source.refresh();
  state.time = NOW + 180 * DAY + 1;
  await state.source.refresh();
  const bundle = state.configuration.webhooks!.get('a')!;
  assert.notEqual(bundle, state.seen[0]!.bundlePem);
  assert.equal(signer(state), 0, 'the renewed leaf is of the CA that everybody knows');
  const leaves = state.seen.length;
  state.time += MINUTE - 1;
  await state.source.refresh();
  assert.equal(state.seen.length, leaves);
  state.time += 1;
  await state.source.refresh();
  assert.equal(signer(state), 1, 'right away, not with the next leaf');
  assert.equal(state.configuration.webhooks!.get('a'), bundle);
});

test('a new CA that cannot be published signs nothing, however long it takes', async () => {
  const state = bench();
  await state.source.refresh();
  const apply = state.configuration.applyBundle.bind(state.configuration);
  state.configuration.applyBundle = () => Promise.reject(new Error('forbidden'));
  state.time = NOW + 180 * DAY + 1;
  for (let round = 0; round < 5; round += 1) {
    await state.source.refresh();
    state.time += 15 * DAY;
  }
  assert.equal(signer(state), 0);
  assert.match(state.source.status.reason, /forbidden/);
  assert.equal(state.source.status.ready, true, 'what is served is trusted');
  state.configuration.applyBundle = apply;
  await state.source.refresh();
  state.time += MINUTE;
  await state.source.refresh();
  assert.equal(signer(state), 1);
});

test('an activated CA that is no longer in the bundle is not switched to', async () => {
  const state = bench();
  await state.source.refresh();
  state.time = NOW + 180 * DAY + 1;
  await state.source.refresh();
  const former = state.seen[0]!.bundlePem;
  state.configuration.applyBundle = () => Promise.resolve();
  state.configuration.webhooks!.set('a', former);
  state.time += DAY;
  await state.source.refresh();
  assert.equal(signer(state), 0);
});

test('not ready until the configuration exists, holds our CAs and our own client is content', async () => {
  const probes: (string | undefined)[] = [];
  let answer: Error | undefined = new Error('unable to verify');
  const state = bench({
    webhooks: 'not installed',
    probe: (_certificate, bundlePem) => {
      probes.push(bundlePem);
      return answer === undefined ? Promise.resolve() : Promise.reject(answer);
    },
  });
  await state.source.refresh();
  assert.notEqual(state.source.current(), undefined);
  assert.equal(state.source.status.ready, false);
  assert.match(state.source.status.reason, /not configured/);
  assert.deepEqual(probes, []);
  state.configuration.webhooks = new Map([['a', '']]);
  await state.source.refresh();
  assert.deepEqual(state.source.status, { ready: false, reason: 'unable to verify' });
  answer = undefined;
  await state.source.refresh();
  assert.equal(state.source.status.ready, true);
  await state.source.refresh();
  assert.deepEqual(probes, [state.source.current()!.bundlePem, state.source.current()!.bundlePem]);
  state.time += 20 * DAY;
  await state.source.refresh();
  assert.equal(probes.length, 3, 'each new leaf is met');
});

test('a bundle that was blanked is back after one round, and traffic may stay', async () => {
  const state = bench();
  await state.source.refresh();
  const bundle = state.configuration.webhooks!.get('a');
  state.configuration.webhooks!.set('a', '');
  state.configuration.failure = new Error('no API');
  await state.source.refresh();
  assert.equal(state.source.status.ready, true);
  state.configuration.failure = undefined;
  await state.source.refresh();
  assert.equal(state.configuration.webhooks!.get('a'), bundle);
  assert.equal(state.seen.length, 1);
});

test('while the API fails the last good certificate serves on and is even renewed', async () => {
  const state = bench();
  await state.source.refresh();
  state.secrets.failure = new Error('no API');
  state.configuration.failure = new Error('no API either');
  state.time = NOW + 25 * DAY;
  await state.source.refresh();
  assert.equal(state.errors.length, 2);
  assert.equal(state.seen.length, 2);
  assert.equal(state.source.status.ready, true);
  assert.match(state.source.status.reason, /no API/);
});

test('a clock that jumps is believed for leaves at once and for CAs after ten minutes', async () => {
  const secrets = new MemorySecrets();
  const configuration = new MemoryConfiguration({ a: '' });
  let time = NOW;
  let elapsed = 0;
  const source = new ManagedSource({
    secrets,
    publisher: new BundlePublisher(configuration, ['a']),
    names: NAMES,
    now: () => time,
    elapsed: () => elapsed,
    onError: (error) => assert.fail(String(error)),
  });
  await source.refresh();
  const { bundlePem } = source.current()!;
  // The machine slept for 200 days: the leaf has expired, a CA is below its mark.
  time += 200 * DAY;
  assert.match(source.status.reason, /has expired/);
  await source.refresh();
  assert.equal(source.status.ready, true);
  assert.equal(source.current()!.notAfter, time + 30 * DAY);
  assert.equal(configuration.webhooks!.get('a'), bundlePem);
  for (const pass of [9 * MINUTE, 2 * MINUTE]) {
    time += pass;
    elapsed += pass;
    await source.refresh();
  }
  assert.notEqual(configuration.webhooks!.get('a'), bundlePem, 'the CA is renewed now');
  // Backwards, to before everything was made: what is there serves on.
  const before = source.current();
  time = NOW - 1000 * DAY;
  await source.refresh();
  assert.equal(source.current(), before);
});

test('a leaf that was made while the clock was ahead is replaced when it is right again', async () => {
  const state = bench();
  await state.source.refresh();
  state.time += 60 * DAY;
  await state.source.refresh();
  state.time -= 60 * DAY;
  await state.source.refresh();
  assert.equal(state.seen.length, 3);
  const leaf = new X509Certificate(state.source.current()!.certificatePem);
  assert.ok(leaf.validFromDate.getTime() <= state.time, `valid from ${leaf.validFrom}`);
  await state.source.refresh();
  assert.equal(state.seen.length, 3);
});

test('a start with an unusable Secret says why and serves nothing', async () => {
  const state = bench();
  state.secrets.set(new Map([['ca.crt', Buffer.from('half')]]));
  await state.source.refresh();
  assert.equal(state.source.current(), undefined);
  assert.deepEqual(state.source.status, { ready: false, reason: 'Secret: ca.key is missing' });
});

test('the format with one CA goes on with it, the second one is ready for later', async () => {
  const state = bench();
  const { certificatePem, privateKeyPem } = await issueAuthority(NOW, 3650 * DAY);
  state.secrets.set(
    new Map([
      [SLOT_KEYS[0].certificate, Buffer.from(certificatePem)],
      [SLOT_KEYS[0].privateKey, Buffer.from(privateKeyPem)],
      [DECISION_KEY, Buffer.alloc(32, 1)],
    ]),
  );
  state.configuration.webhooks!.set('a', certificatePem);
  for (let round = 0; round < 3; round += 1) {
    await state.source.refresh();
    const leaf = new X509Certificate(state.source.current()!.certificatePem);
    assert.equal(leaf.verify(new X509Certificate(certificatePem).publicKey), true);
    state.time += 10 * MINUTE;
  }
  assert.equal(readBundle(state.configuration.webhooks!.get('a')!).length, 2);
  assert.deepEqual(state.source.decisionKey, Buffer.alloc(32, 1));
  assert.deepEqual(state.errors, []);
});

test('other CAs in the Secret are published before a leaf of them is served', async () => {
  const state = bench();
  await state.source.refresh();
  const stranger = bench();
  await stranger.source.refresh();
  state.secrets.set(stranger.secrets.data!);
  let publishedFirst = false;
  state.source.subscribe((certificate) => {
    publishedFirst = state.configuration.webhooks!.get('a') === certificate.bundlePem;
  });
  await state.source.refresh();
  assert.equal(publishedFirst, true);
  assert.equal(state.seen.length, 2);
  assert.equal(state.configuration.webhooks!.get('a'), stranger.source.current()!.bundlePem);
});

test('three replicas through a renewal never serve what is not published', async () => {
  const first = bench();
  const { secrets, configuration } = first;
  const others = [1, 2].map(() => bench({ secrets, configuration }));
  const all = [first, ...others];
  let renewals = 0;
  let bundle: string | undefined;
  for (let time = NOW; time < NOW + 210 * DAY; time += 19 * DAY) {
    // A day's rounds: all at once, then each alone after the wait.
    for (const offset of [0, 5_000, 2 * MINUTE]) {
      for (const state of all) state.time = time + offset;
      await Promise.all(all.map((state) => state.source.refresh()));
      for (const state of all) assert.notEqual(signer(state), -1);
    }
    const published = configuration.webhooks!.get('a');
    if (published !== bundle) renewals += 1;
    bundle = published;
    for (const state of all) assert.equal(state.source.current()!.notAfter > time, true);
  }
  assert.equal(renewals, 1 + 1);
  for (const state of all) assert.deepEqual(state.errors, []);
});

test('without a configuration to keep, a certificate is enough; a throwing listener is reported', async () => {
  const errors: unknown[] = [];
  const source = new ManagedSource({
    secrets: new MemorySecrets(),
    names: NAMES,
    now: () => NOW,
    onError: (error) => errors.push(error),
  });
  const seen: ServingCertificate[] = [];
  source.subscribe(() => {
    throw new Error('listener');
  });
  const end = source.subscribe((certificate) => seen.push(certificate));
  await source.refresh();
  assert.equal(source.status.ready, true);
  assert.equal(seen.length, 1);
  assert.match(String(errors[0]), /listener/);
  end();
});

test('rounds are made until the signal', async () => {
  const { source } = bench();
  const stop = new AbortController();
  const running = runRounds(source, stop.signal);
  await until(() => source.status.ready);
  stop.abort();
  await running;
});
