// SPDX-License-Identifier: Apache-2.0
import type { KubeApi } from '#cluster/api/kube-api.ts';
import { resourcePath } from '#cluster/api/resources.ts';
import { projectSelector } from '#cluster/objects/project-selector.ts';
import { selectorMatches } from '#cluster/objects/selector-match.ts';
import type { LabelSelector } from '#cluster/objects/slim.ts';
import { asObject, asObjects, asText, type JsonObject } from '#cluster/wire/json.ts';

/** A PodDisruptionBudget, slim. */
export interface DisruptionBudget {
  readonly name: string;
  readonly selector: LabelSelector | undefined;
  /** A number, or a share such as `50%`; at most one of the two is set. */
  readonly minAvailable: number | string | undefined;
  readonly maxUnavailable: number | string | undefined;
}

const BUDGETS = { group: 'policy', version: 'v1', plural: 'poddisruptionbudgets' };

/**
 * The budgets of a namespace.
 * @throws KubernetesError
 */
export async function listDisruptionBudgets(
  api: Pick<KubeApi, 'get'>,
  namespace: string,
): Promise<DisruptionBudget[]> {
  const list = await api.get(resourcePath(BUDGETS, { namespace }));
  return asObjects(list['items']).map(projectDisruptionBudget);
}

/** A raw PodDisruptionBudget, slim. */
export function projectDisruptionBudget(raw: JsonObject): DisruptionBudget {
  const spec = asObject(raw['spec']);
  return {
    name: asText(asObject(raw['metadata'])['name']),
    selector: projectSelector(spec['selector']),
    minAvailable: intOrShare(spec['minAvailable']),
    maxUnavailable: intOrShare(spec['maxUnavailable']),
  };
}

/**
 * The first budget over Pods with these labels that would let none of so many Pods be disrupted:
 * fewer replicas would make it impossible to drain their nodes. Undefined = every budget still
 * allows one disruption.
 */
export function exhaustedBy(
  budgets: readonly DisruptionBudget[],
  labels: Readonly<Record<string, string>>,
  replicas: number,
): DisruptionBudget | undefined {
  return budgets.find(
    (budget) => selectorMatches(budget.selector, labels) && allowedOf(budget, replicas) < 1,
  );
}

/** Pods of so many that a budget lets go at once, as the disruption controller counts them. */
export function allowedOf(budget: DisruptionBudget, replicas: number): number {
  const { minAvailable, maxUnavailable } = budget;
  // Shares are rounded up on either side.
  if (maxUnavailable !== undefined) return Math.min(replicas, amount(maxUnavailable, replicas));
  if (minAvailable !== undefined) return Math.max(0, replicas - amount(minAvailable, replicas));
  // One that asks for neither limits nothing; a last Pod is kept all the same.
  return Math.max(0, replicas - 1);
}

function amount(value: number | string, replicas: number): number {
  if (typeof value === 'number') return value;
  const share = Number(value.replace(/%$/, '')) / 100;
  // An unreadable share protects everything.
  return Number.isFinite(share) ? Math.ceil(share * replicas) : replicas;
}

function intOrShare(value: unknown): number | string | undefined {
  return typeof value === 'number' || typeof value === 'string' ? value : undefined;
}
