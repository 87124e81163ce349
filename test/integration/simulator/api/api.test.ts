// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { singleQueue } from '#simulator/application/applications.ts';
import { createCluster } from '#simulator/cluster/cluster.ts';
import { SEED_MACHINES } from '#simulator/machines/machines.ts';
import { call, watch } from '../http.ts';

const cluster = createCluster({
  application: singleQueue(10),
  machines: SEED_MACHINES,
  seed: 1,
  namespace: 'shop',
});
const MAPS = '/api/v1/namespaces/shop/configmaps';
const POLICIES = '/apis/perihelion.dev/v1alpha1/namespaces/shop/placementpolicies';

const api = (method: string, path: string, body?: unknown, type?: string) =>
  call(cluster.url, method, path, { body, ...(type === undefined ? {} : { type }) });

const map = (name: string, labels: Record<string, string> = {}) => ({
  metadata: { name, labels },
  data: { key: 'value' },
});

before(() => cluster.start());
after(() => cluster.stop());

describe('objects', () => {
  test('version and health', async () => {
    const version = await api('GET', '/version');
    assert.equal(version.body['major'], '1');
    assert.equal(await (await fetch(`${cluster.url}/readyz`)).text(), 'ok');
  });

  test('the kubeconfig is one that the usual client takes', async () => {
    const config = new KubeConfig();
    config.loadFromString(cluster.kubeconfig);
    const { items } = await config.makeApiClient(CoreV1Api).listNode();
    assert.deepEqual(
      items.map(({ metadata }) => metadata!.name),
      ['master', 'worker-1', 'worker-2'],
    );
  });

  test('create gives name, UID, time and version; twice is 409', async () => {
    const created = await api('POST', MAPS, map('one'));
    assert.equal(created.status, 201);
    const { metadata, kind, apiVersion } = created.body;
    assert.equal(`${apiVersion!} ${kind!}`, 'v1 ConfigMap');
    assert.match(metadata.uid!, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(metadata.creationTimestamp, '2026-01-01T00:00:00Z');
    assert.equal(metadata.resourceVersion, cluster.resourceVersionOf('configmaps'));
    const again = await api('POST', MAPS, map('one'));
    assert.equal(again.status, 409);
    assert.equal(again.body.reason, 'AlreadyExists');
    const generated = await api('POST', MAPS, { metadata: { generateName: 'gen-' } });
    assert.match(generated.body.metadata.name!, /^gen-[a-z0-9]{5}$/);
  });

  test('what is missing is 404, what has no name is 422, garbage is 400', async () => {
    assert.equal((await api('GET', `${MAPS}/none`)).status, 404);
    assert.equal((await api('GET', '/apis/nothing.dev/v1/things')).status, 404);
    assert.equal((await api('GET', '/api/v2/pods')).status, 404);
    assert.equal((await api('POST', '/api/v1/namespaces/no/configmaps', map('x'))).status, 404);
    assert.equal((await api('POST', MAPS, { metadata: {} })).status, 422);
    assert.equal((await api('POST', MAPS, '{"metadata":')).status, 400);
    assert.equal((await api('GET', `${MAPS}?labelSelector=a%3Db%3Dc`)).status, 400);
    assert.equal((await api('PUT', MAPS, map('x'))).status, 405);
  });

  test('update with a stale resourceVersion is 409, without one it overwrites', async () => {
    const { body: first } = await api('POST', MAPS, map('locked'));
    const changed = { ...first, data: { key: 'two' } };
    const second = await api('PUT', `${MAPS}/locked`, changed);
    assert.equal(second.status, 200);
    assert.notEqual(second.body.metadata.resourceVersion, first.metadata.resourceVersion);
    const stale = await api('PUT', `${MAPS}/locked`, { ...first, data: { key: 'three' } });
    assert.equal(stale.status, 409);
    assert.equal(stale.body.reason, 'Conflict');
    const forced = await api('PUT', `${MAPS}/locked`, { ...map('locked'), data: { key: 'four' } });
    assert.equal(forced.status, 200);
    assert.equal(forced.body.metadata.uid, first.metadata.uid);
  });

  test('a write that changes nothing keeps the version', async () => {
    const { body: first } = await api('POST', MAPS, map('same'));
    const again = await api('PUT', `${MAPS}/same`, first);
    assert.equal(again.body.metadata.resourceVersion, first.metadata.resourceVersion);
  });

  test('patches: json, merge, and apply that creates and merges', async () => {
    await api('POST', MAPS, map('patched'));
    const path = `${MAPS}/patched`;
    const operations = [{ op: 'add', path: '/data/more', value: 'x' }];
    const json = await api('PATCH', path, operations, 'application/json-patch+json');
    assert.deepEqual(json.body['data'], { key: 'value', more: 'x' });
    const merge = { data: { key: null, other: 'y' } };
    const merged = await api('PATCH', path, merge, 'application/merge-patch+json');
    assert.deepEqual(merged.body['data'], { more: 'x', other: 'y' });
    const bad = [{ op: 'remove', path: '/data/none' }];
    assert.equal((await api('PATCH', path, bad, 'application/json-patch+json')).status, 422);
    assert.equal((await api('PATCH', path, merge, 'text/plain')).status, 415);

    const apply = 'application/apply-patch+yaml';
    const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: applied}\ndata: {a: "1"}\n';
    const created = await api('PATCH', `${MAPS}/applied?fieldManager=t&force=true`, yaml, apply);
    assert.equal(created.status, 201);
    const second = { metadata: { name: 'applied' }, data: { b: '2' } };
    const applied = await api('PATCH', `${MAPS}/applied?fieldManager=t`, second, apply);
    assert.equal(applied.status, 200);
    assert.deepEqual(applied.body['data'], { a: '1', b: '2' });
  });

  test('apply and strategic merge keep the other entries of a list of named objects', async () => {
    const path = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
    const webhooks = [
      { name: 'a.x.dev', timeoutSeconds: 2, rules: [] },
      { name: 'b.x.dev', rules: [] },
    ];
    await api('POST', path, { metadata: { name: 'two' }, webhooks });
    const patch = { webhooks: [{ name: 'a.x.dev', clientConfig: { caBundle: 'Zm9v' } }] };
    const strategic = 'application/strategic-merge-patch+json';
    const { body } = await api('PATCH', `${path}/two`, patch, strategic);
    assert.deepEqual(body['webhooks'], [
      { name: 'a.x.dev', timeoutSeconds: 2, rules: [], clientConfig: { caBundle: 'Zm9v' } },
      { name: 'b.x.dev', rules: [] },
    ]);
    assert.equal(body.metadata.generation, 2);
    const merge = await api('PATCH', `${path}/two`, patch, 'application/merge-patch+json');
    assert.deepEqual(merge.body['webhooks'], patch.webhooks);
    await api('DELETE', `${path}/two`);
  });

  test('a merge patch can carry the lock', async () => {
    const { body } = await api('POST', MAPS, map('lock-patch'));
    const type = 'application/merge-patch+json';
    const patch = (resourceVersion: string) =>
      api('PATCH', `${MAPS}/lock-patch`, { metadata: { resourceVersion }, data: { k: 'v' } }, type);
    assert.equal((await patch('1')).status, 409);
    assert.equal((await patch(body.metadata.resourceVersion!)).status, 200);
  });

  test('generation counts changes of the spec; the status is a resource of its own', async () => {
    const policy = { metadata: { name: 'p' }, spec: { mode: 'Off' }, status: { forged: true } };
    const created = await api('POST', POLICIES, policy);
    assert.equal(created.body.metadata.generation, 1);
    assert.equal(created.body.status, undefined);
    const status = { ...created.body, spec: { mode: 'X' }, status: { ready: true } };
    const reported = await api('PUT', `${POLICIES}/p/status`, status);
    assert.deepEqual(reported.body.status, { ready: true });
    assert.deepEqual(reported.body.spec, { mode: 'Off' });
    assert.equal(reported.body.metadata.generation, 1);
    const wanted = { ...reported.body, spec: { mode: 'Shadow' }, status: { ready: false } };
    const changed = await api('PUT', `${POLICIES}/p`, wanted);
    assert.equal(changed.body.metadata.generation, 2);
    assert.deepEqual(changed.body.status, { ready: true });
  });

  test('delete honours preconditions', async () => {
    const { body } = await api('POST', MAPS, map('gone'));
    const other = await api('DELETE', `${MAPS}/gone`, { preconditions: { uid: 'other' } });
    assert.equal(other.status, 409);
    const stale = { preconditions: { resourceVersion: '1' } };
    assert.equal((await api('DELETE', `${MAPS}/gone`, stale)).status, 409);
    assert.equal((await api('DELETE', `${MAPS}/never`, stale)).status, 404);
    const { uid, resourceVersion } = body.metadata;
    const ours = { preconditions: { uid, resourceVersion } };
    assert.equal((await api('DELETE', `${MAPS}/gone`, ours)).status, 200);
    assert.equal((await api('GET', `${MAPS}/gone`)).status, 404);
  });

  test('dry runs change nothing', async () => {
    assert.equal((await api('POST', `${MAPS}?dryRun=All`, map('dry'))).status, 201);
    assert.equal((await api('GET', `${MAPS}/dry`)).status, 404);
  });
});

