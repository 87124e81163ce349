// SPDX-License-Identifier: Apache-2.0
import {
  asObject,
  asObjects,
  asText,
  asTextMap,
  isObject,
  type JsonObject,
} from '#cluster/wire/json.ts';

/** Why a Pod is not moved, whatever it would save. */
export type Immovable =
  | 'no-controller'
  | 'controller-kind'
  | 'mirror-pod'
  | 'not-running'
  | 'opted-out'
  | 'local-storage'
  | 'volume-claim';

/** Controllers that make a new Pod elsewhere when one is evicted, and lose nothing by it. */
const REPLACING = new Set(['ReplicaSet', 'StatefulSet', 'ReplicationController']);

/** Containers of service meshes; what only they mount is not the user's data. */
const SIDECARS = new Set([
  'istio-proxy',
  'istio-init',
  'istio-validation',
  'linkerd-proxy',
  'linkerd-init',
]);

/** Annotations by which people protect Pods from other tools; they mean the same here. */
const PROTECTED: Readonly<Record<string, string>> = {
  'perihelion.dev/safe-to-evict': 'false',
  'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
  'karpenter.sh/do-not-disrupt': 'true',
};

/** And by which they say that local data may be lost. */
const RELEASED: readonly string[] = [
  'perihelion.dev/safe-to-evict',
  'cluster-autoscaler.kubernetes.io/safe-to-evict',
];

/**
 * Why a raw Pod must not be moved; undefined = it may. Never moved: Pods that nobody would make
 * again, Pods of DaemonSets and Jobs, Pods with claims (their volumes would have to follow) or with
 * data on the node. Storage that only a mesh's sidecar mounts, and storage in memory, is no data.
 */
export function immovable(pod: JsonObject): Immovable | undefined {
  const metadata = asObject(pod['metadata']);
  const spec = asObject(pod['spec']);
  const annotations = asTextMap(metadata['annotations']);
  const controller = asObjects(metadata['ownerReferences']).find(
    (owner) => owner['controller'] === true,
  );
  if (Object.hasOwn(annotations, 'kubernetes.io/config.mirror')) return 'mirror-pod';
  if (controller === undefined) return 'no-controller';
  if (!REPLACING.has(asText(controller['kind']))) return 'controller-kind';
  const running = asObject(pod['status'])['phase'] === 'Running';
  if (!running || metadata['deletionTimestamp'] !== undefined) return 'not-running';
  const optedOut = Object.entries(PROTECTED).some(
    ([name, value]) => Object.hasOwn(annotations, name) && annotations[name] === value,
  );
  if (optedOut || 'descheduler.alpha.kubernetes.io/prefer-no-eviction' in annotations) {
    return 'opted-out';
  }
  const volumes = asObjects(spec['volumes']);
  if (volumes.some((one) => isObject(one['persistentVolumeClaim']) || isObject(one['ephemeral']))) {
    return 'volume-claim';
  }
  if (RELEASED.some((name) => Object.hasOwn(annotations, name) && annotations[name] === 'true')) {
    return undefined;
  }
  const mounted = mountedByOthers(spec);
  const local = volumes.some((one) => isLocal(one) && mounted.has(asText(one['name'])));
  return local ? 'local-storage' : undefined;
}

function isLocal(volume: JsonObject): boolean {
  if (isObject(volume['hostPath'])) return true;
  return isObject(volume['emptyDir']) && volume['emptyDir']['medium'] !== 'Memory';
}

/** Volumes that some container other than a sidecar mounts. */
function mountedByOthers(spec: JsonObject): ReadonlySet<string> {
  const containers = [...asObjects(spec['containers']), ...asObjects(spec['initContainers'])];
  return new Set(
    containers
      .filter((container) => !SIDECARS.has(asText(container['name'])))
      .flatMap((container) => asObjects(container['volumeMounts']))
      .map((mount) => asText(mount['name'])),
  );
}
