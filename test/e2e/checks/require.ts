// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '../checks.ts';
import { ANNOTATIONS } from '../ledger.ts';
import { conditionOf, preferredTerms } from '../objects.ts';
import type { KubeObject, Pod } from '../objects.ts';
import { MACHINES, nodeName, TARGETS } from '../stage.ts';
import type { Stage } from '../stage.ts';
import { WebhookClient, replicaOf } from '../state/webhook.ts';
import { waitFor } from '../wait.ts';
import { barePod, controller, pathOf } from '../workloads.ts';

const NAMESPACE = 'require';
const APP = 'pinned';
/** A ReplicaSet that nobody has seen. */
const OWNER = { metadata: { name: 'probe-7d9c5b6f88', namespace: NAMESPACE, uid: 'u' } };
const REQUIRED_MARK = 'perihelion.dev/required';
const POLICY = {
  apiVersion: 'perihelion.dev/v1alpha1',
  kind: 'PlacementPolicy',
  metadata: { name: 'require' },
  spec: {
    mode: 'Require',
    holdoutPercent: 0,
    targets: [TARGETS.one],
    // Optimistic and never exploring: every Pod is sent to the one target.
    learning: {
      burnInDecisions: 0,
      epsilonThousandths: 0,
      epsilonFloorThousandths: 0,
      initialValueThousandths: 150,
    },
    release: { afterSeconds: 5, coolingOffSeconds: 120, evictionsPerHour: 5 },
  },
};
/** Nobody but the scheduler looks at host ports, so the target looks free and is not. */
const PORT = 8080;
const PORTED = {
  containers: [
    {
      name: 'main',
      image: 'registry.k8s.io/pause:3.10',
      ports: [{ containerPort: PORT, hostPort: PORT }],
      resources: { requests: { cpu: '50m', memory: '32Mi' } },
    },
  ],
};

