// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer as createPlainServer, type AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { issueAuthority, issueServer } from '#certs/issue.ts';
import { bucketFindingOf } from '#cli/doctor/buckets.ts';
import { checkFailOpen, checkNamespaces } from '#cli/doctor/cluster.ts';
import type { Finding } from '#cli/doctor/finding.ts';
import { checkAdherence } from '#cli/doctor/adherence.ts';
import { checkLease, checkModels } from '#cli/doctor/learner.ts';
import type { ClusterAccess } from '#cli/access/kube-access.ts';
import type { JsonObject } from '#cluster/wire/json.ts';
import { projectPod } from '#cluster/objects/project-pod.ts';
import { checkDefinitions, checkPolicies } from '#cli/doctor/policies.ts';
import { renderFindings } from '#cli/doctor/render.ts';
import { type Right, type RoleName, rightsOf } from '#cli/doctor/rights.ts';
import type { Models, Survey } from '#cli/doctor/survey.ts';
import { probeTls } from '#cli/doctor/tls-probe.ts';
import { checkWebhook } from '#cli/doctor/webhook.ts';
import { styleOf } from '#cli/terminal/style.ts';
import { parseSettings } from '#settings/parse.ts';
import { observationOf, shardOf } from '../admission/world.ts';
import { recorded } from './terminal.ts';

const NOW = Date.UTC(2026, 10, 22, 6, 30);
const SYSTEM = 'perihelion-system';

function known<T>(value: T): { kind: 'known'; value: T } {
  return { kind: 'known', value };
}

const REFUSED = { kind: 'unknown', reason: '403 Forbidden' } as const;

const TIME = '2026-01-01T00:00:00Z';

function rawNode(name: string): JsonObject {
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    status: {
      allocatable: { cpu: '8', memory: '16Gi', pods: '110' },
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: TIME }],
    },
  };
}

/** A replica of `Deployment/frontend`, with the preference that it was admitted with. */
function replicaOn(nodeName: string, index: number, asked?: string): JsonObject {
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'frontend-abc', uid: 'rs' };
  const expression = { key: 'kubernetes.io/hostname', operator: 'In', values: [asked] };
  const term = { weight: 100, preference: { matchExpressions: [expression] } };
  return {
    metadata: {
      name: `web-${index}`,
      namespace: 'hotel-res',
      uid: `web-${index}`,
      creationTimestamp: TIME,
      labels: { 'pod-template-hash': 'abc' },
      annotations: asked === undefined ? {} : { 'perihelion.dev/action': asked },
      ownerReferences: [{ ...owner, controller: true }],
    },
    spec: {
      nodeName,
      containers: [{ name: 'main', resources: { requests: { cpu: '500m', memory: '1Gi' } } }],
      ...(asked === undefined
        ? {}
        : {
            affinity: {
              nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [term] },
            },
          }),
    },
    status: { phase: 'Running' },
  };
}

function survey(changes: Partial<Survey> = {}): Survey {
  return {
    settings: parseSettings({}),
    now: NOW,
    configuration: known(undefined),
    policies: known([]),
    models: known({ shards: [], observations: [], unreadable: [] }),
    namespaces: known([]),
    pods: known([]),
    targets: [],
    lease: known(undefined),
    apiMetrics: known(''),
    ...changes,
  };
}

function models(changes: Partial<Models>): Survey {
  return survey({ models: known({ shards: [], observations: [], unreadable: [], ...changes }) });
}

function told(findings: readonly Finding[]): string[] {
  return findings.map(({ level, message }) => `${level}: ${message}`);
}

describe('checkLease', () => {
  const lease = (holder: string, ageSeconds: number): Survey['lease'] =>
    known({
      holder,
      durationSeconds: 15,
      acquiredAt: 0,
      renewedAt: NOW - ageSeconds * 1000,
      transitions: 1,
    });
  it('is well while the leader renews', () => {
    const found = told(checkLease(survey({ lease: lease('learner-0_ab12cd34', 2) })));
    assert.deepEqual(found, ['ok: learner-0_ab12cd34 leads, renewed 2 s ago']);
  });
  it('finds a leader that is gone, and none at all', () => {
    const [gone] = checkLease(survey({ lease: lease('learner-0_ab12cd34', 60) }));
    assert.equal(gone?.level, 'problem');
    assert.match(gone.message, /not renewed its lease for 60 s: nothing is learned/);
    for (const answer of [known(undefined), lease('', 1)]) {
      assert.equal(checkLease(survey({ lease: answer }))[0]?.level, 'problem');
    }
  });
  it('does not take a refusal for a fault', () => {
    assert.equal(checkLease(survey({ lease: REFUSED }))[0]?.level, 'warning');
  });
});

