// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import forge from 'node-forge';
import { singleQueue } from '#simulator/application/applications.ts';
import { createCluster } from '#simulator/cluster/cluster.ts';
import type { KubeObject } from '#simulator/kube/kube.ts';
import { SEED_MACHINES } from '#simulator/machines/machines.ts';
import { call } from '../http.ts';

interface Review {
  readonly kind: string;
  readonly apiVersion: string;
  readonly request: Record<string, unknown> & {
    readonly uid: string;
    readonly object: KubeObject;
    readonly dryRun: boolean;
  };
}

/** A self-signed certificate for 127.0.0.1, made anew for each run. */
function certificate(): { key: string; cert: string } {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const cert = forge.pki.createCertificate();
  cert.publicKey = forge.pki.publicKeyFromPem(
    keys.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  );
  cert.serialNumber = '01';
  cert.validity.notBefore = new Date(Date.now() - 60_000);
  cert.validity.notAfter = new Date(Date.now() + 3_600_000);
  const name = [{ name: 'commonName', value: 'webhook' }];
  cert.setSubject(name);
  cert.setIssuer(name);
  cert.setExtensions([
    { name: 'basicConstraints', cA: true },
    { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
  ]);
  cert.sign(forge.pki.privateKeyFromPem(key), forge.md.sha256.create());
  return { key, cert: forge.pki.certificateToPem(cert) };
}

const tls = certificate();
const reviews: Review[] = [];
const connections = new Set<string>();
let url = '';
let queries: string[] = [];
let respond: (review: Review) => unknown;
let server: Server;

const patchOf = (operations: unknown): string =>
  Buffer.from(JSON.stringify(operations)).toString('base64');

const answerTo = (review: Review, response: Record<string, unknown>) => ({
  kind: 'AdmissionReview',
  apiVersion: 'admission.k8s.io/v1',
  response: { uid: review.request.uid, allowed: true, ...response },
});

const labelled = [{ op: 'add', path: '/metadata/labels/placed', value: 'yes' }];

before(async () => {
  server = createServer(tls, (request, response) => {
    connections.add(`${request.socket.remotePort ?? 0}`);
    queries.push(request.url ?? '');
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const review = JSON.parse(Buffer.concat(chunks).toString()) as Review;
      reviews.push(review);
      const body = respond(review);
      if (body === 'silence') return;
      if (body === 'broken') response.writeHead(500).end('broken');
      else response.writeHead(200).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/mutate`;
});

after(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const cluster = createCluster({
  application: singleQueue(10),
  machines: SEED_MACHINES,
  seed: 1,
  namespace: 'shop',
  namespaceLabels: { 'perihelion.dev/placement': 'enabled' },
});
before(() => cluster.start());
after(() => cluster.stop());

beforeEach(() => {
  reviews.length = 0;
  queries = [];
  cluster.webhookCalls.length = 0;
  respond = (review) => answerTo(review, { patchType: 'JSONPatch', patch: patchOf(labelled) });
});

async function configure(changes: Record<string, unknown> = {}): Promise<void> {
  await cluster.apply({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'perihelion' },
    webhooks: [
      {
        name: 'pods.perihelion.dev',
        clientConfig: { url, caBundle: Buffer.from(tls.cert).toString('base64') },
        rules: [
          { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] },
        ],
        namespaceSelector: { matchLabels: { 'perihelion.dev/placement': 'enabled' } },
        failurePolicy: 'Ignore',
        timeoutSeconds: 20,
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        ...changes,
      },
    ],
  });
}

/** The Pod that was stored last. */
function podNow(): KubeObject {
  const version = ({ metadata }: KubeObject): number => Number(metadata.resourceVersion);
  return cluster
    .objects('pods')
    .filter(({ metadata }) => metadata.namespace === 'shop')
    .reduce((latest, pod) => (version(pod) > version(latest) ? pod : latest));
}

describe('admission webhooks', () => {
  test('a Pod of a ReplicaSet arrives as the real API server sends it', async () => {
    await configure();
    await cluster.rollout('server');
    assert.equal(reviews.length, 1);
    const { kind, apiVersion, request } = reviews[0]!;
    assert.equal(`${apiVersion} ${kind}`, 'admission.k8s.io/v1 AdmissionReview');
    assert.deepEqual(request['kind'], { group: '', version: 'v1', kind: 'Pod' });
    assert.deepEqual(request['resource'], { group: '', version: 'v1', resource: 'pods' });
    assert.equal(request['operation'], 'CREATE');
    assert.equal(request['namespace'], 'shop');
    assert.equal(request['name'], undefined);
    assert.equal(request['oldObject'], null);
    assert.equal(request.dryRun, false);
    assert.match(JSON.stringify(request['userInfo']), /replicaset-controller/);
    const { metadata, spec, status } = request.object;
    assert.equal(metadata.uid, undefined);
    assert.equal(metadata.name, undefined);
    assert.equal(metadata.creationTimestamp, undefined);
    assert.match(metadata.generateName!, /^server-[a-z0-9]{9}-$/);
    assert.equal(metadata.ownerReferences![0]!.kind, 'ReplicaSet');
    assert.equal(spec!['schedulerName'], 'default-scheduler');
    assert.deepEqual(status, {});
    assert.deepEqual(queries, ['/mutate?timeout=20s']);
    const containers = spec!['containers'] as { name: string }[];
    assert.deepEqual(
      containers.map(({ name }) => name),
      ['server', 'istio-proxy'],
    );
  });

  test('the patch is applied before the Pod is stored and scheduled', async () => {
    const pinned = [
      ...labelled,
      { op: 'add', path: '/spec/nodeSelector', value: { 'kubernetes.io/hostname': 'worker-2' } },
    ];
    respond = (review) =>
      answerTo(review, {
        patchType: 'JSONPatch',
        patch: patchOf(pinned),
        warnings: ['look here'],
        auditAnnotations: { why: 'because' },
      });
    await cluster.rollout('server');
    assert.equal(podNow().metadata.labels!['placed'], 'yes');
    assert.equal(podNow().spec!['nodeName'], 'worker-2');
    const [record] = cluster.webhookCalls;
    assert.equal(record!.outcome, 'patched');
    assert.deepEqual(record!.warnings, ['look here']);
    assert.deepEqual(record!.auditAnnotations, { why: 'because' });
    assert.ok(record!.durationMilliseconds > 0);
  });

  test('connections are kept alive', async () => {
    connections.clear();
    for (let i = 0; i < 5; i++) await cluster.rollout('server');
    assert.equal(connections.size, 1);
  });

  test('other namespaces are left alone; a dry run says so and stores nothing', async () => {
    const pod = {
      metadata: { name: 'dry' },
      spec: { containers: [{ name: 'c', image: 'c' }] },
    };
    await call(cluster.url, 'POST', '/api/v1/namespaces/default/pods', { body: pod });
    assert.equal(reviews.length, 0);
    const path = '/api/v1/namespaces/shop/pods?dryRun=All';
    const { body } = await call(cluster.url, 'POST', path, { body: pod });
    assert.equal(reviews[0]!.request.dryRun, true);
    assert.equal(reviews[0]!.request['name'], 'dry');
    assert.equal(body.metadata.labels, undefined);
    assert.equal(cluster.webhookCalls[0]!.outcome, 'failed');
  });

  const FAILURES: [string, (review: Review) => unknown, RegExp][] = [
    ['a wrong uid', (review) => answerTo(review, { uid: 'other' }), /response\.uid/],
    ['no review', () => ({ hello: 1 }), /Kind=AdmissionReview/],
    ['status 500', () => 'broken', /500/],
    ['no answer in time', () => 'silence', /deadline/],
    [
      'a patch of an unknown type',
      (review) => answerTo(review, { patch: patchOf(labelled), patchType: 'Other' }),
      /patchType/,
    ],
    [
      'a patch that does not apply',
      (review) =>
        answerTo(review, {
          patchType: 'JSONPatch',
          patch: patchOf([{ op: 'remove', path: '/spec/none' }]),
        }),
      /rejected/,
    ],
  ];
  for (const [what, answer, message] of FAILURES) {
    test(`${what} is a failed call: ignored, or 500 with failurePolicy Fail`, async () => {
      respond = answer;
      const limit = what === 'no answer in time' ? { timeoutSeconds: 1 } : {};
      await configure(limit);
      await cluster.rollout('server');
      assert.equal(cluster.webhookCalls[0]!.outcome, 'failed');
      assert.match(cluster.webhookCalls[0]!.message!, message);
      assert.equal(podNow().metadata.labels!['placed'], undefined);
      await configure({ ...limit, failurePolicy: 'Fail' });
      await assert.rejects(() => cluster.rollout('server'), /failed calling webhook/);
      await configure();
    });
  }

  test('a denial reaches the creator', async () => {
    respond = (review) => answerTo(review, { allowed: false, status: { message: 'not today' } });
    await assert.rejects(() => cluster.rollout('server'), /denied the request: not today/);
    assert.equal(cluster.webhookCalls[0]!.outcome, 'denied');
  });

  test('a certificate of another authority is not trusted', async () => {
    const other = Buffer.from(certificate().cert).toString('base64');
    await configure({ clientConfig: { url, caBundle: other } });
    await cluster.rollout('server');
    assert.equal(reviews.length, 0);
    assert.equal(cluster.webhookCalls[0]!.outcome, 'failed');
    assert.match(cluster.webhookCalls[0]!.message!, /certificate|self.signed/i);
  });
});
