// SPDX-License-Identifier: Apache-2.0
import type { Api, WatchEvent } from './api.ts';
import { conditionOf, isServing, preferredTerms } from './objects.ts';
import type { Node, Pod } from './objects.ts';

/** Names of the annotations that the product promises to put on a Pod. */
export const ANNOTATIONS = {
  id: 'perihelion.dev/decision-id',
  workload: 'perihelion.dev/workload',
  tier: 'perihelion.dev/tier',
  state: 'perihelion.dev/state',
  action: 'perihelion.dev/action',
  propensity: 'perihelion.dev/propensity',
  holdout: 'perihelion.dev/holdout',
  policy: 'perihelion.dev/policy',
  modelVersion: 'perihelion.dev/model-version',
  signature: 'perihelion.dev/signature',
} as const;

/** The action that stands for "inject nothing". */
export const DEFAULT_ACTION = '(default)';

/** Label of a node that is the target in every policy of the run. */
export const TOPOLOGY_KEY = 'kubernetes.io/hostname';

/** What was seen of one Pod with a decision, from its creation on. */
export interface Placement {
  readonly uid: string;
  readonly namespace: string;
  readonly pod: string;
  readonly id: string;
  readonly workload: string;
  readonly state: string;
  readonly action: string;
  readonly holdout: boolean;
  readonly modelVersion: number;
  /** Targets of its preferred terms on the topology key. */
  readonly preferred: readonly string[];
  /** Label value of the node it was bound to; undefined while unbound. */
  landed: string | undefined;
  serving: boolean;
  gone: boolean;
}

/**
 * An account of every decision and its placement, kept from the API server's objects alone: what
 * the product says about itself is held against it.
 */
export class Ledger {
  readonly placements = new Map<string, Placement>();
  readonly #targets = new Map<string, string>();
  readonly #api: Api;
  readonly #stop = new AbortController();

  constructor(api: Api) {
    this.#api = api;
  }

  async start(): Promise<void> {
    for (const node of await this.#api.list<Node>('/api/v1/nodes')) {
      const value = node.metadata.labels?.[TOPOLOGY_KEY];
      if (value !== undefined) this.#targets.set(node.metadata.name, value);
    }
    void this.#api.follow<Pod>('/api/v1/pods', this.#stop.signal, (event) => this.#told(event));
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Decisions by namespace and, if given, workload. */
  of(namespace: string, workload?: string): Placement[] {
    return [...this.placements.values()].filter(
      (one) => one.namespace === namespace && (workload === undefined || one.workload === workload),
    );
  }

  #told(event: WatchEvent<Pod>): void {
    const pod = event.object;
    const uid = pod.metadata.uid ?? '';
    let placement = this.placements.get(uid);
    if (placement === undefined) {
      placement = placementOf(pod, uid);
      if (placement === undefined) return;
      this.placements.set(uid, placement);
    }
    placement.gone = event.type === 'DELETED';
    placement.serving = !placement.gone && isServing(pod);
    const node = pod.spec.nodeName;
    if (node !== undefined && conditionOf(pod, 'PodScheduled') === 'True') {
      placement.landed = this.#targets.get(node);
    }
  }
}

/** The targets that a Pod prefers by a single-expression term on the topology key. */
export function preferredTargets(pod: Pod): string[] {
  return preferredTerms(pod).flatMap(({ preference }) =>
    (preference.matchExpressions ?? [])
      .filter((expression) => expression.key === TOPOLOGY_KEY && expression.operator === 'In')
      .flatMap((expression) => expression.values ?? []),
  );
}

function placementOf(pod: Pod, uid: string): Placement | undefined {
  const annotations = pod.metadata.annotations ?? {};
  const id = annotations[ANNOTATIONS.id];
  if (id === undefined) return undefined;
  return {
    uid,
    namespace: pod.metadata.namespace ?? '',
    pod: pod.metadata.name,
    id,
    workload: annotations[ANNOTATIONS.workload] ?? '',
    state: annotations[ANNOTATIONS.state] ?? '',
    action: annotations[ANNOTATIONS.action] ?? '',
    holdout: annotations[ANNOTATIONS.holdout] === 'true',
    modelVersion: Number(annotations[ANNOTATIONS.modelVersion]),
    preferred: preferredTargets(pod),
    landed: undefined,
    serving: false,
    gone: false,
  };
}
