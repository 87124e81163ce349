// SPDX-License-Identifier: Apache-2.0
import type { KubeApi } from '#cluster/api/kube-api.ts';
import { KubernetesError } from '#cluster/api/kubernetes-error.ts';
import { resourcePath, type Resource } from '#cluster/api/resources.ts';
import { asObject, asObjects, asText, type JsonObject } from '#cluster/wire/json.ts';

/** What is scaled: the top controller of some Pods. */
export interface ScaleTarget {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** The `scale` subresource of a workload. */
export interface Scale {
  /** Wanted. */
  readonly replicas: number;
  /** Counted by its controller. */
  readonly observedReplicas: number;
  readonly resourceVersion: string;
  readonly uid: string;
}

/** Kinds whose plural every cluster has; others are asked for. */
const PLURALS: Readonly<Record<string, string>> = {
  'apps/v1 Deployment': 'deployments',
  'apps/v1 StatefulSet': 'statefulsets',
  'apps/v1 ReplicaSet': 'replicasets',
  'v1 ReplicationController': 'replicationcontrollers',
};

/**
 * Reads and writes the number of replicas of anything that has a `scale` subresource. The plural
 * of a custom kind comes from the API server's discovery, once for each.
 */
export class ScaleClient {
  readonly #api: Pick<KubeApi, 'get' | 'update'>;
  /** By `apiVersion kind`; null = it cannot be scaled. */
  readonly #resources = new Map<string, Resource | null>();

  constructor(api: Pick<KubeApi, 'get' | 'update'>) {
    this.#api = api;
  }

  /**
   * Undefined where there is no such object, or its kind has no scale.
   * @throws KubernetesError for every other refusal or failure
   */
  async read(target: ScaleTarget): Promise<Scale | undefined> {
    const resource = await this.#resourceOf(target);
    if (resource === undefined) return undefined;
    try {
      return scaleOf(await this.#api.get(pathOf(resource, target)));
    } catch (error) {
      if (KubernetesError.is(error, 404)) return undefined;
      throw error;
    }
  }

  /**
   * Changes the number of replicas of exactly the version that was read. False = somebody else has
   * changed it meanwhile, or it is gone; then nothing was done.
   * @throws KubernetesError
   */
  async write(target: ScaleTarget, read: Scale, replicas: number): Promise<boolean> {
    const resource = await this.#resourceOf(target);
    if (resource === undefined) return false;
    const { namespace, name } = target;
    const { resourceVersion, uid } = read;
    const body = {
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { namespace, name, resourceVersion, uid },
      spec: { replicas },
    };
    try {
      await this.#api.update(pathOf(resource, target), body);
      return true;
    } catch (error) {
      if (KubernetesError.is(error, 409) || KubernetesError.is(error, 404)) return false;
      throw error;
    }
  }

  async #resourceOf({ apiVersion, kind }: ScaleTarget): Promise<Resource | undefined> {
    const key = `${apiVersion} ${kind}`;
    let resource = this.#resources.get(key);
    if (resource === undefined) {
      resource = await this.#discover(apiVersion, kind);
      this.#resources.set(key, resource);
    }
    return resource ?? undefined;
  }

  async #discover(apiVersion: string, kind: string): Promise<Resource | null> {
    const slash = apiVersion.indexOf('/');
    const group = slash < 0 ? '' : apiVersion.slice(0, slash);
    const version = apiVersion.slice(slash + 1);
    const known = PLURALS[`${apiVersion} ${kind}`];
    if (known !== undefined) return { group, version, plural: known };
    const root = group === '' ? '/api' : `/apis/${encodeURIComponent(group)}`;
    const list = await this.#api.get(`${root}/${encodeURIComponent(version)}`);
    const resources = asObjects(list['resources']);
    const plural = resources
      .filter((one) => one['kind'] === kind && !asText(one['name']).includes('/'))
      .map((one) => asText(one['name']))
      .find((name) => resources.some((one) => one['name'] === `${name}/scale`));
    return plural === undefined ? null : { group, version, plural };
  }
}

function pathOf(resource: Resource, { namespace, name }: ScaleTarget): string {
  return resourcePath(resource, { namespace, name, subresource: 'scale' });
}

function scaleOf(raw: JsonObject): Scale {
  const metadata = asObject(raw['metadata']);
  const { replicas } = asObject(raw['spec']);
  const { replicas: observed } = asObject(raw['status']);
  return {
    // Zero is left out of the JSON.
    replicas: typeof replicas === 'number' ? replicas : 0,
    observedReplicas: typeof observed === 'number' ? observed : 0,
    resourceVersion: asText(metadata['resourceVersion']),
    uid: asText(metadata['uid']),
  };
}