/** A target that a Pod requires and cannot have is released, and the Pod runs elsewhere. */
export async function checkRequire(stage: Stage, root: string): Promise<void> {
  const { api, kubectl } = stage.controlPlane;
  const { checks, models } = stage;
  await api.create('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE, labels: { 'perihelion.dev/placement': 'enabled' } },
  });
  await kubectl.run('apply', '-f', join(root, 'manifests/components/evictions/rbac.yaml'));
  await api.create(`/apis/${POLICY.apiVersion}/namespaces/${NAMESPACE}/placementpolicies`, POLICY);
  await waitFor('the ServiceAccount and an observation', { timeoutSeconds: 60 }, async () => {
    const account = await api.find(`/api/v1/namespaces/${NAMESPACE}/serviceaccounts/default`);
    const health = models.observations.get(NAMESPACE)?.health[TARGETS.one];
    return account !== undefined && health === 'healthy';
  });
  const client = await WebhookClient.of(stage);
  await waitFor('decisions for the target', { timeoutSeconds: 60 }, async () => {
    // Each replica of the webhook sees policy and observation in its own time.
    for (const replica of stage.product.of('admission')) {
      const options = { namespace: NAMESPACE, dryRun: true };
      const { annotations } = await client.review(replica, replicaOf(OWNER), options);
      const action = annotations[ANNOTATIONS.action] ?? 'none';
      expect(action === TARGETS.one, `${replica.name}: a decision for ${action}`);
    }
    return true;
  });
  await client.close();
  const occupier = barePod('occupier', { spec: { ...PORTED, nodeName: nodeName(TARGETS.one) } });
  await api.create(pathOf('Pod', NAMESPACE), occupier);
  await api.create(
    pathOf('Deployment', NAMESPACE),
    controller('Deployment', APP, { replicas: 1, spec: PORTED }),
  );
  let first: Pod | undefined;
  const stuck = await checks.check('require: the target is in the required rule', async () => {
    first = await waitFor('an unschedulable Pod', { timeoutSeconds: 60 }, async () => {
      const [pod] = await podsOf(stage);
      if (pod === undefined) throw new Error('there is none');
      expect(conditionOf(pod, 'PodScheduled') === 'False', 'not looked at by the scheduler');
      return pod;
    });
    const rule = JSON.stringify(
      first.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution,
    );
    expect(rule.includes(`"${TARGETS.one}"`), `the rule is ${rule}`);
    expect(first.metadata.annotations?.[REQUIRED_MARK] === 'true', 'the Pod does not say so');
    return `${first.metadata.name} stays Pending with ${rule}`;
  });
  if (!stuck) return;
  await checks.check('require: what cannot be is released, and the Pod is bound', async () => {
    const begin = performance.now();
    const other = MACHINES.map(({ name }) => name).filter((name) => name !== nodeName(TARGETS.one));
    const bound = await waitFor('a bound Pod', { timeoutSeconds: 60 }, async () => {
      const found = await podsOf(stage);
      return found.find(({ spec }) => spec.nodeName !== undefined);
    });
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    expect(bound.metadata.uid !== first?.metadata.uid, 'it is the same Pod');
    expect(other.includes(bound.spec.nodeName ?? ''), `it is on ${bound.spec.nodeName ?? ''}`);
    expect(bound.metadata.annotations?.[REQUIRED_MARK] !== 'true', 'its target is required too');
    expect(preferredTerms(bound).length === 1, 'it has no preference');
    return `bound on ${bound.spec.nodeName ?? ''} after ${seconds} s`;
  });
  await checks.check('require: the release is told in Events, audit and status', async () => {
    const [events, policy] = await waitFor('them', { timeoutSeconds: 60 }, async () => {
      const list = await api.list<KubeObject & { reason?: string }>(
        `/apis/events.k8s.io/v1/namespaces/${NAMESPACE}/events`,
      );
      const own = list.filter(({ reason }) => reason === 'PlacementReleased');
      expect(own.length > 0, 'no Event');
      const object = await api.find<PolicyObject>(
        `/apis/${POLICY.apiVersion}/namespaces/${NAMESPACE}/placementpolicies/require`,
      );
      const condition = object?.status?.conditions?.find(({ type }) => type === 'Enforced');
      expect(condition?.reason === 'Released', `condition: ${JSON.stringify(condition)}`);
      return [own.length, condition.reason] as const;
    });
    const lines = await waitFor('the audit lines', { timeoutSeconds: 60 }, () => {
      const found = enforcementLines(stage);
      expect(found.includes('evicted'), `audit: ${found.join()}`);
      return found;
    });
    return `${events} Events, condition ${policy}, audit ${lines.join(', ')}`;
  });
  await checks.check(
    'require: a Pod that nobody makes again is only sent by preference',
    async () => {
      const pod = await api.create<Pod>(pathOf('Pod', NAMESPACE), barePod('alone'));
      const { nodeAffinity } = pod.spec.affinity ?? {};
      expect(preferredTerms(pod).length === 1, 'it has no preference');
      expect(
        nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution === undefined,
        'it has a required rule',
      );
      return `decision ${pod.metadata.annotations?.[ANNOTATIONS.id] ?? ''} prefers`;
    },
  );
}

interface PolicyObject extends KubeObject {
  readonly status?: { readonly conditions?: readonly { type: string; reason: string }[] };
}

async function podsOf({ controlPlane }: Stage): Promise<readonly Pod[]> {
  return controlPlane.api.list<Pod>(`${pathOf('Pod', NAMESPACE)}?labelSelector=app%3D${APP}`);
}

/** Results of the enforcement lines of every audit log of the product. */
function enforcementLines({ product }: Stage): string[] {
  // A replica that has had nothing to write yet has no file.
  return product.auditFiles.filter(existsSync).flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.includes('"kind":"enforcement"'))
      .map((line) => JSON.parse(line) as { change: string; result?: string })
      .map(({ change, result }) => result ?? change),
  );
}
