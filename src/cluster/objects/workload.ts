// SPDX-License-Identifier: Apache-2.0

/** The top controller of a Pod: what is scaled and rolled out as one. */
export interface Workload {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** `Deployment/frontend`: the name of a workload inside its namespace. */
export type WorkloadKey = string;

/** Builds the {@link WorkloadKey} of a workload. */
export function workloadKey(workload: Pick<Workload, 'kind' | 'name'>): WorkloadKey {
  return `${workload.kind}/${workload.name}`;
}
