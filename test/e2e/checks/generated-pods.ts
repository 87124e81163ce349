// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import type { NodeSelectorTerm, SlimNode } from '#cluster/objects/slim.ts';
import {
  affinityAllows,
  selectorAllows,
  taintsAllow,
  type RawToleration,
} from '../../unit/properties/oracle.ts';
import { readProductLines } from '../audit-lines.ts';
import { expect } from '../checks.ts';
import { ANNOTATIONS, DEFAULT_ACTION, TOPOLOGY_KEY } from '../ledger.ts';
import { conditionOf, preferredTerms } from '../objects.ts';
import type { Node, Pod, PreferredTerm } from '../objects.ts';
import { PROBE, TAINT, TARGETS } from '../stage.ts';
import type { Stage } from '../stage.ts';
import { waitFor } from '../wait.ts';
import { barePod, pathOf } from '../workloads.ts';

const COUNT = 500;
const AT_ONCE = 8;
const SEED = 20_260_101;

/** Reasons that the rules of the Pod have no part in. */
const OTHER_REASONS: ReadonlySet<string> = new Set(['not-measured', 'no-room']);

/** What a generated Pod asks for, all of it legal for the API server. */
interface Wish {
  readonly name: string;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly RawToleration[];
  readonly required: readonly NodeSelectorTerm[] | undefined;
  readonly preferred: readonly PreferredTerm[];
}

/** A Pod as the API server would have stored it, and what was asked. */
interface Answered {
  readonly wish: Wish;
  readonly pod: Pod;
}

/** What an audit line says of the targets of one decision. */
interface Verdicts {
  readonly candidates: readonly { readonly action: string }[];
  readonly infeasible: readonly { readonly action: string; readonly reason: string }[];
}

/**
 * Five hundred Pods with random rules through the real API server (server-side dry run): what comes
 * back is legal, holds everything that the user wrote, prefers only what the rules allow, and the
 * product's idea of the rules is that of an oracle, node by node.
 */
export async function checkGeneratedPods(stage: Stage): Promise<void> {
  const { api } = stage.controlPlane;
  const nodes = (await api.list<Node>('/api/v1/nodes')).map(slim);
  let answered: readonly Answered[] = [];
  const created = await stage.checks.check(`generated Pods: ${COUNT} are accepted`, async () => {
    answered = await createAll(stage, wishes());
    return `${answered.length} Pods, seed ${SEED}`;
  });
  if (!created) return;
  await stage.checks.check('generated Pods: everything that the user wrote is kept', () => {
    for (const one of answered) expectKept(one);
    return `${answered.length} Pods keep their rules and preferences`;
  });
  await stage.checks.check(
    'generated Pods: the term is there exactly where an action says so',
    () => {
      const terms = answered.filter(expectTerm).length;
      expect(terms > 0 && terms < answered.length, `${terms} of ${answered.length} got a term`);
      return `${terms} of ${answered.length} got a term, each for a node that the rules allow`;
    },
  );
  await stage.checks.check('generated Pods: the rules mean to the product what they say', () =>
    expectSameMeaning(stage, answered, nodes),
  );

  function expectTerm({ wish, pod }: Answered): boolean {
    const action = pod.metadata.annotations?.[ANNOTATIONS.action];
    expect(action !== undefined, `${wish.name} carries no decision`);
    const added = preferredTerms(pod).slice(wish.preferred.length);
    if (action === DEFAULT_ACTION) {
      expect(added.length === 0, `${wish.name}: a term although nothing was chosen`);
      return false;
    }
    const weight = Math.min(100, ...wish.preferred.map((term) => term.weight));
    const matchExpressions = [{ key: TOPOLOGY_KEY, operator: 'In', values: [action] }];
    expect(
      isDeepStrictEqual(added, [{ weight, preference: { matchExpressions } }]),
      `${wish.name}: ${JSON.stringify(added)} for ${action}`,
    );
    expect(
      nodes.some((node) => node.labels[TOPOLOGY_KEY] === action && allows(wish, node)),
      `${wish.name}: no node of ${action} takes it`,
    );
    return true;
  }
}

/** The user's preferences come first and in order; required rules and the rest are as sent. */
function expectKept({ wish, pod }: Answered): void {
  const spec = pod.spec as Pod['spec'] & {
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly tolerations?: readonly RawToleration[];
  };
  const kept = preferredTerms(pod).slice(0, wish.preferred.length);
  expect(isDeepStrictEqual(kept, wish.preferred), `${wish.name}: preferences changed`);
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const sent = wish.required === undefined ? undefined : { nodeSelectorTerms: wish.required };
  expect(
    isDeepStrictEqual(required, sent),
    `${wish.name}: required is ${JSON.stringify(required)}`,
  );
  expect(
    isDeepStrictEqual(spec.nodeSelector ?? {}, wish.nodeSelector),
    `${wish.name}: nodeSelector changed`,
  );
  // The API server adds two tolerations of its own.
  const tolerations = (spec.tolerations ?? []).slice(0, wish.tolerations.length);
  expect(isDeepStrictEqual(tolerations, wish.tolerations), `${wish.name}: tolerations changed`);
}

