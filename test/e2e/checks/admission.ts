// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import { expect } from '../checks.ts';
import { ANNOTATIONS, DEFAULT_ACTION, TOPOLOGY_KEY, preferredTargets } from '../ledger.ts';
import { preferredTerms } from '../objects.ts';
import type { Pod } from '../objects.ts';
import { PLAIN, PROBE, TAINT, TARGETS, nodeName } from '../stage.ts';
import type { Stage } from '../stage.ts';
import { waitFor } from '../wait.ts';
import { barePod, controller, job, pathOf } from '../workloads.ts';

const WORKERS: readonly string[] = [TARGETS.one, TARGETS.two];
const TOLERATIONS = [{ key: TAINT, operator: 'Exists' }];

/** Affinity that a user wrote; it must survive as it is. */
const OWN_TERM = {
  weight: 10,
  preference: {
    matchExpressions: [{ key: 'kubernetes.io/arch', operator: 'In', values: ['amd64'] }],
  },
};
const OWN_REQUIRED = {
  nodeSelectorTerms: [
    { matchExpressions: [{ key: TOPOLOGY_KEY, operator: 'In', values: [TARGETS.two] }] },
  ],
};

/**
 * Eligible workloads: how many Pods each has, and the targets that are open to them. Nothing is
 * known of them, so every open target and the default action are drawn alike: a group is said to
 * have a term only where none in it would be one run in a million (`expectInjected`).
 */
const ELIGIBLE: Readonly<
  Record<string, { pods: number; targets: readonly string[]; key: string }>
> = {
  web: { pods: 13, targets: WORKERS, key: 'Deployment/web' },
  tolerant: { pods: 10, targets: [...WORKERS, TARGETS.tainted], key: 'Deployment/tolerant' },
  pinned: { pods: 20, targets: [TARGETS.two], key: 'Deployment/pinned' },
  store: { pods: 3, targets: WORKERS, key: 'StatefulSet/store' },
  batch: { pods: 1, targets: WORKERS, key: 'Job/batch' },
};

/** Pods that must be left as they are, and why. */
const UNTOUCHED: readonly { name: string; namespace: string; why: string; pod: object }[] = [
  {
    ...{ name: 'opted-out-label', namespace: PROBE, why: 'opted out by label' },
    pod: barePod('opted-out-label', { labels: { 'perihelion.dev/placement': 'disabled' } }),
  },
  {
    ...{ name: 'opted-out-annotation', namespace: PROBE, why: 'opted out by annotation' },
    pod: barePod('opted-out-annotation', {
      annotations: { 'perihelion.dev/placement': 'disabled' },
    }),
  },
  {
    ...{ name: 'named-node', namespace: PROBE, why: 'nodeName is set' },
    pod: barePod('named-node', { spec: { nodeName: nodeName(TARGETS.one) } }),
  },
  {
    ...{ name: 'other-scheduler', namespace: PROBE, why: 'another scheduler' },
    pod: barePod('other-scheduler', { spec: { schedulerName: 'other' } }),
  },
  {
    ...{ name: 'system', namespace: 'kube-system', why: 'kube-system, even when labelled' },
    pod: barePod('system'),
  },
  { ...{ name: 'plain', namespace: PLAIN, why: 'namespace not opted in' }, pod: barePod('plain') },
];

/** Who is met and who is left alone, and what is written on those who are met. */
export async function checkAdmission(stage: Stage): Promise<void> {
  const { api } = stage.controlPlane;
  await stage.checks.check('eligibility: Pods of every kind are created', () => createAll(stage));
  const pods = await api.list<Pod>(`/api/v1/namespaces/${PROBE}/pods`);
  const groups = Map.groupBy(pods, (pod) => pod.metadata.labels?.['app'] ?? '');
  for (const [name, expected] of Object.entries(ELIGIBLE)) {
    await stage.checks.check(`injection: ${expected.key}`, () =>
      expectInjected(name, groups.get(name) ?? []),
    );
  }
  await stage.checks.check('injection: the affinity that a user wrote is kept', () =>
    expectOwnAffinity(groups.get('pinned') ?? []),
  );
  await stage.checks.check('injection: the unmeasured node is never preferred', () => {
    const wrong = pods.filter((pod) => preferredTargets(pod).includes(TARGETS.dark));
    expect(wrong.length === 0, `${wrong.length} Pods prefer ${TARGETS.dark}`);
    return `none of ${pods.length} Pods prefers ${TARGETS.dark}`;
  });
  await stage.checks.check('left alone: DaemonSet', () =>
    expectUntouched(groups.get('agent') ?? []),
  );
  for (const { name, namespace, why } of UNTOUCHED) {
    await stage.checks.check(`left alone: ${why}`, async () =>
      expectUntouched([await api.get<Pod>(`/api/v1/namespaces/${namespace}/pods/${name}`)]),
    );
  }
}

