// SPDX-License-Identifier: Apache-2.0

/** Where a Pod is and what it is called by the API server. */
export interface KnownPod {
  readonly uid: string;
  readonly nodeName: string | undefined;
}

/**
 * Who is who, for exporters that name Pods or workloads otherwise than by UID. Answers come from
 * memory; one directory is used for one window.
 */
export interface PodDirectory {
  /** The Pod of that name; undefined = there is none now. */
  find(namespace: string, name: string): KnownPod | undefined;
  /** Names of the Pods that serve for a workload, which meshes name without its kind. */
  podsOf(namespace: string, workload: string): readonly string[];
}

/** What a directory needs to know of a Pod. */
export interface ListedPod extends KnownPod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly owner: { readonly kind: string; readonly name: string } | undefined;
  /** Undefined while it is not Ready. */
  readonly readyAt: number | undefined;
}

/** Where nobody knows the Pods: readings by name are absent. */
export const NO_DIRECTORY: PodDirectory = { find: () => undefined, podsOf: () => [] };

/**
 * A directory of these Pods. It is indexed when it is first asked, so that exporters that name
 * everything by UID cost nothing.
 */
export function createPodDirectory(pods: () => Iterable<ListedPod>): PodDirectory {
  let index: Index | undefined;
  const indexed = (): Index => (index ??= indexOf(pods()));
  return {
    find: (namespace, name) => indexed().byName.get(`${namespace}/${name}`),
    podsOf: (namespace, workload) => indexed().byWorkload.get(`${namespace}/${workload}`) ?? [],
  };
}

interface Index {
  readonly byName: ReadonlyMap<string, KnownPod>;
  readonly byWorkload: ReadonlyMap<string, readonly string[]>;
}

function indexOf(pods: Iterable<ListedPod>): Index {
  const byName = new Map<string, KnownPod>();
  const byWorkload = new Map<string, string[]>();
  for (const pod of pods) {
    byName.set(`${pod.namespace}/${pod.name}`, pod);
    if (pod.readyAt === undefined) continue;
    const key = `${pod.namespace}/${workloadNameOf(pod)}`;
    const names = byWorkload.get(key);
    if (names === undefined) byWorkload.set(key, [pod.name]);
    else names.push(pod.name);
  }
  return { byName, byWorkload };
}

/** As Istio names it: the Deployment of a ReplicaSet, else the controller, else the Pod. */
export function workloadNameOf(pod: Pick<ListedPod, 'name' | 'labels' | 'owner'>): string {
  const { owner, labels, name } = pod;
  if (owner === undefined) return name;
  const hash = labels['pod-template-hash'];
  const suffix = hash === undefined ? '' : `-${hash}`;
  if (owner.kind !== 'ReplicaSet' || !suffix || !owner.name.endsWith(suffix)) return owner.name;
  return owner.name.slice(0, -suffix.length);
}
