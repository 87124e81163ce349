// SPDX-License-Identifier: Apache-2.0
import { resourcePath, RESOURCES, type Resource } from '#cluster/api/resources.ts';
import { LiveModelView, projectModel } from '#cluster/model/live-view.ts';
import { projectOwner } from '#cluster/objects/project-metadata.ts';
import { projectPod } from '#cluster/objects/project-pod.ts';
import {
  projectClaim,
  projectNamespace,
  projectNode,
  projectVolume,
} from '#cluster/objects/project.ts';
import { LivePolicyView, projectPolicy, type PolicyProblem } from '#cluster/policy/live-view.ts';
import type { ReflectorHappening } from '#cluster/watch/happenings.ts';
import { Reflector, type ReflectorPorts, type ReflectorSource } from '#cluster/watch/reflector.ts';
import type { ReflectorTimes } from '#cluster/watch/times.ts';
import type { JsonObject } from '#cluster/wire/json.ts';
import { NODE, PARTIAL_OBJECT_METADATA, POD } from '#cluster/wire/protobuf-messages.ts';
import { LiveClusterView } from './live-view.ts';

/** What a process does; each role needs other resources. */
export type Role = 'admission' | 'learner';

/** A watched resource, as metrics and {@link Informers.resourceVersions} name it. */
export type Watched = Exclude<keyof typeof RESOURCES, 'leases' | 'events'>;

/** How the informers are set up. */
export interface InformerOptions {
  readonly roles: readonly Role[];
  readonly ports: Omit<ReflectorPorts, 'observe'>;
  /** Policies of this namespace hold where a namespace has none: that of the installation. */
  readonly defaultNamespace?: string | undefined;
  readonly times?: Partial<ReflectorTimes> | undefined;
  /** Told of everything the reflectors count. Must not throw. */
  readonly observe?:
    ((resource: Watched, happening: ReflectorHappening, error?: unknown) => void) | undefined;
  /** Told when a policy cannot be used. */
  readonly onPolicyProblem?: ((problem: PolicyProblem) => void) | undefined;
}

/** The running mirror of the cluster. */
export interface Informers {
  readonly view: LiveClusterView;
  readonly policies: LivePolicyView;
  readonly models: LiveModelView;
  /** True after the first complete list of every resource; false when stopped before it. */
  readonly synced: Promise<boolean>;
  /** Ends every list and watch; may be called at any moment. */
  stop(): Promise<void>;
  /** The last resourceVersion seen of each resource; undefined before its first list. */
  resourceVersions(): Partial<Record<Watched, string | undefined>>;
  /** Number of objects held and when the server was last heard (milliseconds), by resource. */
  mirrors(): Partial<Record<Watched, { objects: number; lastHeardAt: number | undefined }>>;
  /** Waits until a resource's mirror holds that version; false = stopped, or not watched. */
  untilResourceVersion(resource: Watched, resourceVersion: string): Promise<boolean>;
}

/** A reflector of whatever kind of object. */
type Mirror = Omit<Reflector<never>, 'store'> & { readonly store: { readonly size: number } };

/**
 * Starts a reflector for every resource that the roles need, each projecting to slim objects, and
 * gives the views over them. Custom resources that are not installed count as empty: the built-in
 * policy holds until they are.
 */
export function startInformers(options: InformerOptions): Informers {
  const reflectors = new Map<Watched, Mirror>();
  const add = <T>(
    name: Watched,
    project: (raw: JsonObject) => T,
    how: Pick<ReflectorSource<T>, 'metadataOnly' | 'optional' | 'protobuf'> = {},
  ): Reflector<T> => {
    const resource: Resource = RESOURCES[name];
    const reflector = new Reflector<T>(
      { path: resourcePath(resource), project, ...how },
      {
        ...options.ports,
        observe: (happening, error) => options.observe?.(name, happening, error),
      },
      options.times,
    );
    reflectors.set(name, reflector);
    return reflector;
  };
  // What changes often: a Pod in protobuf costs both sides a fraction of its JSON.
  const metadataOnly = { metadataOnly: true, protobuf: PARTIAL_OBJECT_METADATA };
  const admission = options.roles.includes('admission');
  const nodes = add('nodes', projectNode, { protobuf: NODE });
  const pods = add('pods', projectPod, { protobuf: POD });
  const namespaces = add('namespaces', projectNamespace);
  const replicaSets = add('replicaSets', projectOwner('ReplicaSet'), metadataOnly);
  const jobs = add('jobs', projectOwner('Job'), metadataOnly);
  const claims = admission ? add('claims', projectClaim) : undefined;
  const volumes = admission ? add('volumes', projectVolume) : undefined;
  const policies = add('policies', projectPolicy, { optional: true });
  const models = add('models', projectModel, { optional: true });

  const all = [...reflectors.values()];
  // The views subscribe before anything is listed, so they miss nothing.
  const view = new LiveClusterView(
    {
      nodes: nodes.store,
      pods: pods.store,
      namespaces: namespaces.store,
      owners: { ReplicaSet: replicaSets.store, Job: jobs.store },
      claims: claims?.store,
      volumes: volumes?.store,
    },
    () => all.every((reflector) => reflector.isSynced),
  );
  const policyView = new LivePolicyView(policies.store, {
    defaultNamespace: options.defaultNamespace,
    onProblem: options.onPolicyProblem,
  });
  const modelView = new LiveModelView(models.store);
  for (const reflector of all) reflector.start();

  return {
    view,
    policies: policyView,
    models: modelView,
    synced: Promise.all(all.map((reflector) => reflector.synced)).then((results) =>
      results.every(Boolean),
    ),
    stop: async () => {
      await Promise.all(all.map((reflector) => reflector.stop()));
    },
    resourceVersions: () =>
      Object.fromEntries(
        [...reflectors].map(([name, reflector]) => [name, reflector.resourceVersion]),
      ),
    mirrors: () =>
      Object.fromEntries(
        [...reflectors].map(([name, { store, lastHeardAt }]) => [
          name,
          { objects: store.size, lastHeardAt },
        ]),
      ),
    untilResourceVersion: async (resource, resourceVersion) =>
      (await reflectors.get(resource)?.untilResourceVersion(resourceVersion)) ?? false,
  };
}