/** The audit lines' candidates are exactly the targets that the oracle leaves. */
async function expectSameMeaning(
  stage: Stage,
  answered: readonly Answered[],
  nodes: readonly SlimNode[],
): Promise<string> {
  const byId = new Map(
    answered.map(({ wish, pod }) => [pod.metadata.annotations?.[ANNOTATIONS.id] ?? '', wish]),
  );
  const lines = await waitFor('the audit lines', { timeoutSeconds: 60 }, () => {
    const found = readProductLines(stage.product.auditFiles).filter(
      (line) => line.decision !== undefined && byId.has(line.decision.id),
    );
    return found.length >= answered.length ? found : undefined;
  });
  let compared = 0;
  for (const { decision } of lines) {
    const wish = byId.get(decision?.id ?? '');
    if (decision === undefined || wish === undefined) continue;
    const { candidates, infeasible } = decision as unknown as Verdicts;
    const feasible = new Set(candidates.map(({ action }) => action));
    const reasons = new Map(infeasible.map(({ action, reason }) => [action, reason]));
    for (const node of nodes) {
      const target = node.labels[TOPOLOGY_KEY] ?? '';
      if (OTHER_REASONS.has(reasons.get(target) ?? '')) continue;
      expect(
        feasible.has(target) === allows(wish, node),
        `${wish.name}: ${target} is ${reasons.get(target) ?? 'feasible'}`,
      );
      compared += 1;
    }
  }
  expect(compared > answered.length, `only ${compared} verdicts could be compared`);
  return `${compared} verdicts on ${nodes.length} nodes`;
}

function allows(wish: Wish, node: SlimNode): boolean {
  return (
    node.ready &&
    !node.unschedulable &&
    taintsAllow(wish.tolerations, node) &&
    selectorAllows(wish.nodeSelector, node) &&
    (wish.required === undefined || affinityAllows(wish.required, node))
  );
}

async function createAll(stage: Stage, all: readonly Wish[]): Promise<readonly Answered[]> {
  const { api } = stage.controlPlane;
  const path = `${pathOf('Pod', PROBE)}?dryRun=All`;
  const answered: Answered[] = [];
  const queue = all.values();
  const worker = async (): Promise<void> => {
    for (const wish of queue) {
      answered.push({ wish, pod: await api.create<Pod>(path, podOf(wish)) });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return answered;
}

function podOf(wish: Wish): object {
  const nodeAffinity = {
    ...(wish.required === undefined
      ? {}
      : { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: wish.required } }),
    ...(wish.preferred.length === 0
      ? {}
      : { preferredDuringSchedulingIgnoredDuringExecution: wish.preferred }),
  };
  const bare = Object.keys(nodeAffinity).length === 0;
  return barePod(wish.name, {
    spec: {
      // Nothing, null and an empty object must all mean the same.
      affinity: bare ? [undefined, null, {}][wish.name.length % 3] : { nodeAffinity },
      nodeSelector: wish.nodeSelector,
      tolerations: wish.tolerations,
    },
  });
}

function slim(node: Node): SlimNode {
  const spec = node.spec as { readonly unschedulable?: boolean } | undefined;
  return {
    name: node.metadata.name,
    labels: node.metadata.labels ?? {},
    taints: (node.spec?.taints ?? []).map((taint) => ({ value: '', ...taint })),
    unschedulable: spec?.unschedulable === true,
    ready: conditionOf(node, 'Ready') === 'True',
    allocatable: { cpuMillicores: 0, memoryBytes: 0, pods: 0 },
  };
}

/** The Pods of this check, the same in every run. */
function wishes(): readonly Wish[] {
  const random = generator(SEED);
  const below = (bound: number): number => Math.floor(random() * bound);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)]!;
  const some = <T>(most: number, make: () => T): T[] =>
    Array.from({ length: below(most + 1) }, make);
  const names = Object.values(TARGETS);
  const values: readonly string[] = [...names, 'amd64', 'linux', 'nowhere'];
  const keys = [TOPOLOGY_KEY, TOPOLOGY_KEY, 'kubernetes.io/arch', 'kubernetes.io/os', 'none'];

  const expression = (): { key: string; operator: string; values?: string[] } => {
    const operator = pick(['In', 'In', 'NotIn', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt']);
    const key = pick(keys);
    if (operator === 'Exists' || operator === 'DoesNotExist') return { key, operator };
    if (operator === 'Gt' || operator === 'Lt')
      return { key, operator, values: [String(below(9))] };
    return { key, operator, values: [pick(values), ...some(2, () => pick(values))] };
  };
  const field = () => ({
    key: 'metadata.name',
    operator: pick(['In', 'NotIn']),
    values: [`${pick(names)}.e2e.internal`],
  });
  const term = (): NodeSelectorTerm => {
    const fields = random() < 0.2 ? { matchFields: [field()] } : {};
    return { matchExpressions: [expression(), ...some(1, expression)], ...fields };
  };
  const toleration = (): RawToleration => {
    const effect = pick([{}, { effect: 'NoSchedule' }, { effect: 'NoExecute' }]);
    return pick<RawToleration>([
      { operator: 'Exists', ...effect },
      { key: TAINT, operator: 'Exists', ...effect },
      { key: TAINT, operator: 'Equal', value: pick(names), ...effect },
      { key: 'other', operator: 'Exists', ...effect },
    ]);
  };
  return Array.from({ length: COUNT }, (_, index) => ({
    name: `generated-${index}`,
    nodeSelector: random() < 0.15 ? { [TOPOLOGY_KEY]: pick(names) } : {},
    tolerations: random() < 0.4 ? [toleration(), ...some(1, toleration)] : [],
    required: random() < 0.5 ? [term(), ...some(2, term)] : undefined,
    preferred: some(3, () => ({
      weight: 1 + below(100),
      preference: { matchExpressions: [expression()] },
    })),
  }));
}

/** A small seeded generator of numbers in [0, 1): mulberry32. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
