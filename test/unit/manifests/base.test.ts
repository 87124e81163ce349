// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { parse } from 'yaml';
import { MUTATE_PATH } from '#admission/handling/app.ts';
import { WEBHOOK_NAME } from '#cli/roles/admission-role.ts';
import { OPT_OUT_VALUE, PLACEMENT_LABEL } from '#cluster/decision/decision.ts';
import { parseSettings } from '#settings/parse.ts';
import {
  field,
  fields,
  kustomization,
  manifests,
  ofKind,
  one,
  readBase,
  strings,
  type Field,
  type Manifest,
} from './base.ts';

const NAMESPACE = 'perihelion-system';
const CLUSTER_KINDS = new Set([
  'Namespace',
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleBinding',
  'PriorityClass',
  'MutatingWebhookConfiguration',
]);
const settings = parseSettings(parse(readBase('settings.yaml')));

function pod(deployment: Manifest): Field {
  return field(deployment.body, 'spec', 'template', 'spec');
}

function podLabels(deployment: Manifest): Field {
  return field(deployment.body, 'spec', 'template', 'metadata', 'labels');
}

function container(deployment: Manifest): Field {
  const containers = fields(pod(deployment)['containers']);
  assert.equal(containers.length, 1);
  return containers[0]!;
}

function selects(selector: Field, labels: Field): boolean {
  const pairs = Object.entries(selector);
  return pairs.length > 0 && pairs.every(([key, value]) => labels[key] === value);
}

function selected(selector: Field): string[] {
  return ofKind('Deployment')
    .filter((deployment) => selects(selector, podLabels(deployment)))
    .map(({ name }) => name);
}

function portNames(deployment: string): string[] {
  return fields(container(one('Deployment', deployment))['ports']).map(({ name }) => String(name));
}

