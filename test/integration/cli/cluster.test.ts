// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Explanation } from '#cli/explain/explanation.ts';
import type { Finding } from '#cli/doctor/finding.ts';
import type { KubeObject } from '#simulator/kube/kube.ts';
import { frontOf, type Front } from './front.ts';
import { NAMESPACE, run, stage, type Stage, SYSTEM } from './stage.ts';

let world: Stage;
let access: string[];

before(async () => {
  world = await stage();
  for (let rollout = 0; rollout < 4; rollout += 1) await world.rollout();
  access = ['--kubeconfig', world.kubeconfig, '--config', world.config];
});

after(async () => {
  await world.stop();
  world.remove();
});

function pods(): readonly KubeObject[] {
  return world.cluster
    .objects('pods')
    .filter(
      ({ metadata }) =>
        metadata.namespace === NAMESPACE && metadata.deletionTimestamp === undefined,
    );
}

function placed(): KubeObject {
  const pod = pods().find(({ metadata }) =>
    metadata.annotations?.['perihelion.dev/action']?.startsWith('worker-'),
  );
  assert.ok(pod !== undefined, 'the agent asked for no target');
  return pod;
}

describe('perihelion explain', () => {
  const explain = async (pod: string, ...more: string[]): Promise<Explanation> => {
    const { code, stdout, stderr } = await run(['explain', pod, ...access, '-o', 'json', ...more]);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as Explanation;
  };

  it('tells the decision, its signature, the alternatives and where the Pod landed', async () => {
    const { metadata, spec } = placed();
    const annotations = metadata.annotations ?? {};
    const explanation = await explain(`${NAMESPACE}/${metadata.name ?? ''}`);
    const { decision, landed, actions } = explanation;
    assert.ok(decision !== undefined && landed !== undefined);
    assert.equal(decision.id, annotations['perihelion.dev/decision-id']);
    assert.equal(decision.action, annotations['perihelion.dev/action']);
    assert.equal(decision.signature, 'valid');
    assert.equal(explanation.workload, annotations['perihelion.dev/workload']);
    assert.equal(landed.node, spec?.['nodeName']);
    assert.equal(landed.asAsked, landed.target === decision.action);
    assert.deepEqual(actions.map(({ action }) => action).sort(), [
      '(default)',
      'master',
      'worker-1',
      'worker-2',
    ]);
    assert.ok(actions.find(({ chosen }) => chosen)?.action === decision.action);
    assert.ok((explanation.adherence?.asked ?? 0) > 0);
  });

  it('adds from the audit log what was infeasible, the values then, and what was earned', async () => {
    const name = placed().metadata.name ?? '';
    const explanation = await explain(name, '-n', NAMESPACE, '--audit', world.audit);
    const master = explanation.actions.find(({ action }) => action === 'master');
    assert.equal(master?.infeasible, 'not-tolerated');
    const chosen = explanation.actions.find((row) => row.chosen);
    assert.equal(typeof chosen?.valueThen, 'number');
    assert.ok(['greedy', 'explore'].includes(explanation.decision?.choice ?? ''));
    assert.equal(explanation.settlement.kind, 'entry');
  });

  it('is readable', async () => {
    const name = placed().metadata.name ?? '';
    const { stdout } = await run(['explain', `${NAMESPACE}/${name}`, ...access]);
    assert.match(stdout, /^Signature {3}valid$/m);
    assert.match(stdout, /^Action {6}prefer worker-\d: .*probability 0\.\d+/m);
    assert.match(stdout, /^worker-\d +[+-]\d\.\d{3} .*chosen$/m);
  });

  it('does not believe a decision that was copied to another Pod', async () => {
    const { metadata } = placed();
    await world.cluster.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'copy', namespace: 'default', annotations: { ...metadata.annotations } },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    });
    const { decision } = await explain('default/copy');
    assert.equal(decision?.signature, 'forged');
  });

  it('shows a forged decision whose time is none, for people too', async () => {
    const { metadata } = placed();
    const time = { 'perihelion.dev/decided-at': '9e99', 'perihelion.dev/propensity': 'much' };
    await world.cluster.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...{ name: 'timeless', namespace: 'default' },
        annotations: { ...metadata.annotations, ...time },
      },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    });
    const { code, stdout, stderr } = await run(['explain', 'default/timeless', ...access]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^Decision {4}\S+, policy /m);
    assert.match(stdout, /^Signature {3}not valid: /m);
    assert.doesNotMatch(stdout, /NaN/);
  });

  it('says why a Pod has no decision', async () => {
    const daemon = world.cluster
      .objects('pods')
      .find(({ metadata }) => metadata.namespace === 'kepler');
    const first = await explain(`kepler/${daemon?.metadata.name ?? ''}`);
    assert.equal(first.decision, undefined);
    assert.equal(first.leftAlone?.reason, 'daemon-set');
    const bare = async (name: string, namespace: string, labels = {}): Promise<Explanation> => {
      await world.cluster.apply({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace, labels },
        spec: { containers: [{ name: 'c', image: 'i' }] },
      });
      return explain(`${namespace}/${name}`);
    };
    const outside = await bare('outside', 'default');
    assert.equal(outside.leftAlone?.reason, 'namespace-not-opted-in');
    assert.match(outside.leftAlone.detail, /kubectl label namespace default /);
    const out = await bare('out', NAMESPACE, { 'perihelion.dev/placement': 'disabled' });
    assert.equal(out.leftAlone?.reason, 'opted-out');
    await world.product.audit.flush(5000);
    const logged = await explain(`${NAMESPACE}/out`, '--audit', world.audit);
    assert.deepEqual([logged.leftAlone?.reason, logged.leftAlone?.source], ['opted-out', 'audit']);
  });

  it('refuses a Pod that is not there and a cluster that does not answer', async () => {
    const absent = await run(['explain', 'default/absent', ...access]);
    assert.equal(absent.code, 2);
    assert.match(absent.stderr, /^perihelion: PERI_SETTINGS_INVALID: POD: found "default\/absent"/);
    const file = join(world.folder, 'nowhere');
    const server = 'http://127.0.0.1:1';
    writeFileSync(
      file,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'x',
        clusters: [{ name: 'x', cluster: { server, 'insecure-skip-tls-verify': true } }],
        users: [{ name: 'x', user: {} }],
        contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
      }),
    );
    const away = await run(['explain', 'default/absent', '--kubeconfig', file]);
    assert.equal(away.code, 1);
    assert.match(away.stderr, /^perihelion: PERI_KUBERNETES_REQUEST: GET [^\n]*\n$/);
  });
});

