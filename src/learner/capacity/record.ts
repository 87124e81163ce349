// SPDX-License-Identifier: Apache-2.0
import type { WorkloadKey } from '#cluster/objects/workload.ts';

/**
 * One decision about replicas or about a running Pod, with everything it came from. The fields are
 * those of an audit line of kind `capacity`, whose writer adds its versions.
 */
export interface CapacityRecord {
  readonly kind: 'capacity';
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string;
  readonly id: string;
  readonly namespace: string;
  readonly workload: WorkloadKey;
  /** `name@generation`. */
  readonly policy: string;
  /**
   * `held`: nothing is better. `recommended`: shown only. `applied`: done. `refused`: something is
   * in the way. `failed`: the API server did not do it.
   */
  readonly outcome: 'held' | 'recommended' | 'applied' | 'refused' | 'failed';
  /** Stable word behind the outcome. */
  readonly reason: string;
  readonly scaling?: ScalingEntryFields | undefined;
  readonly move?: MoveEntryFields | undefined;
}

/** What a decision about replicas came from: enough to replay it. */
export interface ScalingEntryFields {
  readonly replicas: number;
  readonly state: string;
  readonly action: string;
  /** The best known action. */
  readonly best: string;
  readonly propensity: number;
  readonly choice: string;
  readonly epsilon: number;
  readonly exploreAllowed: boolean;
  readonly seed: string;
  readonly candidates: readonly {
    readonly action: string;
    readonly value: number;
    readonly weight: number;
  }[];
  /** Of the interval that ended; undefined = not measured. */
  readonly reward?: number | undefined;
}

/** What a decision about a running Pod came from: enough to weigh it again. */
export interface MoveEntryFields {
  readonly pod: string;
  readonly podUid: string;
  readonly from: string;
  readonly to: string;
  readonly state: string;
  /** Of the better target over the Pod's own. */
  readonly advantage: number;
  readonly horizonSeconds: number;
  readonly factor: number;
  /** In cost-seconds; `cost` is undefined where it is not known. */
  readonly saving: number;
  readonly cost?: number | undefined;
  /** Power of the Pod, watts. */
  readonly watts?: number | undefined;
}
