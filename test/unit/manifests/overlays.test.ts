// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { DASHBOARD_PATH } from '#dashboard/server/kubernetes-gate.ts';
import { parseSettings } from '#settings/parse.ts';
import { manifests, field, fields, type Field } from './base.ts';
import { build, keyOf } from './kustomize.ts';

function byKey(objects: readonly Field[]): Map<string, Field> {
  const map = new Map(objects.map((object) => [keyOf(object), object]));
  assert.equal(map.size, objects.length, 'an object twice');
  return map;
}

const base = byKey(build('manifests/base'));

/** What an overlay adds, takes away and changes, by kind, namespace and name. */
function differences(overlay: string): { added: string[]; removed: string[]; changed: string[] } {
  const objects = byKey(build(overlay));
  return {
    added: [...objects.keys()].filter((key) => !base.has(key)).sort(),
    removed: [...base.keys()].filter((key) => !objects.has(key)).sort(),
    changed: [...objects.keys()]
      .filter((key) => base.has(key) && !isDeepStrictEqual(objects.get(key), base.get(key)))
      .sort(),
  };
}

function get(overlay: string, key: string): Field {
  const object = byKey(build(overlay)).get(key);
  assert.ok(object, key);
  return object;
}

function container(deployment: Field): Field {
  const [first] = fields(field(deployment, 'spec', 'template', 'spec')['containers']);
  return first ?? {};
}

describe('the reader of kustomizations', () => {
  it('finds the objects of the base', () => {
    assert.deepEqual(
      [...base.keys()].sort(),
      manifests.map(({ kind, namespace, name }) => `${kind}/${namespace ?? ''}/${name}`).sort(),
    );
  });
});

describe('the overlay that may change replicas and move Pods', () => {
  const overlay = 'manifests/overlays/scaling-and-moving';
  const role = 'ClusterRole//perihelion-scaling-and-moving';

  it('adds one role to the learner, and nothing else', () => {
    assert.deepEqual(differences(overlay), {
      added: [role, 'ClusterRoleBinding//perihelion-scaling-and-moving'],
      removed: [],
      changed: [],
    });
    const binding = get(overlay, 'ClusterRoleBinding//perihelion-scaling-and-moving');
    const [subject] = fields(binding['subjects']);
    assert.equal(subject?.['name'], 'perihelion-learner');
  });

  it('writes through subresources only, and never deletes', () => {
    const writing = fields(get(overlay, role)['rules']).filter((rule) =>
      (rule['verbs'] as string[]).some((verb) => !['get', 'list'].includes(verb)),
    );
    assert.ok(writing.length > 0);
    for (const rule of writing) {
      for (const resource of rule['resources'] as string[]) {
        assert.match(resource, /\/(scale|eviction)$/);
      }
      assert.ok(!(rule['verbs'] as string[]).includes('delete'));
    }
  });

  it('leaves the base without either right', () => {
    const rules = [...base.values()].flatMap((object) => fields(object['rules']));
    const resources = rules.flatMap((rule) => (rule['resources'] ?? []) as unknown as string[]);
    assert.ok(resources.includes('pods'));
    assert.deepEqual(
      resources.filter((resource) => /\/(scale|eviction)$/.test(resource)),
      [],
    );
  });
});

