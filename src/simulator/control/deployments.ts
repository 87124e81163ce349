// SPDX-License-Identifier: Apache-2.0
import type { Application, ServiceSpec } from '#simulator/application/application.ts';
import type { Registry } from '#simulator/api/registry.ts';
import { findResource, type Resource } from '#simulator/api/resources.ts';
import type { Store } from '#simulator/api/store.ts';
import type { UserInfo } from '#simulator/api/webhooks.ts';
import { InputError } from '#errors';
import { kubeTime, type KubeObject, type OwnerRef } from '#simulator/kube/kube.ts';
import { WAYPOINT } from '#simulator/application/mesh.ts';
import {
  injectSidecar,
  scrapeAnnotations,
  SERVICE_LABEL,
  templateSpec,
  type Pin,
  type Pins,
  type TemplateOptions,
} from '#simulator/application/pod-template.ts';
import type { Random } from '#simulator/random/random.ts';

/** Who creates Pods of a ReplicaSet. */
const CONTROLLER: UserInfo = {
  username: 'system:serviceaccount:kube-system:replicaset-controller',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
};

const HASH_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const HASH_LABEL = 'pod-template-hash';

/** What the controller works with. */
export interface DeploymentParts {
  readonly store: Store;
  readonly registry: Registry;
  readonly application: Application;
  readonly namespace: string;
  readonly template: () => TemplateOptions;
  readonly random: Random;
  readonly now: () => number;
}

/**
 * Deployment and ReplicaSet controllers in one: a rollout makes a new ReplicaSet and its Pods;
 * when all of them are Ready the Pods of older ReplicaSets are deleted (`RollingUpdate`), or those
 * go first (`Recreate`).
 */
export class Deployments {
  readonly #parts: DeploymentParts;
  readonly #deployments: Resource;
  readonly #replicaSets: Resource;
  readonly #pods: Resource;
  /** Current ReplicaSet by service. */
  readonly #current = new Map<string, string>();
  #pins: Pins = {};
  #metricsPaths = 0;

  constructor(parts: DeploymentParts) {
    this.#parts = parts;
    this.#deployments = served('apps', 'deployments');
    this.#replicaSets = served('apps', 'replicasets');
    this.#pods = served('', 'pods');
  }

  /** Changes what users have written into the templates; it counts from the next rollout on. */
  setPins(pins: Pins): void {
    for (const name of Object.keys(pins)) this.#service(name);
    this.#pins = pins;
  }

  /**
   * Rolls a service out (again). Resolves when the new Pods are created and, where possible,
   * bound; they become Ready as virtual time goes on.
   *
   * @throws InputError `PERI_SIMULATION_INVALID` for an unknown service
   * @throws StatusError where an admission webhook denies or fails with `failurePolicy: Fail`
   */
  async rollout(name: string): Promise<void> {
    const service = this.#service(name);
    const deployment = await this.#applyDeployment(service, this.#pins[name] ?? {});
    const hash = this.#parts.random.text(9, HASH_ALPHABET);
    const replicaSet = await this.#createReplicaSet(service, deployment, hash);
    const olderPods = this.#podsOf(service);
    this.#current.set(name, replicaSet.metadata.name ?? '');
    if (service.strategy === 'Recreate') {
      for (const pod of olderPods) this.#deletePod(pod, 0);
    }
    for (let i = 0; i < service.replicas; i++) await this.#createPod(service, replicaSet, hash);
  }

  /** To be called when a Pod has become Ready: ends older Pods once all new ones are. */
  podReady(pod: KubeObject): void {
    const name = pod.metadata.labels?.[SERVICE_LABEL];
    const replicaSet = ownerName(pod);
    if (name === undefined || this.#current.get(name) !== replicaSet) return;
    const service = this.#service(name);
    const pods = this.#podsOf(service);
    const fresh = pods.filter((other) => ownerName(other) === replicaSet && isReady(other));
    if (fresh.length < service.replicas) return;
    for (const other of pods) {
      if (ownerName(other) !== replicaSet) this.#deletePod(other, 30);
    }
  }

  /** To be called when a Pod is gone: removes its ReplicaSet if it is old and empty. */
  podGone(pod: KubeObject): void {
    const name = pod.metadata.labels?.[SERVICE_LABEL] ?? '';
    const replicaSet = ownerName(pod);
    const current = this.#current.get(name);
    if (replicaSet === undefined || current === undefined || current === replicaSet) return;
    const left = this.#podsOf(this.#service(name)).some((other) => ownerName(other) === replicaSet);
    if (!left) this.#parts.store.remove(this.#replicaSets, this.#parts.namespace, replicaSet);
  }

  #service(name: string): ServiceSpec {
    const service = this.#parts.application.services.find((candidate) => candidate.name === name);
    if (service === undefined) {
      throw new InputError('PERI_SIMULATION_INVALID', 'service', name, 'a service that exists');
    }
    return service;
  }