test('the kustomization names every file of the base, and every object is where it belongs', () => {
  const base = fileURLToPath(new URL('../../../manifests/base/', import.meta.url));
  const files = readdirSync(base, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml'))
    .filter((file) => !['kustomization.yaml', 'settings.yaml'].includes(file));
  assert.deepEqual(strings(kustomization['resources']).sort(), files.sort());
  for (const { kind, name, namespace, body } of manifests) {
    assert.equal(namespace, CLUSTER_KINDS.has(kind) ? undefined : NAMESPACE, `${kind} ${name}`);
    if (kind === 'ConfigMap') continue;
    assert.equal(field(body, 'metadata', 'labels')['app.kubernetes.io/name'], 'perihelion');
  }
  const keys = manifests.map(({ kind, name }) => `${kind}/${name}`);
  assert.equal(new Set(keys).size, keys.length);
});

test('the settings file is valid and names the same objects as the manifests', () => {
  assert.equal(settings.namespace, NAMESPACE);
  one('Namespace', settings.namespace);
  one('Service', settings.webhook.service);
  one('MutatingWebhookConfiguration', settings.webhook.configuration);
  const admission = container(one('Deployment', 'perihelion-admission'));
  assert.deepEqual(
    fields(admission['ports']).map(({ containerPort }) => containerPort),
    [settings.webhook.port, settings.operations.port],
  );
});

test('each Deployment runs its role from the mounted settings, as its own ServiceAccount', () => {
  const deployments = ofKind('Deployment');
  assert.deepEqual(deployments.map(({ name }) => name).sort(), [
    'perihelion-admission',
    'perihelion-learner',
  ]);
  for (const deployment of deployments) {
    const role = deployment.name.replace('perihelion-', '');
    const { args, volumeMounts } = container(deployment);
    const config = '/etc/perihelion/settings.yaml';
    assert.deepEqual(args, ['serve', '--role', role, '--config', config]);
    one('ServiceAccount', String(pod(deployment)['serviceAccountName']));
    one('PriorityClass', String(pod(deployment)['priorityClassName']));
    assert.equal(field(deployment.body, 'spec')['replicas'], 2);
    const volumes = new Map(fields(pod(deployment)['volumes']).map((v) => [v['name'], v]));
    const mounts = new Map(fields(volumeMounts).map((m) => [m['mountPath'], m]));
    for (const mount of mounts.values()) assert.ok(volumes.has(mount['name']));
    const configMap = field(volumes.get(mounts.get('/etc/perihelion')?.['name']), 'configMap');
    const source = one('ConfigMap', String(configMap['name']));
    assert.ok('settings.yaml' in field(source.body, 'data'));
    const audit = volumes.get(mounts.get(settings.audit.path.replace(/\/[^/]*$/, ''))?.['name']);
    assert.equal(field(audit, 'emptyDir')['sizeLimit'], '1Gi');
    const room = settings.audit.maximumFileBytes * (settings.audit.keepFiles + 1);
    assert.ok(room < 2 ** 30, 'the audit log fits its volume');
  }
});

test('Pods are locked down: the restricted profile and a read-only root', () => {
  for (const deployment of ofKind('Deployment')) {
    const spec = pod(deployment);
    const security = field(spec, 'securityContext');
    assert.equal(security['runAsNonRoot'], true);
    assert.ok(Number(security['runAsUser']) > 0);
    assert.deepEqual(security['seccompProfile'], { type: 'RuntimeDefault' });
    for (const key of ['hostNetwork', 'hostPID', 'hostIPC']) assert.equal(spec[key], undefined);
    assert.deepEqual(container(deployment)['securityContext'], {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    const resources = field(container(deployment), 'resources');
    for (const name of ['cpu', 'memory', 'ephemeral-storage']) {
      assert.notEqual(field(resources, 'requests')[name], undefined, name);
    }
    assert.notEqual(field(resources, 'limits')['memory'], undefined);
    for (const volume of fields(spec['volumes'])) assert.equal(volume['hostPath'], undefined);
  }
  const namespace = field(one('Namespace', NAMESPACE).body, 'metadata', 'labels');
  assert.equal(namespace['pod-security.kubernetes.io/enforce'], 'restricted');
  assert.equal(namespace[PLACEMENT_LABEL], undefined, 'never places its own Pods');
});

test('probes ask the operations port, and the Pod outlives its drain', () => {
  for (const deployment of ofKind('Deployment')) {
    const spec = container(deployment);
    for (const [probe, path] of [
      ['startupProbe', '/healthz'],
      ['readinessProbe', '/readyz'],
      ['livenessProbe', '/healthz'],
    ] as const) {
      assert.deepEqual(field(spec, probe)['httpGet'], { path, port: 'operations' });
    }
    const grace = Number(pod(deployment)['terminationGracePeriodSeconds']);
    assert.ok(grace >= settings.drainSeconds + 2 + 5, 'drain, last request, audit queue');
  }
});

test('Services, budgets, policies and spread select the Pods they are meant for', () => {
  const admission = ['perihelion-admission'];
  const both = ['perihelion-admission', 'perihelion-learner'];
  assert.deepEqual(
    selected(field(one('Service', 'perihelion').body, 'spec', 'selector')),
    admission,
  );
  const operations = one('Service', 'perihelion-operations');
  assert.deepEqual(selected(field(operations.body, 'spec', 'selector')), both);
  for (const service of ofKind('Service')) {
    for (const deployment of selected(field(service.body, 'spec', 'selector'))) {
      for (const { targetPort } of fields(field(service.body, 'spec')['ports'])) {
        assert.ok(portNames(deployment).includes(String(targetPort)), service.name);
      }
    }
  }
  for (const kind of ['PodDisruptionBudget', 'NetworkPolicy']) {
    for (const { name, body } of ofKind(kind)) {
      const key = kind === 'NetworkPolicy' ? 'podSelector' : 'selector';
      assert.deepEqual(
        selected(field(body, 'spec', key, 'matchLabels')),
        [name],
        `${kind} ${name}`,
      );
      for (const { ports } of fields(field(body, 'spec')['ingress'])) {
        for (const { port } of fields(ports)) assert.ok(portNames(name).includes(String(port)));
      }
    }
    assert.equal(ofKind(kind).length, 2);
  }
  for (const deployment of ofKind('Deployment')) {
    const matchLabels = field(deployment.body, 'spec', 'selector', 'matchLabels');
    assert.deepEqual(selected(matchLabels), [deployment.name]);
    for (const spread of fields(pod(deployment)['topologySpreadConstraints'])) {
      assert.deepEqual(field(spread, 'labelSelector')['matchLabels'], matchLabels);
      assert.equal(spread['whenUnsatisfiable'], 'ScheduleAnyway');
    }
  }
});

test('bindings resolve', () => {
  for (const kind of ['RoleBinding', 'ClusterRoleBinding']) {
    for (const { body, name } of ofKind(kind)) {
      const role = field(body, 'roleRef');
      assert.equal(role['kind'], kind.replace('Binding', ''));
      one(kind.replace('Binding', ''), String(role['name']));
      for (const subject of fields(body['subjects'])) {
        assert.equal(subject['namespace'], NAMESPACE);
        one(String(subject['kind']), String(subject['name']));
        assert.equal(subject['name'], name);
      }
    }
    assert.equal(ofKind(kind).length, 2);
  }
});

test('roles hold what is used and nothing else', () => {
  const rules = ['Role', 'ClusterRole'].flatMap((kind) =>
    ofKind(kind).flatMap((role) =>
      fields(role.body['rules']).map((rule) => ({ kind, role: role.name, rule })),
    ),
  );
  for (const { rule } of rules) {
    const words = Object.values(rule).flatMap(strings);
    assert.equal(words.includes('*'), false, 'no wildcard');
    assert.equal(rule['nonResourceURLs'], undefined);
  }
  const isMeasured = ({ rule }: { rule: Field }): boolean =>
    strings(rule['apiGroups']).includes('metrics.k8s.io');
  assert.deepEqual(
    rules.filter(isMeasured).map(({ role, rule }) => [role, rule['resources'], rule['verbs']]),
    [['perihelion-learner', ['nodes'], ['list']]],
    'what metrics-server measured, and no object itself',
  );
  const may = (role: string, verb: string, resource: string): string[] =>
    rules
      .filter((one) => !isMeasured(one))
      .filter(({ role: name }) => name === role)
      .filter(({ rule }) => strings(rule['verbs']).includes(verb))
      .filter(({ rule }) => strings(rule['resources']).includes(resource))
      .map(({ kind, rule }) => `${kind}:${strings(rule['resourceNames']).join(',')}`);
  const { secret, configuration } = settings.webhook;
  for (const verb of ['get', 'update']) {
    assert.deepEqual(may('perihelion-admission', verb, 'secrets'), [`Role:${secret}`]);
  }
  assert.deepEqual(may('perihelion-admission', 'create', 'secrets'), ['Role:']);
  assert.deepEqual(may('perihelion-admission', 'list', 'secrets'), []);
  assert.deepEqual(may('perihelion-learner', 'get', 'secrets'), [`Role:${secret}`]);
  assert.deepEqual(may('perihelion-learner', 'update', 'secrets'), []);
  const webhooks = 'mutatingwebhookconfigurations';
  assert.deepEqual(may('perihelion-admission', 'patch', webhooks), [
    `ClusterRole:${configuration}`,
  ]);
  assert.deepEqual(may('perihelion-admission', 'update', webhooks), []);
  assert.deepEqual(may('perihelion-learner', 'patch', webhooks), []);
  assert.deepEqual(may('perihelion-learner', 'update', 'leases'), [
    `Role:${settings.learner.leaseName}`,
  ]);
  for (const resource of ['nodes', 'pods', 'namespaces', 'replicasets', 'jobs']) {
    for (const role of ['perihelion-admission', 'perihelion-learner']) {
      assert.deepEqual(may(role, 'get', resource), [], `${role} get ${resource}`);
      for (const verb of ['list', 'watch']) {
        assert.deepEqual(
          may(role, verb, resource),
          ['ClusterRole:'],
          `${role} ${verb} ${resource}`,
        );
      }
      for (const verb of ['create', 'update', 'patch', 'delete']) {
        assert.deepEqual(may(role, verb, resource), [], `${role} ${verb} ${resource}`);
      }
    }
  }
  assert.deepEqual(may('perihelion-admission', 'update', 'placementmodels'), []);
  assert.deepEqual(may('perihelion-learner', 'update', 'placementmodels'), ['ClusterRole:']);
  assert.deepEqual(may('perihelion-learner', 'delete', 'placementmodels'), ['ClusterRole:']);
  assert.deepEqual(may('perihelion-learner', 'deletecollection', 'placementmodels'), []);
  assert.deepEqual(may('perihelion-admission', 'delete', 'placementmodels'), []);
  assert.deepEqual(may('perihelion-learner', 'create', 'events'), ['ClusterRole:']);
});

test('every custom resource in a role is one of the CRDs', () => {
  const known = ofKind('CustomResourceDefinition').map(({ name }) => name);
  for (const role of ofKind('ClusterRole')) {
    for (const rule of fields(role.body['rules'])) {
      if (!strings(rule['apiGroups']).includes('perihelion.dev')) continue;
      for (const resource of strings(rule['resources'])) {
        assert.ok(known.includes(`${resource.replace(/\/.*/, '')}.perihelion.dev`), resource);
      }
    }
  }
});

test('the webhook is opt-in, never fatal, and calls our Service', () => {
  const configuration = one('MutatingWebhookConfiguration', 'perihelion');
  const webhooks = fields(configuration.body['webhooks']);
  assert.equal(webhooks.length, 1);
  const webhook = webhooks[0]!;
  assert.equal(webhook['name'], WEBHOOK_NAME);
  assert.equal(webhook['failurePolicy'], 'Ignore');
  assert.equal(webhook['timeoutSeconds'], 2);
  assert.equal(webhook['sideEffects'], 'NoneOnDryRun');
  assert.equal(webhook['matchPolicy'], 'Equivalent');
  assert.equal(webhook['reinvocationPolicy'], 'Never');
  assert.deepEqual(webhook['admissionReviewVersions'], ['v1']);
  assert.deepEqual(webhook['rules'], [
    {
      apiGroups: [''],
      apiVersions: ['v1'],
      resources: ['pods'],
      operations: ['CREATE'],
      scope: 'Namespaced',
    },
  ]);
  assert.deepEqual(webhook['namespaceSelector'], {
    matchLabels: { [PLACEMENT_LABEL]: 'enabled' },
    matchExpressions: [
      {
        key: 'kubernetes.io/metadata.name',
        operator: 'NotIn',
        values: ['kube-system', NAMESPACE],
      },
    ],
  });
  assert.deepEqual(webhook['objectSelector'], {
    matchExpressions: [{ key: PLACEMENT_LABEL, operator: 'NotIn', values: [OPT_OUT_VALUE] }],
  });
  const client = field(webhook, 'clientConfig');
  assert.equal(client['caBundle'], undefined, 'that field belongs to the admission replicas');
  const target = field(client, 'service');
  const service = one('Service', String(target['name']));
  assert.equal(target['namespace'], service.namespace);
  assert.equal(target['path'], MUTATE_PATH);
  const ports = fields(field(service.body, 'spec')['ports']).map(({ port }) => port);
  assert.deepEqual(ports, [target['port']]);
  assert.deepEqual(
    fields(webhook['matchConditions']).map(({ name }) => name),
    ['not-a-daemonset', 'not-a-mirror-pod', 'not-bound-yet', 'default-scheduler'],
  );
});
