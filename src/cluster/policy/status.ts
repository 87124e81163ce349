// SPDX-License-Identifier: Apache-2.0
import type { KubeClient } from '#cluster/api/client.ts';
import { GROUP_VERSION, resourcePath, RESOURCES } from '#cluster/api/resources.ts';
import { asObject, asObjects, asText, type JsonObject } from '#cluster/wire/json.ts';
import {
  gistOf as gistOfRecommendation,
  nextRecommendations,
  projectRecommendations,
  type StatusRecommendation,
} from './recommendations.ts';

/** The conditions of a PlacementPolicy, in the order in which they are written. */
export const CONDITION_TYPES = [
  'Ready',
  'TelemetryHealthy',
  'Learning',
  'CircuitOpen',
  'Enforced',
] as const;

/** See {@link CONDITION_TYPES}. */
export type ConditionType = (typeof CONDITION_TYPES)[number];

/** What is to be said by one condition. */
export interface ConditionWish {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  /** One CamelCase word. */
  readonly reason: string;
  /** One line for people; without figures that move all the time. */
  readonly message: string;
}

/** A condition as it stands in the API. */
export interface PolicyCondition extends ConditionWish {
  readonly observedGeneration: number;
  /** When `status` last changed, RFC 3339 in seconds. */
  readonly lastTransitionTime: string;
}

/** Status of a PlacementPolicy. */
export interface PolicyStatus {
  readonly observedGeneration: number;
  readonly conditions: readonly PolicyCondition[];
  /** Replicas and moves; absent = nothing was ever recommended. */
  readonly recommendations?: readonly StatusRecommendation[] | undefined;
}

/** What a status is to say. */
export interface StatusWishes {
  readonly conditions: readonly ConditionWish[];
  /** Absent = none. */
  readonly recommendations?: readonly Omit<StatusRecommendation, 'since'>[] | undefined;
}

/** Field manager of the status. */
export const STATUS_MANAGER = 'perihelion-learner';

/** Reads a status; conditions of other types and those without a status are left out. */
export function projectPolicyStatus(raw: unknown): PolicyStatus | undefined {
  const { observedGeneration, conditions, recommendations } = asObject(raw);
  const known = asObjects(conditions).flatMap(conditionOf);
  const recommended = projectRecommendations(recommendations);
  const isEmpty = known.length === 0 && recommended.length === 0;
  if (typeof observedGeneration !== 'number' && isEmpty) return undefined;
  return {
    observedGeneration: numberOf(observedGeneration),
    conditions: known,
    ...(recommended.length === 0 ? {} : { recommendations: recommended }),
  };
}

/**
 * The status that says this, or undefined if `before` says it already. A condition keeps the time
 * of its last transition as long as its status is the same.
 */
export function nextPolicyStatus(
  before: PolicyStatus | undefined,
  { conditions: wishes, recommendations: recommended = [] }: StatusWishes,
  generation: number,
  now: number,
): PolicyStatus | undefined {
  const time = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
  const conditions = wishes.map((wish): PolicyCondition => {
    const old = before?.conditions.find((one) => one.type === wish.type);
    const lastTransitionTime = old?.status === wish.status ? old.lastTransitionTime : time;
    return { ...wish, observedGeneration: generation, lastTransitionTime };
  });
  const recommendations = nextRecommendations(before?.recommendations ?? [], recommended, time);
  const next: PolicyStatus = {
    observedGeneration: generation,
    conditions,
    ...(recommendations.length === 0 ? {} : { recommendations }),
  };
  return before !== undefined && gistOf(before) === gistOf(next) ? undefined : next;
}

/**
 * Writes the status of a policy by server-side apply, so that conditions of other managers stay.
 * @throws KubernetesError, 404 when the policy is gone
 */
export async function writePolicyStatus(
  api: Pick<KubeClient, 'patch'>,
  policy: { readonly namespace: string; readonly name: string },
  status: PolicyStatus,
): Promise<void> {
  const { namespace, name } = policy;
  const body = {
    apiVersion: GROUP_VERSION,
    kind: 'PlacementPolicy',
    metadata: { namespace, name },
    status,
  };
  const path = `${resourcePath(RESOURCES.policies, { namespace, name })}/status`;
  await api.patch(path, { type: 'apply', body, fieldManager: STATUS_MANAGER, force: true });
}

function gistOf({ observedGeneration, conditions, recommendations }: PolicyStatus): string {
  const ordered = CONDITION_TYPES.map((type) => conditions.find((one) => one.type === type));
  return JSON.stringify([
    observedGeneration,
    ordered.map((one) => [one?.status, one?.reason, one?.message, one?.observedGeneration]),
    recommendations?.map(gistOfRecommendation) ?? [],
  ]);
}

function conditionOf(raw: JsonObject): PolicyCondition[] {
  const type = CONDITION_TYPES.find((one) => one === raw['type']);
  const status = (['True', 'False', 'Unknown'] as const).find((one) => one === raw['status']);
  if (type === undefined || status === undefined) return [];
  return [
    {
      type,
      status,
      reason: asText(raw['reason']),
      message: asText(raw['message']),
      observedGeneration: numberOf(raw['observedGeneration']),
      lastTransitionTime: asText(raw['lastTransitionTime']),
    },
  ];
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
