// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'node:test';
import { BundlePublisher } from '#certs/bundle.ts';
import { readBundle } from '#certs/check.ts';
import { KubeSecretStore, KubeWebhookConfigurationStore } from '#certs/kube-stores.ts';
import { KubeClient } from '#cluster/api/client.ts';
import { PooledKubeConfig } from '#cluster/api/pooled-kube-config.ts';
import { singleQueue } from '#simulator/application/applications.ts';
import { createCluster } from '#simulator/cluster/cluster.ts';
import { SEED_MACHINES } from '#simulator/machines/machines.ts';
import { call } from '../simulator/http.ts';
import { COMPRESSED, Replica } from './replicas.ts';

const WEBHOOK = 'placement.perihelion.dev';
const CONFIGURATION =
  '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/perihelion';
const PODS = '/api/v1/namespaces/shop/pods';
const PATCH = Buffer.from(
  JSON.stringify([{ op: 'add', path: '/metadata/labels', value: { injected: 'yes' } }]),
).toString('base64');

/** Answers every review with one label. */
async function inject(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const { uid } = (JSON.parse(text) as { request: { uid: string } }).request;
  const answer = { uid, allowed: true, patchType: 'JSONPatch', patch: PATCH };
  const review = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: answer,
  };
  response.end(JSON.stringify(review));
}

test('Pods created through the API server during three rotations are all injected', async (t) => {
  const cluster = createCluster({
    application: singleQueue(10),
    machines: SEED_MACHINES,
    seed: 1,
    namespace: 'shop',
    namespaceLabels: { 'perihelion.dev/placement': 'enabled' },
  });
  await cluster.start();
  t.after(() => cluster.stop());
  const config = new PooledKubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'c', server: cluster.url, skipTLSVerify: true }],
    users: [{ name: 'u' }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  });
  t.after(() => config.close());
  const client = new KubeClient(config, { random: () => 0, sleep: () => Promise.resolve() });
  let now = Date.now();
  const replicas = [1, 2].map(
    () =>
      new Replica({
        secrets: new KubeSecretStore(client, 'perihelion-system', 'perihelion-webhook'),
        publisher: () =>
          new BundlePublisher(new KubeWebhookConfigurationStore(client, 'perihelion'), [WEBHOOK]),
        now: () => now,
        lifetimes: COMPRESSED,
        app: (request, response) => void inject(request, response),
      }),
  );
  await call(cluster.url, 'POST', '/api/v1/namespaces', {
    body: { metadata: { name: 'perihelion-system' } },
  });
  for (const replica of replicas) {
    await replica.start();
    t.after(() => replica.stop());
  }
  await cluster.apply({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'perihelion' },
    webhooks: [
      {
        name: WEBHOOK,
        clientConfig: { url: `https://127.0.0.1:${replicas[0]!.port}/mutate` },
        rules: [
          { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] },
        ],
        namespaceSelector: { matchLabels: { 'perihelion.dev/placement': 'enabled' } },
        failurePolicy: 'Ignore',
        timeoutSeconds: 5,
        sideEffects: 'NoneOnDryRun',
        admissionReviewVersions: ['v1'],
      },
    ],
  });
  for (const replica of replicas) await replica.source.refresh();

  const bundle = async (): Promise<string> => {
    const { body } = await call(cluster.url, 'GET', CONFIGURATION);
    const [webhook] = body['webhooks'] as { clientConfig: { caBundle: string } }[];
    return Buffer.from(webhook!.clientConfig.caBundle, 'base64').toString();
  };
  const seen = new Set(readBundle(await bundle()).map(({ fingerprint256 }) => fingerprint256));
  assert.equal(seen.size, 2);
  let pods = 0;
  for (let round = 0; seen.size < 2 + 3; round += 1) {
    assert.ok(round < 150, 'three rotations take 540 s');
    const creations = [0, 1].map(async (index) => {
      pods += 1;
      const body = {
        metadata: { name: `pod-${round}-${index}`, namespace: 'shop' },
        spec: { containers: [{ name: 'c', image: 'c' }] },
      };
      const created = await call(cluster.url, 'POST', PODS, { body });
      assert.deepEqual(created.body.metadata.labels, { injected: 'yes' }, `round ${round}`);
    });
    await Promise.all([...creations, ...replicas.map(({ source }) => source.refresh())]);
    for (const one of readBundle(await bundle())) seen.add(one.fingerprint256);
    now += 5_000;
  }
  assert.equal(cluster.webhookCalls.length, pods);
  assert.deepEqual(
    cluster.webhookCalls.filter(({ outcome }) => outcome !== 'patched'),
    [],
  );
  for (const { errors, source } of replicas) {
    assert.deepEqual(errors, []);
    assert.equal(source.status.ready, true);
  }
  const { body } = await call(
    cluster.url,
    'GET',
    '/api/v1/namespaces/perihelion-system/secrets/perihelion-webhook',
  );
  assert.equal(Object.keys(body['data'] as object).length, 7);
  t.diagnostic(`${pods} Pods, ${replicas[0]!.leaves} leaves`);
});