  #podsOf(service: ServiceSpec): KubeObject[] {
    return this.#parts.store
      .list(this.#pods, this.#parts.namespace)
      .filter((pod) => pod.metadata.labels?.[SERVICE_LABEL] === service.name);
  }

  #deletePod(pod: KubeObject, gracePeriodSeconds: number): void {
    const { registry, namespace } = this.#parts;
    registry.delete(this.#pods, namespace, pod.metadata.name ?? '', { gracePeriodSeconds });
  }

  async #applyDeployment(service: ServiceSpec, pin: Pin): Promise<KubeObject> {
    const { registry, store, namespace } = this.#parts;
    const labels = { [SERVICE_LABEL]: service.name };
    const existing = store.get(this.#deployments, namespace, service.name);
    const spec = {
      replicas: service.replicas,
      revisionHistoryLimit: 0,
      selector: { matchLabels: labels },
      strategy: { type: service.strategy },
      template: {
        metadata: {
          labels,
          annotations:
            existing === undefined
              ? {}
              : { 'kubectl.kubernetes.io/restartedAt': kubeTime(this.#parts.now()) },
        },
        spec: templateSpec(service, pin, this.#parts.template().cpuLimits),
      },
    };
    if (existing === undefined) {
      const body = { metadata: { name: service.name, labels }, spec };
      return registry.create(this.#deployments, namespace, body, { user: CONTROLLER });
    }
    return registry.update(this.#deployments, namespace, service.name, {
      part: 'object',
      apply: (current) => ({ ...current, spec }),
    });
  }

  async #createReplicaSet(
    service: ServiceSpec,
    deployment: KubeObject,
    hash: string,
  ): Promise<KubeObject> {
    const labels = { [SERVICE_LABEL]: service.name, [HASH_LABEL]: hash };
    const body: KubeObject = {
      metadata: {
        name: `${service.name}-${hash}`,
        labels,
        ownerReferences: [ownerReference(deployment, 'Deployment')],
      },
      spec: {
        replicas: service.replicas,
        selector: { matchLabels: labels },
        template: deployment.spec?.['template'],
      },
    };
    const { registry, namespace } = this.#parts;
    return registry.create(this.#replicaSets, namespace, body, { user: CONTROLLER });
  }

  async #createPod(service: ServiceSpec, replicaSet: KubeObject, hash: string): Promise<void> {
    const { registry, namespace } = this.#parts;
    const { cpuLimits, mesh, metricsPort } = this.#parts.template();
    const spec = templateSpec(service, this.#pins[service.name] ?? {}, cpuLimits);
    const path = `/pods/${++this.#metricsPaths}/stats/prometheus`;
    const injected =
      mesh === 'sidecar'
        ? injectSidecar(spec, path, metricsPort)
        : {
            spec,
            annotations:
              mesh === 'waypoint' && service.name === WAYPOINT
                ? scrapeAnnotations(path, metricsPort)
                : {},
          };
    const body: KubeObject = {
      metadata: {
        generateName: `${replicaSet.metadata.name ?? ''}-`,
        labels: { [SERVICE_LABEL]: service.name, [HASH_LABEL]: hash },
        annotations: injected.annotations,
        ownerReferences: [ownerReference(replicaSet, 'ReplicaSet')],
      },
      spec: injected.spec,
    };
    await registry.create(this.#pods, namespace, body, { user: CONTROLLER });
  }
}

function served(group: string, plural: string): Resource {
  const resource = findResource(group, plural);
  if (resource === undefined) throw new Error(`resource table lacks ${plural}`);
  return resource;
}

function ownerReference(owner: KubeObject, kind: string): OwnerRef {
  return {
    apiVersion: 'apps/v1',
    kind,
    name: owner.metadata.name ?? '',
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

function ownerName(pod: KubeObject): string | undefined {
  return pod.metadata.ownerReferences?.find((owner) => owner.controller)?.name;
}

function isReady(pod: KubeObject): boolean {
  const conditions = (pod.status?.['conditions'] ?? []) as { type: string; status: string }[];
  return conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True');
}