describe('lists', () => {
  before(async () => {
    for (let i = 0; i < 7; i++) {
      await api('POST', MAPS, map(`page-${i}`, { list: 'paged', even: String(i % 2 === 0) }));
    }
  });
  const selected = `${MAPS}?labelSelector=list%3Dpaged`;

  test('pages show the state of the first page', async () => {
    const first = await api('GET', `${selected}&limit=3`);
    assert.deepEqual(
      first.body.items!.map(({ metadata }) => metadata.name),
      ['page-0', 'page-1', 'page-2'],
    );
    assert.equal(first.body.metadata['remainingItemCount'], 4);
    await api('POST', MAPS, map('page-9', { list: 'paged' }));
    const token = encodeURIComponent(String(first.body.metadata['continue']));
    const rest = await api('GET', `${selected}&limit=10&continue=${token}`);
    assert.deepEqual(
      rest.body.items!.map(({ metadata }) => metadata.name),
      ['page-3', 'page-4', 'page-5', 'page-6'],
    );
    assert.equal(rest.body.metadata['continue'], undefined);
    assert.equal(rest.body.metadata.resourceVersion, first.body.metadata.resourceVersion);
  });

  test('selectors by label and field', async () => {
    const even = await api('GET', `${MAPS}?labelSelector=list%3Dpaged,even+in+(true)`);
    assert.equal(even.body.items!.length, 4);
    const one = await api('GET', `${MAPS}?fieldSelector=metadata.name%3Dpage-3`);
    assert.equal(one.body.items!.length, 1);
    const not = await api('GET', `${selected}&fieldSelector=metadata.name!%3Dpage-3`);
    assert.ok(not.body.items!.every(({ metadata }) => metadata.name !== 'page-3'));
  });

  test('metadata only', async () => {
    const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
    const { body } = await call(cluster.url, 'GET', selected, { accept });
    assert.equal(body.kind, 'PartialObjectMetadataList');
    assert.equal(body.items![0]!.kind, 'PartialObjectMetadata');
    assert.equal(body.items![0]!['data'], undefined);
  });
});

