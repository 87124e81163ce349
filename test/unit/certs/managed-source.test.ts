// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { BundlePublisher } from '#certs/bundle.ts';
import { ManagedSource } from '#certs/managed-source.ts';
import { alternativeNames } from '#certs/names.ts';
import type { ServingCertificate } from '#certs/source.ts';
import { MemoryConfiguration, MemorySecrets } from './stores.ts';

const NOW = Date.UTC(2026, 0, 2);
const DAY = 86_400_000;
const NAMES = alternativeNames({ service: 'perihelion', namespace: 'perihelion-system' });

interface Bench {
  readonly secrets: MemorySecrets;
  readonly configuration: MemoryConfiguration;
  readonly source: ManagedSource;
  readonly errors: unknown[];
  readonly seen: ServingCertificate[];
  time: number;
}

function bench(webhooks: Record<string, string> | 'not installed' = { a: '' }): Bench {
  const secrets = new MemorySecrets();
  const configuration = new MemoryConfiguration(
    webhooks === 'not installed' ? undefined : webhooks,
  );
  const errors: unknown[] = [];
  const seen: ServingCertificate[] = [];
  const source = new ManagedSource({
    secrets,
    publisher: new BundlePublisher(configuration, ['a']),
    names: NAMES,
    now: () => result.time,
    onError: (error) => errors.push(error),
  });
  source.subscribe((certificate) => seen.push(certificate));
  const result: Bench = { secrets, configuration, source, errors, seen, time: NOW };
  return result;
}

test('one round makes the CA, publishes it and serves a leaf of it', async () => {
  const { source, configuration, secrets, seen, errors } = bench();
  assert.equal(source.status.ready, false);
  assert.equal(source.current(), undefined);
  await source.refresh();
  assert.deepEqual(errors, []);
  assert.equal(source.status.ready, true);
  const current = source.current()!;
  assert.deepEqual(seen, [current]);
  const ca = new X509Certificate(configuration.webhooks!.get('a')!);
  const leaf = new X509Certificate(current.certificatePem);
  assert.equal(leaf.verify(ca.publicKey), true);
  assert.equal(leaf.checkHost('perihelion.perihelion-system.svc') !== undefined, true);
  assert.equal(current.notAfter, NOW + 30 * DAY);
  assert.equal(current.bundlePem, secrets.data!.get('ca.crt')!.toString());
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
  state.time = NOW + 19 * DAY;
  await state.source.refresh();
  assert.equal(state.seen.length, 1);
  state.time = NOW + 20 * DAY;
  await state.source.refresh();
  assert.equal(state.seen.length, 2);
  assert.equal(state.seen[1]!.bundlePem, state.seen[0]!.bundlePem);
  assert.equal(state.seen[1]!.notAfter, NOW + 50 * DAY);
});

test('not ready until the configuration exists and holds our CA', async () => {
  const state = bench('not installed');
  await state.source.refresh();
  assert.notEqual(state.source.current(), undefined);
  assert.equal(state.source.status.ready, false);
  assert.match(state.source.status.reason, /not configured/);
  state.configuration.webhooks = new Map([['a', '']]);
  await state.source.refresh();
  assert.equal(state.source.status.ready, true);
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

test('a start with an unusable Secret says why and serves nothing', async () => {
  const state = bench();
  state.secrets.set(new Map([['ca.crt', Buffer.from('half')]]));
  await state.source.refresh();
  assert.equal(state.source.current(), undefined);
  assert.deepEqual(state.source.status, { ready: false, reason: 'Secret: ca.key is missing' });
});

test('another CA in the Secret is published before a leaf of it is served', async () => {
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

test('run makes rounds until it is told to stop', async () => {
  const { source } = bench();
  const stop = new AbortController();
  const running = source.run(stop.signal);
  while (!source.status.ready) await new Promise((resolve) => setTimeout(resolve, 2));
  stop.abort();
  await running;
});
