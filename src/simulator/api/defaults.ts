// SPDX-License-Identifier: Apache-2.0
import { podSpec, type KubeObject, type Toleration } from '#simulator/kube/kube.ts';
import type { Resource } from './resources.ts';

/** Tolerations that the DefaultTolerationSeconds plugin adds before any webhook runs. */
const EVICTION_TOLERATIONS = ['not-ready', 'unreachable'].map((condition) => ({
  key: `node.kubernetes.io/${condition}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
}));

/** Fills in what the API server fills in before admission webhooks see a Pod. */
export function admitDefaults(resource: Resource, object: KubeObject): KubeObject {
  if (resource.plural !== 'pods') return object;
  const tolerations = podSpec(object).tolerations ?? [];
  const missing = EVICTION_TOLERATIONS.filter(
    (wanted) => !tolerations.some((toleration) => coversTaint(toleration, wanted.key)),
  );
  return {
    ...object,
    spec: {
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      securityContext: {},
      schedulerName: 'default-scheduler',
      priority: 0,
      enableServiceLinks: true,
      preemptionPolicy: 'PreemptLowerPriority',
      ...object.spec,
      tolerations: [...tolerations, ...missing],
    },
    status: {},
  };
}

function coversTaint(toleration: Toleration, key: string): boolean {
  const effect = toleration.effect ?? '';
  return (toleration.key ?? key) === key && (effect === '' || effect === 'NoExecute');
}