describe('watches', () => {
  test('a watch from a list sees every later change, in order', async () => {
    const list = await api('GET', MAPS);
    const from = list.body.metadata.resourceVersion!;
    await api('POST', MAPS, map('w1'));
    const seen = watch(cluster.url, `${MAPS}?watch=true&resourceVersion=${from}`, 4);
    await api('PUT', `${MAPS}/w1`, { ...map('w1'), data: { key: 'new' } });
    await api('POST', MAPS, map('w2'));
    await api('DELETE', `${MAPS}/w1`);
    const events = await seen;
    assert.deepEqual(
      events.map(({ type, object }) => `${type} ${object.metadata.name!}`),
      ['ADDED w1', 'MODIFIED w1', 'ADDED w2', 'DELETED w1'],
    );
    const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
    assert.deepEqual(
      versions,
      [...versions].sort((a, b) => a - b),
    );
  });

  test('a watch without a version starts with what is there', async () => {
    const path = '/api/v1/namespaces?watch=true&fieldSelector=metadata.name%3Dshop';
    const [event] = await watch(cluster.url, path, 1);
    assert.equal(`${event!.type} ${event!.object.metadata.name!}`, 'ADDED shop');
  });

  test('an object that leaves the selection is DELETED for this watch', async () => {
    await api('POST', MAPS, map('moving', { on: 'yes' }));
    const from = cluster.resourceVersion;
    const path = `${MAPS}?watch=true&resourceVersion=${from}&labelSelector=on%3Dyes`;
    const seen = watch(cluster.url, path, 2);
    await api('PUT', `${MAPS}/moving`, map('moving', { on: 'no' }));
    await api('PUT', `${MAPS}/moving`, map('moving', { on: 'yes' }));
    assert.deepEqual(
      (await seen).map(({ type }) => type),
      ['DELETED', 'ADDED'],
    );
  });

  test('bookmarks bring a quiet watch up to date', async () => {
    const path = `${MAPS}?watch=true&resourceVersion=${cluster.resourceVersion}&allowWatchBookmarks=true`;
    const seen = watch(cluster.url, path, 1);
    await api('POST', '/api/v1/namespaces/shop/secrets', { metadata: { name: 'elsewhere' } });
    const [bookmark] = await seen;
    assert.equal(bookmark!.type, 'BOOKMARK');
    assert.equal(bookmark!.object.metadata.resourceVersion, cluster.resourceVersion);
  });

  test('after a compaction an old version is 410, an old page too', async () => {
    const page = await api('GET', `${MAPS}?limit=1`);
    await api('POST', MAPS, map('later'));
    cluster.compact();
    const [event] = await watch(cluster.url, `${MAPS}?watch=true&resourceVersion=1`, 1);
    assert.equal(event!.type, 'ERROR');
    assert.equal(event!.object.code, 410);
    const token = encodeURIComponent(String(page.body.metadata['continue']));
    const expired = await api('GET', `${MAPS}?limit=1&continue=${token}`);
    assert.equal(expired.status, 410);
  });

  test('a watch ends at its timeout and when the server cuts it', async () => {
    const path = `${MAPS}?watch=true&resourceVersion=${cluster.resourceVersion}`;
    assert.deepEqual(await watch(cluster.url, `${path}&timeoutSeconds=1`, 99), []);
    const cut = watch(cluster.url, path, 99);
    await api('GET', MAPS);
    cluster.endWatches();
    assert.deepEqual(await cut, []);
  });
});

