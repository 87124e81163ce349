// SPDX-License-Identifier: Apache-2.0
import { decide } from '#admission/decision/decide.ts';
import { incomingPod } from '#admission/pod/incoming-pod.ts';
import { Memory } from '#admission/decision/memory.ts';
import { epsilonAt, hyperparametersOf } from '#agent/terms/hyperparameters.ts';
import { cellOf, estimateOf } from '#agent/learning/estimate.ts';
import { DECISION_ANNOTATIONS, REQUIRED_ANNOTATION } from '#cluster/decision/annotations.ts';
import type { Informers } from '#cluster/mirror/informers.ts';
import {
  asObject,
  asObjects,
  asText,
  asTextMap,
  isObject,
  type JsonObject,
} from '#cluster/wire/json.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { PlacementPolicy } from '#cluster/policy/policy.ts';
import type { CapacityPort, Preview } from '#learner/capacity/ports.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';

/** What a preview is made with. */
export interface PreviewOptions {
  readonly informers: Pick<Informers, 'view' | 'policies' | 'models'>;
  readonly decisionKeys: Buffer;
  readonly now: () => number;
}

/**
 * What the webhook would make of a running Pod if it came again: the very decision it takes, from
 * the same informers, but always the best known action and without a trace. The memory is filled
 * at the first question, so that who never moves a Pod pays nothing for it.
 */
export function createPreview(options: PreviewOptions): CapacityPort['preview'] {
  const { informers, now } = options;
  let memory: Memory | undefined;
  const ready = (): Memory => {
    if (memory !== undefined) return memory;
    const { view, policies } = informers;
    const made = new Memory({ view, policies, keys: options.decisionKeys, now });
    view.onPod((change) => {
      if (change.after === undefined) made.podGone(change.before);
      else made.podSeen(change.after);
    });
    for (const pod of view.allPods()) made.podSeen(pod);
    memory = made;
    return made;
  };
  return (pod, landed) => {
    const namespace = asText(asObject(pod['metadata'])['namespace']);
    const policy = informers.policies.policyFor(namespace);
    const { mode } = policy.spec;
    if (mode === 'Off' || mode === 'Shadow') return undefined;
    const decision = decide({
      pod: incomingPod(requestFor(namespace, again(pod, policy))),
      policy: greedy(policy),
      view: informers.view,
      models: informers.models,
      memory: ready(),
      now: now(),
      newId: () => 'preview',
      checkpoint: () => undefined,
    });
    const { record, choice } = decision;
    const shard = informers.models.shard(namespace, policy.name, record.workload);
    const prior = informers.models.shard(namespace, policy.name, `Tier/${record.tier}`);
    const h = hyperparametersOf(policy.spec.learning);
    const here = estimateOf(
      cellOf(shard?.cells, record.state, landed),
      cellOf(prior?.cells, record.state, landed),
      landed,
      h,
    );
    return {
      state: record.state,
      best: choice.action,
      values: choice.values,
      here,
      likelihood: likelihoodOf(policy, shard),
    } satisfies Preview;
  };
}

/** Chance that a new Pod is really sent to the best target and lands there. */
function likelihoodOf({ spec }: PlacementPolicy, shard: ModelShard | undefined): number {
  const epsilon = epsilonAt(hyperparametersOf(spec.learning), shard?.episodes ?? 0);
  const asked = shard?.asked ?? 0;
  // Without a history the scheduler is taken to follow.
  const followed = asked > 0 ? (shard?.followed ?? 0) / asked : 1;
  const acted = (spec.canaryPercent / 100) * (1 - spec.holdoutPercent / 100) * (1 - epsilon);
  return acted * followed;
}

function greedy(policy: PlacementPolicy): PlacementPolicy {
  const { spec } = policy;
  return {
    ...policy,
    spec: {
      ...spec,
      holdoutPercent: 0,
      learning: { ...spec.learning, epsilonThousandths: 0, epsilonFloorThousandths: 0 },
      exploration: { ...spec.exploration, budgetPerHour: 0 },
    },
  };
}

/** The Pod as its controller would send it: unbound, and without what an own decision required. */
function again(pod: JsonObject, { spec: { topologyKey } }: PlacementPolicy): JsonObject {
  const metadata = asObject(pod['metadata']);
  const annotations = asTextMap(metadata['annotations']);
  const spec = without(asObject(pod['spec']), 'nodeName');
  if (annotations[REQUIRED_ANNOTATION] !== 'true') return { ...pod, spec };
  const affinity = asObject(spec['affinity']);
  const nodeAffinity = asObject(affinity['nodeAffinity']);
  const action = annotations[DECISION_ANNOTATIONS.action];
  const terms = asObjects(asObject(nodeAffinity[REQUIRED])['nodeSelectorTerms']).map((term) => ({
    ...term,
    matchExpressions: asObjects(term['matchExpressions']).filter(
      (one) => !isOurs(one, topologyKey, action),
    ),
  }));
  const rest = without(nodeAffinity, REQUIRED);
  // A rule that was ours alone is gone with its expression.
  const left = terms.filter((term) => !isEmpty(term));
  const kept = left.length === 0 ? rest : { ...rest, [REQUIRED]: { nodeSelectorTerms: left } };
  return { ...pod, spec: { ...spec, affinity: { ...affinity, nodeAffinity: kept } } };
}

function without(object: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
}

function isOurs(expression: JsonObject, key: string, action: string | undefined): boolean {
  const { values } = expression;
  return (
    expression['key'] === key &&
    expression['operator'] === 'In' &&
    Array.isArray(values) &&
    values.length === 1 &&
    values[0] === action
  );
}

function isEmpty(term: JsonObject): boolean {
  const fields = term['matchFields'];
  return (
    asObjects(term['matchExpressions']).length === 0 &&
    !(Array.isArray(fields) && fields.length > 0) &&
    !isObject(fields)
  );
}

function requestFor(namespace: string, object: JsonObject): Parameters<typeof incomingPod>[0] {
  const pod = { group: '', version: 'v1', name: '' };
  return {
    uid: 'preview',
    kind: { ...pod, name: 'Pod' },
    resource: { ...pod, name: 'pods' },
    subResource: '',
    operation: 'CREATE',
    namespace,
    name: '',
    dryRun: true,
    object,
  };
}
