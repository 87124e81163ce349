// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ScrapedPod, scrapeTargetsOf } from '#telemetry/scrape/target.ts';

const pod: ScrapedPod = {
  namespace: 'shop',
  name: 'geo-1',
  labels: {},
  annotations: {},
  nodeName: 'worker-a',
  podIP: '10.1.2.3',
  phase: 'Running',
};

function targetOf(change: Partial<ScrapedPod>): string | undefined {
  const [target, ...others] = scrapeTargetsOf([{ ...pod, ...change }]);
  assert.deepEqual(others, []);
  return target && `${target.kind} ${target.url}`;
}

const kepler = { 'app.kubernetes.io/name': 'kepler' };
const scraped = { 'prometheus.io/scrape': 'true' };

test('exporters have their usual addresses', () => {
  assert.equal(targetOf({ labels: kepler }), 'kepler http://10.1.2.3:28282/metrics');
  const exporter = { 'app.kubernetes.io/name': 'prometheus-node-exporter' };
  assert.equal(targetOf({ labels: exporter }), 'node-exporter http://10.1.2.3:9100/metrics');
  const sidecar = 'istio http://10.1.2.3:15020/stats/prometheus';
  assert.equal(targetOf({ annotations: scraped }), sidecar);
  assert.equal(targetOf({ labels: { 'security.istio.io/tlsMode': 'istio' } }), sidecar);
});

test('annotations override the address', () => {
  const annotations = {
    ...scraped,
    'prometheus.io/port': '8443',
    'prometheus.io/path': 'a/b?c',
    'prometheus.io/scheme': 'HTTPS',
  };
  assert.equal(targetOf({ annotations }), 'istio https://10.1.2.3:8443/a/b%3Fc');
  assert.equal(targetOf({ annotations, labels: kepler }), 'kepler https://10.1.2.3:8443/a/b%3Fc');
  assert.equal(
    targetOf({ annotations: scraped, podIP: 'fd00::1' }),
    'istio http://[fd00::1]:15020/stats/prometheus',
  );
  const hostile = { ...scraped, 'prometheus.io/path': '//evil.example/x' };
  assert.equal(new URL(targetOf({ annotations: hostile })!.split(' ')[1]!).hostname, '10.1.2.3');
});

test('what cannot or must not be scraped has no target', () => {
  const none: Partial<ScrapedPod>[] = [
    {},
    { labels: { 'app.kubernetes.io/name': 'constructor' } },
    { labels: kepler, annotations: { 'prometheus.io/scrape': 'false' } },
    { labels: kepler, podIP: undefined },
    { labels: kepler, podIP: '' },
    { labels: kepler, podIP: 'not an address' },
    { labels: kepler, phase: 'Pending' },
    { labels: kepler, phase: 'Succeeded' },
    ...['0', '65536', 'http', '-1', ''].map((port) => ({
      labels: kepler,
      annotations: { 'prometheus.io/port': port },
    })),
  ];
  for (const change of none) assert.equal(targetOf(change), undefined, JSON.stringify(change));
});

test('a target knows its Pod and node', () => {
  const [target] = scrapeTargetsOf([{ ...pod, labels: kepler }]);
  assert.deepEqual(target?.labels, { namespace: 'shop', pod: 'geo-1', node: 'worker-a' });
});

test('other meters and meshes have their usual addresses, in any namespace', () => {
  const urls = (over: Partial<ScrapedPod>): (string | undefined)[] =>
    scrapeTargetsOf([{ ...pod, namespace: 'anywhere', ...over }]).map(({ url }) => url);
  const named = (name: string) => ({ labels: { 'app.kubernetes.io/name': name } });
  assert.deepEqual(urls(named('kepler-exporter')), ['http://10.1.2.3:9102/metrics']);
  assert.deepEqual(urls(named('scaphandre')), ['http://10.1.2.3:8080/metrics']);
  const sidecar = ['http://10.1.2.3:15020/stats/prometheus'];
  assert.deepEqual(urls({ labels: { app: 'ztunnel' } }), sidecar);
  assert.deepEqual(
    urls({ labels: { 'gateway.networking.k8s.io/gateway-name': 'waypoint' } }),
    sidecar,
  );
  assert.deepEqual(urls({ labels: { 'linkerd.io/control-plane-ns': 'linkerd' } }), [
    'http://10.1.2.3:4191/metrics',
  ]);
});

test('a token is only for meters and node-exporters of the namespaces that are named', () => {
  const secure = { namespaces: ['power'], port: 8443 };
  const of = (over: Partial<ScrapedPod>) => scrapeTargetsOf([{ ...pod, ...over }], secure)[0];
  const trusted = of({ namespace: 'power', labels: kepler });
  assert.deepEqual([trusted?.url, trusted?.secure], ['https://10.1.2.3:8443/metrics', true]);
  const elsewhere = of({ namespace: 'mallory', labels: kepler });
  assert.deepEqual(
    [elsewhere?.url, elsewhere?.secure],
    ['http://10.1.2.3:28282/metrics', undefined],
  );
  const asking = of({
    namespace: 'mallory',
    labels: kepler,
    annotations: { 'prometheus.io/scheme': 'https', 'prometheus.io/port': '8443' },
  });
  assert.deepEqual([asking?.url, asking?.secure], ['https://10.1.2.3:8443/metrics', undefined]);
  const sidecar = of({ namespace: 'power', annotations: { 'prometheus.io/scrape': 'true' } });
  assert.deepEqual([sidecar?.url.startsWith('http:'), sidecar?.secure], [true, undefined]);
});