describe('the overlay that may release required targets', () => {
  it('adds what an eviction needs to the learner, and nothing else', () => {
    const overlay = 'manifests/overlays/require';
    const role = 'ClusterRole//perihelion-evictions';
    assert.deepEqual(differences(overlay), {
      added: [role, 'ClusterRoleBinding//perihelion-evictions'],
      removed: [],
      changed: [],
    });
    assert.deepEqual(get(overlay, role)['rules'], [
      { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
      { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
    ]);
    const binding = get(overlay, 'ClusterRoleBinding//perihelion-evictions');
    const [subject] = fields(binding['subjects']);
    assert.equal(subject?.['name'], 'perihelion-learner');
  });
});

describe('the overlay of the dashboard', () => {
  const overlay = 'manifests/overlays/dashboard';
  const learner = 'Deployment/perihelion-system/perihelion-learner';

  it('changes these objects and no others', () => {
    assert.deepEqual(differences(overlay), {
      added: [
        'ClusterRole//perihelion-dashboard-viewer',
        'ClusterRoleBinding//perihelion-dashboard-auth',
        'Service/perihelion-system/perihelion-dashboard',
      ],
      removed: [],
      changed: [
        'ConfigMap/perihelion-system/perihelion-settings',
        learner,
        'NetworkPolicy/perihelion-system/perihelion-learner',
      ],
    });
  });

  it('has settings that are usable, ask who reads, and name the port and the Service', () => {
    const map = get(overlay, 'ConfigMap/perihelion-system/perihelion-settings');
    const { dashboard } = parseSettings(parse(String(field(map, 'data')['settings.yaml'])));
    assert.equal(dashboard.enabled, true);
    assert.equal(dashboard.authentication, 'Kubernetes');
    const ports = fields(container(get(overlay, learner))['ports']);
    const port = ports.find(({ name }) => name === 'dashboard');
    assert.equal(port?.['containerPort'], dashboard.port);
    const service = get(overlay, `Service/perihelion-system/${dashboard.service}`);
    assert.equal(fields(field(service, 'spec')['ports'])[0]?.['targetPort'], 'dashboard');
  });

  it('lets the learner ask about tokens and nothing else, and binds no reader', () => {
    const binding = get(overlay, 'ClusterRoleBinding//perihelion-dashboard-auth');
    assert.equal(field(binding, 'roleRef')['name'], 'system:auth-delegator');
    assert.deepEqual(
      fields(binding['subjects']).map(({ name }) => name),
      ['perihelion-learner'],
    );
    assert.deepEqual(get(overlay, 'ClusterRole//perihelion-dashboard-viewer')['rules'], [
      { nonResourceURLs: [DASHBOARD_PATH], verbs: ['get'] },
    ]);
  });
});

describe('the overlay of one process', () => {
  const overlay = 'manifests/overlays/single-process';
  const system = 'perihelion-system';

  it('changes these objects and no others', () => {
    assert.deepEqual(differences(overlay), {
      added: [],
      removed: [
        `Deployment/${system}/perihelion-learner`,
        `NetworkPolicy/${system}/perihelion-learner`,
        `PodDisruptionBudget/${system}/perihelion-learner`,
        `ServiceAccount/${system}/perihelion-learner`,
      ],
      changed: [
        'ClusterRoleBinding//perihelion-learner',
        `Deployment/${system}/perihelion-admission`,
        `NetworkPolicy/${system}/perihelion-admission`,
        `RoleBinding/${system}/perihelion-learner`,
      ],
    });
  });

  it('runs both roles with the memory and the way out of the learner', () => {
    const deployment = get(overlay, `Deployment/${system}/perihelion-admission`);
    assert.deepEqual(container(deployment)['args'], [
      'serve',
      '--role',
      'admission,learner',
      '--config',
      '/etc/perihelion/settings.yaml',
    ]);
    const learner = base.get(`Deployment/${system}/perihelion-learner`) ?? {};
    assert.deepEqual(container(deployment)['resources'], container(learner)['resources']);
    const policy = get(overlay, `NetworkPolicy/${system}/perihelion-admission`);
    const former = base.get(`NetworkPolicy/${system}/perihelion-learner`) ?? {};
    assert.deepEqual(field(policy, 'spec')['egress'], field(former, 'spec')['egress']);
  });

  it('gives the one ServiceAccount the rights of both', () => {
    for (const key of [
      'ClusterRoleBinding//perihelion-learner',
      `RoleBinding/${system}/perihelion-learner`,
    ]) {
      const binding = get(overlay, key);
      assert.deepEqual(binding['subjects'], [
        { kind: 'ServiceAccount', name: 'perihelion-admission', namespace: system },
      ]);
      assert.deepEqual(binding['roleRef'], base.get(key)?.['roleRef']);
    }
  });
});

describe('the overlay of cert-manager', () => {
  const overlay = 'manifests/overlays/cert-manager';
  const system = 'perihelion-system';
  const configMap = `ConfigMap/${system}/perihelion-settings`;
  const settingsOf = (object: Field | undefined): Field =>
    parse(String(field(object, 'data')['settings.yaml'])) as Field;

  it('changes these objects and no others', () => {
    assert.deepEqual(differences(overlay), {
      added: [
        `Certificate/${system}/perihelion`,
        `Certificate/${system}/perihelion-ca`,
        `Issuer/${system}/perihelion`,
        `Issuer/${system}/perihelion-bootstrap`,
      ],
      removed: [],
      changed: [
        configMap,
        `Deployment/${system}/perihelion-admission`,
        'MutatingWebhookConfiguration//perihelion',
      ],
    });
  });

  it('reads the files of the Secret that the certificate is written to', () => {
    const settings = parseSettings(settingsOf(get(overlay, configMap)));
    assert.equal(settings.webhook.certificates, 'Files');
    const deployment = get(overlay, `Deployment/${system}/perihelion-admission`);
    const mounts = fields(container(deployment)['volumeMounts']);
    const volumes = fields(field(deployment, 'spec', 'template', 'spec')['volumes']);
    const paths = Object.values(settings.webhook.files ?? {}).filter((path) => path !== undefined);
    const names = paths.map((path) => {
      const folder = path.replace(/\/[^/]*$/, '');
      const mount = mounts.find(({ mountPath }) => mountPath === folder);
      const volume = volumes.find(({ name }) => name === mount?.['name']);
      const leaf = get(overlay, `Certificate/${system}/perihelion`);
      assert.equal(field(volume, 'secret')['secretName'], field(leaf, 'spec')['secretName'], path);
      assert.equal(mount?.['subPath'], undefined, 'a subPath is never updated');
      return path.slice(folder.length + 1);
    });
    assert.deepEqual(names.sort(), ['ca.crt', 'tls.crt', 'tls.key']);
  });

  it('keeps every other setting of the base', () => {
    const { webhook, ...rest } = settingsOf(get(overlay, configMap));
    const { certificates, files, ...kept } = field(webhook);
    assert.ok(certificates !== undefined && files !== undefined);
    assert.deepEqual({ ...rest, webhook: kept }, settingsOf(base.get(configMap)));
  });

  it('lets the certificate be injected where the API server looks, under the name it checks', () => {
    const configuration = get(overlay, 'MutatingWebhookConfiguration//perihelion');
    const from = field(configuration, 'metadata', 'annotations')['cert-manager.io/inject-ca-from'];
    const leaf = get(overlay, `Certificate/${String(from)}`);
    const [webhook] = fields(configuration['webhooks']);
    const { name, namespace } = field(webhook, 'clientConfig', 'service');
    const names = field(leaf, 'spec')['dnsNames'];
    assert.ok(Array.isArray(names) && names.includes(`${String(name)}.${String(namespace)}.svc`));
    const issuer = get(
      overlay,
      `Issuer/${system}/${String(field(leaf, 'spec', 'issuerRef')['name'])}`,
    );
    const authority = get(overlay, `Certificate/${system}/perihelion-ca`);
    assert.equal(field(issuer, 'spec', 'ca')['secretName'], field(authority, 'spec')['secretName']);
    assert.equal(field(authority, 'spec')['isCA'], true);
  });
});

describe('the monitoring component', () => {
  it('adds monitors, alerts and the dashboard', () => {
    const objects = build('manifests/monitoring');
    assert.deepEqual(objects.map(keyOf).sort(), [
      'ConfigMap/perihelion-system/perihelion-dashboard',
      'PodMonitor/perihelion-system/perihelion-istio',
      'PodMonitor/perihelion-system/perihelion-kepler',
      'PrometheusRule/perihelion-system/perihelion',
      'ServiceMonitor/perihelion-system/perihelion',
    ]);
  });

  it('scrapes a port that both Deployments have, through a Service that selects both', () => {
    const monitor = build('manifests/monitoring').find(
      (object) => object['kind'] === 'ServiceMonitor',
    );
    const [endpoint] = fields(field(monitor, 'spec')['endpoints']);
    const labels = Object.entries(field(monitor, 'spec', 'selector', 'matchLabels'));
    const services = [...base.values()].filter(
      (object) =>
        object['kind'] === 'Service' &&
        labels.every(([key, value]) => field(object, 'metadata', 'labels')[key] === value) &&
        fields(field(object, 'spec')['ports']).some(({ name }) => name === endpoint?.['port']),
    );
    assert.deepEqual(
      services.map((object) => field(object, 'metadata')['name']),
      ['perihelion-operations'],
    );
  });
});

describe('the folder of overlays', () => {
  it('holds kustomizations that all can be read', () => {
    const folder = fileURLToPath(new URL('../../../manifests/overlays/', import.meta.url));
    const overlays = readdirSync(folder);
    assert.deepEqual(overlays.sort(), [
      'cert-manager',
      'dashboard',
      'require',
      'scaling-and-moving',
      'single-process',
    ]);
    for (const overlay of overlays) {
      assert.ok(build(`manifests/overlays/${overlay}`).length > 10, overlay);
    }
  });
});