describe('perihelion doctor', () => {
  let front: Front;
  before(async () => {
    front = await frontOf(world.cluster.url, world.folder);
  });
  after(() => front.close());

  const examine = async (): Promise<{ code: number; findings: Finding[] }> => {
    const args = ['doctor', '--kubeconfig', front.kubeconfig, '--config', world.config];
    const { code, stdout, stderr } = await run([...args, '-o', 'json']);
    assert.notEqual(stdout, '', stderr);
    return { code, findings: (JSON.parse(stdout) as { findings: Finding[] }).findings };
  };
  const problems = (findings: readonly Finding[]): string[] =>
    findings
      .filter(({ level }) => level === 'problem')
      .map(({ check, message }) => `${check}: ${message}`);

  it('finds nothing wrong with an installation that is well', async () => {
    const { code, findings } = await examine();
    assert.deepEqual(problems(findings), []);
    assert.equal(code, 0);
    const well = findings.filter(({ level }) => level === 'ok').map(({ check }) => check);
    for (const check of [
      'definitions',
      'webhook',
      'certificate',
      'dry-run',
      'rights',
      'fail-open',
      'namespaces',
      'policies',
      'lease',
      'models',
      'adherence',
      'telemetry',
    ]) {
      assert.ok(well.includes(check), check);
    }
    const coarse = findings.find(({ check }) => check === 'histogram');
    assert.match(coarse?.remedy ?? '', /sidecar\.istio\.io\/statsHistogramBuckets/);
  });

  it('finds missing rights by name', async () => {
    front.deny = ({ verb, resource }) =>
      verb === 'patch' && resource === 'mutatingwebhookconfigurations';
    const { code, findings } = await examine();
    front.deny = () => false;
    assert.equal(code, 1);
    assert.deepEqual(problems(findings), [
      'rights: perihelion-admission may not patch mutatingwebhookconfigurations.admissionregistration.k8s.io',
    ]);
  });

  it('warns when the API server went on without the webhook', async () => {
    front.failedOpen = 7;
    const { code, findings } = await examine();
    front.failedOpen = 0;
    assert.equal(code, 0);
    const finding = findings.find(({ check }) => check === 'fail-open');
    assert.equal(finding?.level, 'warning');
    assert.match(finding.message, / 7 times /);
  });

  it('finds a caBundle that does not trust the webhook, and that Pods then go without', async () => {
    const own = configuration();
    const other = structuredClone(own) as unknown as {
      webhooks: { clientConfig: { caBundle: string } }[];
    };
    const [webhook] = other.webhooks;
    assert.ok(webhook !== undefined);
    webhook.clientConfig.caBundle = Buffer.from(FOREIGN_CA).toString('base64');
    await world.cluster.apply(other as unknown as KubeObject);
    const { code, findings } = await examine();
    await world.cluster.apply(own);
    assert.equal(code, 1);
    const found = problems(findings);
    assert.ok(
      found.some((one) => one.startsWith('certificate: ')),
      found.join('\n'),
    );
    assert.ok(
      found.some((one) => one.startsWith('dry-run: ')),
      found.join('\n'),
    );
  });

  it('finds a configuration that could stop the cluster', async () => {
    const own = configuration();
    const other = structuredClone(own) as unknown as { webhooks: Record<string, unknown>[] };
    const [webhook] = other.webhooks;
    assert.ok(webhook !== undefined);
    webhook['failurePolicy'] = 'Fail';
    webhook['timeoutSeconds'] = 30;
    webhook['namespaceSelector'] = {};
    await world.cluster.apply(other as unknown as KubeObject);
    const { findings } = await examine();
    await world.cluster.apply(own);
    const webhookFindings = findings.filter(({ check }) => check === 'webhook');
    assert.deepEqual(
      webhookFindings.map(({ level, message }) => `${level} ${message.split(':')[0] ?? ''}`),
      [
        'problem failurePolicy is not Ignore',
        'warning timeout is 30 s',
        `problem namespace ${SYSTEM} is not exempt`,
        'problem namespace kube-system is not exempt',
        'warning the namespaceSelector does not ask for perihelion.dev/placement=enabled',
      ],
    );
    assert.match(
      webhookFindings[0]?.remedy ?? '',
      /^kubectl patch mutatingwebhookconfiguration perihelion --type json/,
    );
  });

  it('names the policy that cannot be used', async () => {
    await world.cluster.apply({
      apiVersion: 'perihelion.dev/v1alpha1',
      kind: 'PlacementPolicy',
      metadata: { name: 'bad', namespace: 'default' },
      spec: { holdoutPercent: 101 },
    });
    const { code, findings } = await examine();
    assert.equal(code, 1);
    const [found] = problems(findings);
    assert.match(
      found ?? '',
      /^policies: PlacementPolicy default\/bad cannot be used: spec\.holdoutPercent: found 101/,
    );
  });

  function configuration(): KubeObject {
    const [found] = world.cluster.objects(
      'mutatingwebhookconfigurations',
      'admissionregistration.k8s.io',
    );
    assert.ok(found !== undefined);
    const { apiVersion, kind, metadata, ...rest } = structuredClone(found);
    return { apiVersion, kind, metadata: { name: metadata.name }, ...rest } as KubeObject;
  }
});

let FOREIGN_CA = '';
before(async () => {
  const { issueAuthority } = await import('#certs/issue.ts');
  FOREIGN_CA = (await issueAuthority(Date.now(), 86_400_000)).certificatePem;
});
