// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { parseSettings } from '#settings/parse.ts';
import { field, fields, type Field } from '../unit/manifests/base.ts';
import { build } from '../unit/manifests/kustomize.ts';
import { byKey, chart, comparable, helm, kustomize } from './render.ts';

const MONITORING = [
  'serviceMonitor',
  'prometheusRule',
  'keplerPodMonitor',
  'istioPodMonitor',
  'dashboard',
].map((name) => `monitoring.${name}.enabled=true`);

/** The settings file that a rendering mounts. */
function settingsOf(objects: readonly Field[]): Field {
  const map = byKey(objects)['ConfigMap/perihelion-system/perihelion-settings'];
  return parse(String(field(map, 'data')['settings.yaml'])) as Field;
}

describe('the chart', () => {
  it('passes helm lint', async () => {
    assert.match(await helm('lint', '--strict', 'charts/perihelion'), /0 chart\(s\) failed/);
  });

  it('renders the objects of the kustomize base', async () => {
    const base = comparable(await kustomize('manifests/base'));
    assert.ok(Object.keys(base).length > 15);
    assert.deepEqual(comparable(await chart()), base);
  });

  it('renders the overlay that may release required targets', async () => {
    assert.deepEqual(
      comparable(await chart('evictions.enabled=true')),
      comparable(await kustomize('manifests/overlays/require')),
    );
  });

  it('mounts what it is told to, sends where it is told to, and traces', async () => {
    const values = [
      'extraVolumes[0].name=token',
      'extraVolumes[0].secret.secretName=prometheus-token',
      'extraVolumeMounts[0].name=token',
      'extraVolumeMounts[0].mountPath=/etc/perihelion-token',
      'networkPolicy.extraEgress[0].ports[0].port=4318',
      'settings.tracing.endpoint=http://collector.observability:4318/v1/traces',
    ];
    const objects = await chart(...values);
    const settings = parseSettings(settingsOf(objects));
    assert.equal(settings.tracing?.endpoint, 'http://collector.observability:4318/v1/traces');
    for (const object of objects.filter((one) => one['kind'] === 'Deployment')) {
      const pod = field(object, 'spec', 'template', 'spec');
      const [container] = fields(pod['containers']);
      assert.ok(fields(pod['volumes']).some(({ name }) => name === 'token'));
      assert.ok(fields(container?.['volumeMounts']).some(({ name }) => name === 'token'));
    }
    const policy = byKey(objects)['NetworkPolicy/perihelion-system/perihelion-admission'];
    assert.ok(JSON.stringify(field(policy, 'spec')).includes('4318'));
  });

  it('renders the overlay of the dashboard', async () => {
    assert.deepEqual(
      comparable(await chart('dashboard.enabled=true')),
      comparable(await kustomize('manifests/overlays/dashboard')),
    );
  });

  it('shows the dashboard with windows of your own, for a server that scrapes once a minute', async () => {
    const windows = [
      'settings.dashboard.windowSeconds=240',
      'settings.dashboard.staleAfterSeconds=180',
    ];
    const { dashboard } = parseSettings(
      settingsOf(await chart('dashboard.enabled=true', ...windows)),
    );
    const { enabled, authentication, host, windowSeconds, staleAfterSeconds } = dashboard;
    assert.deepEqual([windowSeconds, staleAfterSeconds], [240, 180]);
    assert.deepEqual([enabled, authentication, host], [true, 'Kubernetes', '0.0.0.0']);
    await assert.rejects(chart('settings.dashboard.authentication=None'), /additional properties/);
  });

  it('shows the dashboard in one process, with certificates from others too', async () => {
    const one = byKey(await chart('dashboard.enabled=true', 'singleProcess=true'));
    const service = one['Service/perihelion-system/perihelion-dashboard'];
    const component = 'app.kubernetes.io/component';
    assert.equal(field(service, 'spec', 'selector')[component], 'admission');
    const given = byKey(await chart('dashboard.enabled=true', 'certificates.source=CertManager'));
    const learner = given['Deployment/perihelion-system/perihelion-learner'];
    const volumes = fields(field(learner, 'spec', 'template', 'spec')['volumes']);
    assert.ok(volumes.some(({ name }) => name === 'tls'));
    const certificate = given['Certificate/perihelion-system/perihelion'];
    const names = field(certificate, 'spec')['dnsNames'] as string[];
    assert.ok(names.includes('perihelion-dashboard.perihelion-system.svc'));
  });

  it('renders the overlay of one process', async () => {
    assert.deepEqual(
      comparable(await chart('singleProcess=true')),
      comparable(await kustomize('manifests/overlays/single-process')),
    );
  });

  it('renders the overlay of cert-manager', async () => {
    assert.deepEqual(
      comparable(await chart('certificates.source=CertManager')),
      comparable(await kustomize('manifests/overlays/cert-manager')),
    );
  });

  it('renders the monitoring component', async () => {
    const all = comparable(await chart(...MONITORING));
    const plain = comparable(await chart());
    const added = Object.fromEntries(Object.entries(all).filter(([key]) => !(key in plain)));
    const component = comparable(build('manifests/monitoring'));
    assert.deepEqual(Object.keys(added).sort(), Object.keys(component).sort());
    for (const [key, object] of Object.entries(component)) {
      assert.deepEqual(added[key]?.['spec'], object['spec'], key);
      assert.deepEqual(
        Object.values(field(added[key], 'data')).map((text) => JSON.parse(String(text)) as unknown),
        Object.values(field(object, 'data')).map((text) => JSON.parse(String(text)) as unknown),
      );
    }
  });

  it('writes settings that the product accepts', async () => {
    for (const values of [
      [],
      ['certificates.source=CertManager'],
      ['certificates.source=Secret', 'certificates.secretName=mine'],
      ['settings.telemetry.backend=Prometheus', 'settings.telemetry.prometheus.url=http://p:9090'],
      ['settings.audit.maximumFileBytes=1048576', 'settings.drainSeconds=30'],
    ]) {
      const settings = parseSettings(settingsOf(await chart(...values)));
      assert.equal(settings.namespace, 'perihelion-system');
      assert.equal(
        settings.webhook.certificates,
        values[0]?.startsWith('cert') ? 'Files' : 'Managed',
      );
    }
    const own = parseSettings(
      settingsOf(
        await chart('settings.audit.maximumFileBytes=1048576', 'settings.drainSeconds=30'),
      ),
    );
    assert.deepEqual([own.audit.maximumFileBytes, own.audit.keepFiles], [1_048_576, 10]);
    assert.equal(own.drainSeconds, 30);
  });

  it('rolls the Pods when a setting changes, and only then', async () => {
    const sum = async (...values: string[]): Promise<unknown> => {
      const deployment = byKey(await chart(...values))[
        'Deployment/perihelion-system/perihelion-learner'
      ];
      return field(deployment, 'spec', 'template', 'metadata', 'annotations')['checksum/settings'];
    };
    const before = await sum();
    assert.match(String(before), /^[0-9a-f]{64}$/);
    assert.equal(await sum('learner.replicas=3'), before);
    assert.notEqual(await sum('settings.logLevel=debug'), before);
  });

  it('lives in any namespace, under any name', async () => {
    const text = await helm(
      ...['template', 'x', 'charts/perihelion', '--namespace', 'elsewhere'],
      ...['--kube-version', '1.35.4', '--set', 'fullnameOverride=other,singleProcess=true'],
    );
    assert.doesNotMatch(text, /perihelion-(system|admission|learner|webhook|operations)/);
    assert.match(text, /"elsewhere"/);
  });

  it('leaves out what is switched off', async () => {
    const kinds = (
      await chart(
        'networkPolicy.enabled=false',
        'podDisruptionBudget.enabled=false',
        'priorityClass.create=false',
        'priorityClass.name=',
        'crds.enabled=false',
      )
    ).map(({ kind }) => kind);
    for (const kind of [
      'NetworkPolicy',
      'PodDisruptionBudget',
      'PriorityClass',
      'CustomResourceDefinition',
    ]) {
      assert.ok(!kinds.includes(kind), kind);
    }
  });

  it('keeps the CRDs unless told otherwise', async () => {
    const policies = async (...values: string[]): Promise<unknown[]> =>
      (await chart(...values))
        .filter(({ kind }) => kind === 'CustomResourceDefinition')
        .map((crd) => field(crd, 'metadata', 'annotations')['helm.sh/resource-policy']);
    assert.deepEqual(await policies(), ['keep', 'keep']);
    assert.deepEqual(await policies('crds.keep=false'), [undefined, undefined]);
  });

  it('takes a digest before a tag', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const objects = await chart(`image.digest=${digest}`, 'image.repository=r.example/p');
    for (const deployment of objects.filter(({ kind }) => kind === 'Deployment')) {
      const [first] = fields(field(deployment, 'spec', 'template', 'spec')['containers']);
      assert.equal(first?.['image'], `r.example/p@${digest}`);
    }
  });

  it('lets annotations of Pods win over its own, and labels never over what selects them', async () => {
    const objects = await chart(
      'admission.podAnnotations.prometheus\\.io/scrape=no',
      'admission.podLabels.app\\.kubernetes\\.io/name=other',
      'admission.podLabels.team=blue',
    );
    const admission = byKey(objects)['Deployment/perihelion-system/perihelion-admission'];
    const { annotations, labels } = field(admission, 'spec', 'template', 'metadata');
    const { 'prometheus.io/scrape': scrape, 'prometheus.io/port': port } = annotations as Field;
    assert.deepEqual([scrape, port], ['no', '8080']);
    assert.deepEqual(labels, {
      ...field(admission, 'spec', 'selector', 'matchLabels'),
      team: 'blue',
    });
  });

  it('refuses logs that outgrow their volume, and takes them on a volume of your own', async () => {
    const large = ['settings.audit.maximumFileBytes=100000000', 'settings.audit.keepFiles=10'];
    await assert.rejects(
      chart(...large),
      /maximumFileBytes .* is 1100000000 bytes, expected at most/,
    );
    const elsewhere = await chart(...large, 'settings.audit.path=/var/audit/audit.jsonl');
    assert.equal(field(settingsOf(elsewhere), 'audit')['maximumFileBytes'], 100_000_000);
  });

  it('refuses names that no Service may have, and a priority class without one', async () => {
    for (const name of ['a.b', '1a', 'a-']) {
      await assert.rejects(chart(`fullnameOverride=${name}`), /fullnameOverride/, name);
    }
    await assert.rejects(chart('priorityClass.name='), /priorityClass\.name/);
  });

  it('refuses what it does not know', async () => {
    for (const value of ['image.tagg=1', 'settings.namespace=x', 'webhook.failurePolicy=Fail']) {
      await assert.rejects(chart(value), /additional properties|not allowed/, value);
    }
    await assert.rejects(
      helm('template', 'x', 'charts/perihelion', '--kube-version', '1.29.0'),
      /kubeVersion/,
    );
  });
});

describe('the reader of kustomizations that the unit tests use', () => {
  it('says what the real one says', async () => {
    for (const folder of [
      'manifests/base',
      'manifests/overlays/single-process',
      'manifests/overlays/cert-manager',
    ]) {
      const real = comparable(await kustomize(folder));
      const read = comparable(build(folder));
      assert.deepEqual(Object.keys(read).sort(), Object.keys(real).sort(), folder);
      for (const [key, object] of Object.entries(read)) {
        // kustomize sets the tag of the image; nothing else is its own.
        const text = JSON.stringify(real[key]).replaceAll('"perihelion:0.1.0"', '"perihelion"');
        assert.deepEqual(JSON.parse(text), object, `${folder}: ${key}`);
      }
    }
  });
});
