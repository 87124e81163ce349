// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BundlePublisher } from '#certs/bundle.ts';
import { KubeSecretStore, KubeWebhookConfigurationStore } from '#certs/kube-stores.ts';
import { ManagedSource } from '#certs/managed-source.ts';
import { alternativeNames } from '#certs/names.ts';
import { startFakeApi } from './fake-api.ts';

const SECRETS = '/api/v1/namespaces/perihelion-system/secrets';
const SECRET = `${SECRETS}/perihelion-keys`;
const CONFIGURATION =
  '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/perihelion';

function data(entries: Record<string, string>): Map<string, Buffer> {
  return new Map(Object.entries(entries).map(([key, value]) => [key, Buffer.from(value)]));
}

test('a Secret is created once and updated only from its last version', async (t) => {
  const api = await startFakeApi();
  t.after(api.close);
  const store = new KubeSecretStore(api.client, 'perihelion-system', 'perihelion-keys');
  assert.equal(await store.read(), undefined);
  assert.equal(await store.update(data({ a: '1' }), '1'), false);
  assert.equal(await store.create(data({ a: '1', b: '2' })), true);
  assert.equal(await store.create(data({ a: '9' })), false);
  const first = await store.read();
  assert.deepEqual(first?.data, data({ a: '1', b: '2' }));
  assert.equal(await store.update(data({ a: '3' }), first.resourceVersion), true);
  assert.equal(await store.update(data({ a: '4' }), first.resourceVersion), false);
  assert.deepEqual((await store.read())?.data, data({ a: '3', b: '2' }));
  const object = api.objects.get(SECRET);
  assert.deepEqual(object?.['data'], { a: 'Mw==', b: 'Mg==' });
  assert.equal(object['type'], 'Opaque');
});

test('a bundle is applied on the server, that field only, by a manager of its own', async (t) => {
  const api = await startFakeApi();
  t.after(api.close);
  const store = new KubeWebhookConfigurationStore(api.client, 'perihelion');
  assert.equal(await store.bundles(), undefined);
  api.objects.set(CONFIGURATION, {
    metadata: { name: 'perihelion' },
    webhooks: [
      { name: 'a.perihelion.dev', clientConfig: { service: { name: 's' } }, timeoutSeconds: 2 },
      { name: 'foreign', clientConfig: { caBundle: 'Zm9yZWlnbg==' } },
    ],
  });
  assert.deepEqual(
    await store.bundles(),
    new Map([
      ['a.perihelion.dev', ''],
      ['foreign', 'foreign'],
    ]),
  );
  await store.applyBundle(['a.perihelion.dev'], 'ours');
  const call = api.calls.find(({ method }) => method === 'PATCH');
  assert.equal(call?.contentType, 'application/apply-patch+yaml');
  assert.equal(call.query.get('fieldManager'), 'perihelion-certificates');
  assert.equal(call.query.get('force'), 'true');
  assert.deepEqual(call.body['webhooks'], [
    { name: 'a.perihelion.dev', clientConfig: { caBundle: 'b3Vycw==' } },
  ]);
  assert.equal((await store.bundles())?.get('a.perihelion.dev'), 'ours');
});

test('any other refusal of the API server is an error, not an answer', async () => {
  const api = await startFakeApi();
  await api.close();
  const secrets = new KubeSecretStore(api.client, 'n', 's');
  const configurations = new KubeWebhookConfigurationStore(api.client, 'c');
  const calls: (() => Promise<unknown>)[] = [
    () => secrets.read(),
    () => secrets.create(new Map()),
    () => secrets.update(new Map(), '1'),
    () => configurations.bundles(),
    () => configurations.applyBundle(['a'], ''),
  ];
  for (const call of calls) await assert.rejects(call, { code: 'PERI_KUBERNETES_REQUEST' });
});

test('two replicas that start at once share one CA', async (t) => {
  const api = await startFakeApi();
  t.after(api.close);
  api.objects.set(CONFIGURATION, {
    metadata: { name: 'perihelion' },
    webhooks: [{ name: 'a.perihelion.dev', clientConfig: {} }],
  });
  const replicas = [1, 2].map(() => {
    const configuration = new KubeWebhookConfigurationStore(api.client, 'perihelion');
    return new ManagedSource({
      secrets: new KubeSecretStore(api.client, 'perihelion-system', 'perihelion-keys'),
      publisher: new BundlePublisher(configuration, ['a.perihelion.dev']),
      names: alternativeNames({ service: 'perihelion', namespace: 'perihelion-system' }),
      now: () => Date.UTC(2026, 0, 2),
      onError: (error) => assert.fail(String(error)),
    });
  });
  await Promise.all(replicas.map((replica) => replica.refresh()));
  for (const replica of replicas) assert.equal(replica.status.ready, true);
  const [first, second] = replicas.map((replica) => replica.current());
  assert.equal(first?.bundlePem, second?.bundlePem);
  assert.notEqual(first?.certificatePem, second?.certificatePem);
  assert.deepEqual(replicas[0]?.decisionKey, replicas[1]?.decisionKey);
});
