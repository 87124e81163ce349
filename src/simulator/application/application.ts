// SPDX-License-Identifier: Apache-2.0
import type { Law } from '#simulator/random/law.ts';

/** What a service speaks; decides which sidecar cost and which Istio metrics apply. */
export type Protocol = 'http' | 'grpc' | 'tcp';

/** One microservice: a Deployment with one kind of Pod. */
export interface ServiceSpec {
  readonly name: string;
  readonly tier: 'business' | 'data' | 'infra';
  readonly protocol: Protocol;
  readonly port: number;
  readonly image: string;
  /** CPU request of the application container, millicores. */
  readonly requestMillicores: number;
  /** Memory request of the application container; absent = none. */
  readonly requestMebibytes?: number | undefined;
  /** CPU limit that the upstream manifest has; used only where limits are switched on. */
  readonly limitMillicores: number;
  readonly replicas: number;
  /** `Recreate` deletes the old Pods before it makes the new ones. */
  readonly strategy: 'RollingUpdate' | 'Recreate';
}

/**
 * Something a service can be asked to do. The service works in `steps.length + 1` bursts of CPU
 * (equal means) with one step of calls between each two; the calls of one step run in parallel,
 * steps one after another.
 */
export interface OperationSpec {
  readonly service: string;
  /** Mean CPU of all bursts together on a reference core, milliseconds. */
  readonly cpuMilliseconds: number;
  readonly law: Law;
  /** Names of operations to call. */
  readonly steps: readonly (readonly string[])[];
  /** A proxy's: it passes its one call on, and tells of it as of one from its caller to there. */
  readonly relays?: boolean | undefined;
}

/** One kind of user request. */
export interface RequestSpec {
  readonly name: string;
  /** Relative frequency. */
  readonly share: number;
  /** The operation that the outside world calls. */
  readonly operation: string;
}

/** An application: data only, no placement and no result in it. */
export interface Application {
  readonly name: string;
  readonly services: readonly ServiceSpec[];
  readonly operations: Readonly<Record<string, OperationSpec>>;
  readonly requests: readonly RequestSpec[];
  /** Services in the order in which `kubectl apply -R` meets their manifests. */
  readonly manifestOrder: readonly string[];
}