describe('checkModels', () => {
  const at = (ageSeconds: number, health: Record<string, 'healthy' | 'absent' | 'stale'>) =>
    models({ observations: [observationOf(health, { observedAt: NOW - ageSeconds * 1000 })] });
  it('tells fresh from stale, and a target from all of them', () => {
    assert.deepEqual(told(checkModels(at(10, { a: 'healthy', b: 'healthy' }))).slice(0, 1), [
      'ok: hotel-res, policy default: observed, 2 targets measured',
    ]);
    assert.deepEqual(told(checkModels(at(10, { a: 'healthy', b: 'stale' }))), [
      'warning: hotel-res, policy default: 1 of 2 targets not measured (b stale)',
    ]);
    assert.deepEqual(told(checkModels(at(10, { a: 'absent', b: 'stale' }))), [
      'problem: hotel-res, policy default: 2 of 2 targets not measured (a absent, b stale)',
    ]);
    assert.deepEqual(told(checkModels(at(61, { a: 'healthy' }))), [
      'problem: the observation of hotel-res, policy default is 61 s old: no target counts as measured',
    ]);
  });
  it('misses the observation of a namespace that opted in', () => {
    const labels = { 'perihelion.dev/placement': 'enabled' };
    const [found] = checkModels(survey({ namespaces: known([{ name: 'shop', labels }]) }));
    assert.match(found?.message ?? '', /^namespace shop has opted in, but nothing was observed/);
  });
});

describe('checkAdherence', () => {
  /** Two nodes, of which one is full of replicas, and one Pod that strayed from it. */
  const server = (strayed: JsonObject) =>
    ({
      get: (path: string) =>
        Promise.resolve(path === '/api/v1/nodes' ? { items: ['w1', 'w2'].map(rawNode) } : strayed),
    }) as unknown as ClusterAccess['client'];

  it('names the score that outweighs the preference, and what mends it', async () => {
    const low = shardOf({
      asked: 40,
      followed: 12,
      adherence: { w1: { asked: 40, followed: 12 } },
    });
    const replicas = Array.from({ length: 9 }, (_, index) => replicaOn('w1', index));
    const strayed = replicaOn('w2', 10, 'w1');
    const found = {
      ...models({ shards: [low] }),
      pods: known([...replicas, strayed].map(projectPod)),
    };
    const [finding, ...rest] = await checkAdherence(found, server(strayed));
    assert.equal(finding?.level, 'warning');
    assert.match(
      finding.message,
      /lately 12 of 40 Pods landed where asked, fewest on w1; Pod web-10/,
    );
    assert.match(finding.message, /topology spreading outweighs the preference: PodTopologySpread/);
    assert.match(finding.remedy ?? '', /^kubectl patch deployment -n hotel-res frontend /);
    assert.match(finding.remedy ?? '', /topologySpreadConstraints/);
    assert.deepEqual(rest, []);
  });

  it('hints where the scheduler goes its own way, but not on few Pods', async () => {
    const client = server({});
    const low = shardOf({ workload: 'Deployment/low', asked: 20, followed: 4 });
    const few = shardOf({ workload: 'Deployment/few', asked: 3, followed: 0 });
    const tier = shardOf({ workload: 'Tier/data', asked: 100, followed: 0 });
    const [found, ...rest] = await checkAdherence(models({ shards: [low, few, tier] }), client);
    assert.equal(found?.level, 'warning');
    assert.match(found.message, /Deployment\/low: lately 4 of 20 Pods landed where asked/);
    assert.match(found.remedy ?? '', /spec\.topologyKey/);
    assert.deepEqual(rest, []);
    assert.deepEqual(told(await checkAdherence(models({ shards: [few, tier] }), client)), [
      'ok: 0 of 3 Pods landed where asked',
    ]);
  });
});