describe('Pods', () => {
  const PODS = '/api/v1/namespaces/shop/pods';
  const pod = (name: string, spec = {}) => ({
    metadata: { name },
    spec: { containers: [{ name: 'c', image: 'c' }], ...spec },
  });

  test('a Pod is defaulted, bound at once and Ready as virtual time goes on', async () => {
    await api('POST', PODS, pod('bare'));
    const bound = (await api('GET', `${PODS}/bare`)).body;
    assert.equal(bound.spec!['schedulerName'], 'default-scheduler');
    assert.match(String(bound.spec!['nodeName']), /^worker-[12]$/);
    assert.equal(bound.status!['phase'], 'Pending');
    cluster.advance(0.1);
    const ready = (await api('GET', `${PODS}/bare`)).body;
    assert.equal(ready.status!['phase'], 'Running');
    assert.equal(ready.status!['podIP'], '127.0.0.1');
  });

  test('an unschedulable Pod waits and says why; it is bound when a node fits', async () => {
    await api('POST', PODS, pod('picky', { nodeSelector: { disk: 'ssd' } }));
    const waiting = (await api('GET', `${PODS}/picky`)).body;
    assert.equal(waiting.spec!['nodeName'], undefined);
    const [condition] = waiting.status!['conditions'] as { reason: string; message: string }[];
    assert.equal(condition!.reason, 'Unschedulable');
    assert.match(condition!.message, /0\/3 nodes are available/);
    const type = 'application/merge-patch+json';
    await api('PATCH', '/api/v1/nodes/worker-2', { metadata: { labels: { disk: 'ssd' } } }, type);
    assert.equal((await api('GET', `${PODS}/picky`)).body.spec!['nodeName'], 'worker-2');
  });

  test('a bound Pod is deleted in two steps, at once with grace period 0', async () => {
    await api('POST', PODS, pod('leaving'));
    const marked = await api('DELETE', `${PODS}/leaving`);
    assert.ok(marked.body.metadata.deletionTimestamp);
    assert.equal((await api('GET', `${PODS}/leaving`)).status, 200);
    cluster.advance(1);
    assert.equal((await api('GET', `${PODS}/leaving`)).status, 404);
    await api('POST', PODS, pod('killed'));
    await api('DELETE', `${PODS}/killed`, { gracePeriodSeconds: 0 });
    assert.equal((await api('GET', `${PODS}/killed`)).status, 404);
  });
});