async function createAll(stage: Stage): Promise<string> {
  const { api } = stage.controlPlane;
  const own = {
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: OWN_REQUIRED,
        preferredDuringSchedulingIgnoredDuringExecution: [OWN_TERM],
      },
    },
  };
  const objects: readonly (readonly [string, object])[] = [
    ['Deployment', controller('Deployment', 'web', { replicas: ELIGIBLE['web']!.pods })],
    [
      'Deployment',
      controller('Deployment', 'tolerant', {
        replicas: ELIGIBLE['tolerant']!.pods,
        spec: { tolerations: TOLERATIONS },
      }),
    ],
    [
      'Deployment',
      controller('Deployment', 'pinned', { replicas: ELIGIBLE['pinned']!.pods, spec: own }),
    ],
    ['StatefulSet', controller('StatefulSet', 'store', { replicas: ELIGIBLE['store']!.pods })],
    ['DaemonSet', controller('DaemonSet', 'agent', { spec: { tolerations: TOLERATIONS } })],
    ['Job', job('batch')],
  ];
  for (const [kind, object] of objects) await api.create(pathOf(kind, PROBE), object);
  for (const { namespace, pod } of UNTOUCHED) await api.create(pathOf('Pod', namespace), pod);
  const total = Object.values(ELIGIBLE).reduce((sum, one) => sum + one.pods, 0);
  return waitFor('bound Pods', { timeoutSeconds: 60 }, async () => {
    const pods = await api.list<Pod>(`/api/v1/namespaces/${PROBE}/pods`);
    const bound = pods.filter(
      (pod) => (pod.metadata.labels?.['app'] ?? '') in ELIGIBLE && pod.spec.nodeName !== undefined,
    );
    const agents = pods.filter((pod) => pod.metadata.labels?.['app'] === 'agent');
    if (bound.length < total || agents.length < Object.keys(TARGETS).length) {
      throw new Error(`${bound.length} of ${total} bound`);
    }
    return `${bound.length} eligible Pods bound by the stock scheduler`;
  });
}

/** Every Pod carries a whole decision; one with a target has exactly the one term for it. */
function expectInjected(name: string, pods: readonly Pod[]): string {
  const { pods: count, targets, key } = ELIGIBLE[name]!;
  expect(pods.length === count, `${pods.length} Pods instead of ${count}`);
  const seen = new Map<string, number>();
  for (const pod of pods) {
    const annotations = pod.metadata.annotations ?? {};
    const missing = Object.values(ANNOTATIONS).filter((one) => annotations[one] === undefined);
    expect(missing.length === 0, `${pod.metadata.name} lacks ${missing.join(', ')}`);
    expect(
      annotations[ANNOTATIONS.workload] === key,
      `workload is ${annotations[ANNOTATIONS.workload] ?? ''}`,
    );
    const action = annotations[ANNOTATIONS.action] ?? '';
    const preferred = preferredTargets(pod);
    const wanted = action === DEFAULT_ACTION ? [] : [action];
    expect(
      isDeepStrictEqual(preferred, wanted),
      `${pod.metadata.name}: action ${action}, but prefers ${preferred.join(', ') || 'nothing'}`,
    );
    expect(
      wanted.every((one) => targets.includes(one)),
      `${pod.metadata.name} prefers ${action}`,
    );
    seen.set(action, (seen.get(action) ?? 0) + 1);
  }
  const injected = pods.length - (seen.get(DEFAULT_ACTION) ?? 0);
  const chanceOfNone = (1 / (targets.length + 1)) ** count;
  expect(injected > 0 || chanceOfNone > 1e-6, 'not one Pod got a term');
  return [...seen].map(([action, times]) => `${action} x${times}`).join(', ');
}

function expectOwnAffinity(pods: readonly Pod[]): string {
  for (const pod of pods) {
    const [first, ...rest] = preferredTerms(pod);
    expect(isDeepStrictEqual(first, OWN_TERM), `first preferred term is ${JSON.stringify(first)}`);
    expect(rest.length <= 1, `${rest.length} terms were added`);
    const required =
      pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    expect(isDeepStrictEqual(required, OWN_REQUIRED), `required is ${JSON.stringify(required)}`);
    expect(
      pod.spec.nodeName === nodeName(TARGETS.two),
      `bound to ${pod.spec.nodeName ?? 'nothing'}`,
    );
  }
  return `${pods.length} Pods keep their required and their first preferred term`;
}

function expectUntouched(pods: readonly Pod[]): string {
  expect(pods.length > 0, 'no such Pod');
  for (const pod of pods) {
    const ours = Object.keys(pod.metadata.annotations ?? {}).filter(
      (key) => key.startsWith('perihelion.dev/') && key !== 'perihelion.dev/placement',
    );
    expect(ours.length === 0, `${pod.metadata.name} carries ${ours.join(', ')}`);
    const terms = preferredTerms(pod);
    expect(terms.length === 0, `${pod.metadata.name} prefers ${JSON.stringify(terms)}`);
  }
  return `${pods.length} Pods without a trace`;
}