describe('checkNamespaces', () => {
  const named = (labels: Record<string, string>) =>
    known(
      Object.entries(labels).map(([name, value]) => ({
        name,
        labels: { 'perihelion.dev/placement': value },
      })),
    );
  it('says how to begin', () => {
    const [found] = checkNamespaces(survey());
    assert.equal(found?.remedy, 'kubectl label namespace NAME perihelion.dev/placement=enabled');
  });
  it('finds labels that do nothing', () => {
    const namespaces = named({
      shop: 'enabled',
      typo: 'enable',
      [SYSTEM]: 'enabled',
      off: 'disabled',
    });
    assert.deepEqual(told(checkNamespaces(survey({ namespaces }))), [
      'warning: namespace typo has perihelion.dev/placement=enable, which means nothing',
      `warning: namespace ${SYSTEM} has opted in, but is never touched`,
      'ok: 1 opted in: shop',
    ]);
  });
});

describe('checkFailOpen', () => {
  it('counts our webhook only', () => {
    const line = (name: string, count: number): string =>
      `apiserver_admission_webhook_fail_open_count{name="${name}",type="admit"} ${count}\n`;
    const text = line('placement.perihelion.dev', 2) + line('other.example', 9);
    assert.match(checkFailOpen(survey({ apiMetrics: known(text) }))[0]?.message ?? '', / 2 times /);
    assert.equal(checkFailOpen(survey())[0]?.level, 'ok');
    assert.equal(checkFailOpen(survey({ apiMetrics: REFUSED }))[0]?.level, 'warning');
  });
});

describe('checkDefinitions and checkPolicies', () => {
  const policy = (name: string, spec: object, status = {}) => ({
    metadata: { namespace: 'shop', name },
    spec,
    status,
  });
  it('tells what is not installed from what may not be read', () => {
    assert.deepEqual(
      checkDefinitions(survey({ models: known(undefined), policies: REFUSED })).map(
        ({ level }) => level,
      ),
      ['warning', 'problem'],
    );
  });
  it('finds unusable and shadowed policies, and open circuits', () => {
    const conditions = [
      { type: 'Ready', status: 'False', message: 'x' },
      { type: 'CircuitOpen', status: 'True', message: 'shop/Deployment/a (objectives missed)' },
    ];
    const policies = known([
      policy('b', {}),
      policy('a', {}, { conditions }),
      policy('c', { mode: 'Maybe' }),
    ]);
    assert.deepEqual(
      told(checkPolicies(survey({ policies }))).map((one) => one.slice(0, 70)),
      [
        'problem: PlacementPolicy shop/c cannot be used: spec.mode: found "Mayb',
        'warning: PlacementPolicy shop/b has no effect: a comes first by name',
        'warning: PlacementPolicy shop/a holds workloads back: shop/Deployment/',
      ],
    );
  });
});

describe('checkWebhook, on the manifests', () => {
  it('has nothing to say against them', () => {
    const [configuration] = manifest('webhook.yaml') as Record<string, unknown>[];
    assert.deepEqual(told(checkWebhook(survey({ configuration: known(configuration) }))), [
      'ok: configured: failurePolicy Ignore, timeout 2 s, opt-in only',
    ]);
  });
  it('finds a webhook of another name', () => {
    const configuration = known({ webhooks: [{ name: 'other' }] });
    assert.equal(checkWebhook(survey({ configuration }))[0]?.level, 'problem');
    assert.equal(checkWebhook(survey())[0]?.level, 'problem');
    assert.equal(checkWebhook(survey({ configuration: REFUSED }))[0]?.level, 'warning');
  });
});

interface Rule {
  readonly apiGroups: string[];
  readonly resources: string[];
  readonly verbs: string[];
  readonly resourceNames?: string[];
}

interface RoleObject {
  readonly kind: string;
  readonly metadata: { readonly namespace?: string };
  readonly rules?: Rule[];
}

function manifest(name: string): unknown[] {
  const file = new URL(`../../../manifests/base/${name}`, import.meta.url);
  return parseAllDocuments(readFileSync(file, 'utf8')).map(
    (document) => document.toJS() as unknown,
  );
}

describe('rightsOf', () => {
  for (const role of ['admission', 'learner'] as RoleName[]) {
    it(`asks for nothing that the manifests do not give the ${role} role`, () => {
      const roles = manifest(`rbac-${role}.yaml`) as RoleObject[];
      const granted = (right: Right): boolean =>
        roles.some(
          ({ kind, metadata, rules = [] }) =>
            (kind === 'ClusterRole' || metadata.namespace === right.namespace) &&
            rules.some(
              (rule) =>
                rule.apiGroups.includes(right.group) &&
                rule.resources.includes(right.resource) &&
                rule.verbs.includes(right.verb) &&
                (rule.resourceNames === undefined || rule.resourceNames.includes(right.name ?? '')),
            ),
        );
      const rights = rightsOf(role, parseSettings({}));
      assert.ok(rights.length >= 18);
      assert.deepEqual(
        rights.filter((right) => !granted(right)),
        [],
      );
    });
  }
});

describe('bucketFindingOf', () => {
  const ISTIO = [0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500];
  const FINE = [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 75, 100, 150, 250, 500, 1000];
  it('recommends finer buckets where the ones of Istio are too coarse', () => {
    const [found] = bucketFindingOf(ISTIO, undefined);
    assert.equal(found?.level, 'warning');
    assert.match(found.message, /none between 10 and 25 ms/);
    assert.match(found.remedy ?? '', /statsHistogramBuckets/);
    assert.match(bucketFindingOf(ISTIO, 400)[0]?.message ?? '', /none between 100 and 250 ms/);
  });
  it('looks about the objective, and is content with what it recommends', () => {
    assert.equal(bucketFindingOf([10, 15, 20, 25, 30, 40, 900], 18)[0]?.level, 'ok');
    assert.equal(bucketFindingOf(FINE, 20)[0]?.level, 'ok');
    assert.equal(bucketFindingOf(FINE, undefined)[0]?.level, 'ok');
    assert.equal(bucketFindingOf([1, 2], 400)[0]?.level, 'warning');
    assert.deepEqual(bucketFindingOf([], 400), []);
  });
});

describe('probeTls', () => {
  it('tells trusted, distrusted and unreachable apart', async (t) => {
    const now = Date.now();
    const authority = await issueAuthority(now, 86_400_000);
    const other = await issueAuthority(now, 86_400_000);
    const leaf = await issueServer(authority, { dns: [], ip: ['127.0.0.1'] }, now);
    const server = createServer({ cert: leaf.certificatePem, key: leaf.privateKeyPem });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const at = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    const trusted = await probeTls({ ...at, caBundle: authority.certificatePem });
    assert.equal(trusted.kind, 'trusted');
    const distrusted = await probeTls({ ...at, caBundle: other.certificatePem });
    assert.equal(distrusted.kind, 'distrusted');

    const plain = createPlainServer((socket) => {
      socket.on('error', () => undefined);
      // Unread bytes would keep the connection, and with it the server, open.
      socket.resume();
      socket.end('no TLS here');
    });
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const { port } = plain.address() as AddressInfo;
    const spoken = await probeTls({ ...at, port, caBundle: authority.certificatePem });
    assert.ok(spoken.kind === 'unreachable' && spoken.reason.startsWith('no TLS'));
    await new Promise((resolve) => plain.close(resolve));
    const closed = await probeTls({ ...at, port, caBundle: authority.certificatePem });
    assert.ok(closed.kind === 'unreachable' && closed.reason.includes('ECONNREFUSED'));
  });
});

describe('renderFindings', () => {
  it('gives each finding a line and its remedy one of its own', () => {
    const findings: Finding[] = [
      { check: 'lease', level: 'ok', message: 'a leads' },
      { check: 'webhook', level: 'problem', message: 'gone', remedy: 'kubectl apply' },
    ];
    assert.equal(
      renderFindings(findings, styleOf(recorded())),
      'ok       lease    a leads\n' +
        'problem  webhook  gone\n' +
        '                  kubectl apply\n' +
        '\n1 problem, 0 warnings, 1 ok\n',
    );
  });
});
