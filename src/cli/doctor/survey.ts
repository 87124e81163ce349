// SPDX-License-Identifier: Apache-2.0
import { scrapeTargetsOf, type ScrapeTarget } from '#telemetry/scrape/target.ts';
import { resourcePath, RESOURCES, type Resource } from '#cluster/api/resources.ts';
import type { JsonObject } from '#cluster/wire/json.ts';
import { leaseRecord, type LeaseRecord } from '#cluster/lease/record.ts';
import { projectModel } from '#cluster/model/live-view.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { Observation } from '#cluster/model/observation.ts';
import { projectPod } from '#cluster/objects/project-pod.ts';
import { projectNamespace } from '#cluster/objects/project.ts';
import type { SlimNamespace, SlimPod } from '#cluster/objects/slim.ts';
import type { Settings } from '#settings/settings.ts';
import { asItIs, type ClusterAccess, getOptional, listOptional } from '#cli/access/kube-access.ts';
import { kubeText } from '#cli/access/kube-text.ts';
import { type Answer, answerOf } from './finding.ts';

/** Everything that was read from the cluster; the checks only judge it. */
export interface Survey {
  readonly settings: Settings;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The MutatingWebhookConfiguration; undefined = there is none. */
  readonly configuration: Answer<JsonObject | undefined>;
  /** Undefined = the resource is not served. */
  readonly policies: Answer<readonly JsonObject[] | undefined>;
  readonly models: Answer<Models | undefined>;
  readonly namespaces: Answer<readonly SlimNamespace[]>;
  readonly pods: Answer<readonly SlimPod[]>;
  /** Exporters among the Pods. */
  readonly targets: readonly ScrapeTarget[];
  /** Undefined = nobody ever led. */
  readonly lease: Answer<LeaseRecord | undefined>;
  /** `/metrics` of the API server. */
  readonly apiMetrics: Answer<string>;
}

/** The PlacementModels. */
export interface Models {
  readonly shards: readonly ModelShard[];
  readonly observations: readonly Observation[];
  /** Objects that could not be read: `namespace/name: why`. */
  readonly unreadable: readonly string[];
}

const CONFIGURATIONS: Resource = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'mutatingwebhookconfigurations',
};

/** Reads what the checks need, all at once. Rejects only if the cluster cannot be reached at all. */
export async function survey(
  { client, config }: ClusterAccess,
  settings: Settings,
  now: number,
): Promise<Survey> {
  // Whoever cannot even say its version would give the same error to every question below.
  await client.get('/version', { retries: 1, timeoutMilliseconds: 5000 });
  const { namespace, webhook, learner } = settings;
  const [configuration, policies, models, namespaces, pods, lease, apiMetrics] = await Promise.all([
    answerOf(() =>
      getOptional(client, resourcePath(CONFIGURATIONS, { name: webhook.configuration })),
    ),
    answerOf(() => listOptional(client, resourcePath(RESOURCES.policies), asItIs)),
    answerOf(() => modelsOf(client)),
    answerOf(
      async () =>
        (await listOptional(client, resourcePath(RESOURCES.namespaces), projectNamespace)) ?? [],
    ),
    answerOf(
      async () => (await listOptional(client, resourcePath(RESOURCES.pods), projectPod)) ?? [],
    ),
    answerOf(async () => {
      const path = resourcePath(RESOURCES.leases, { namespace, name: learner.leaseName });
      const raw = await getOptional(client, path);
      return raw === undefined ? undefined : leaseRecord(raw).record;
    }),
    answerOf(() => kubeText(config, '/metrics')),
  ]);
  return {
    settings,
    now,
    configuration,
    policies,
    models,
    namespaces,
    pods,
    targets: pods.kind === 'known' ? scrapeTargetsOf(pods.value) : [],
    lease,
    apiMetrics,
  };
}

async function modelsOf(client: ClusterAccess['client']): Promise<Models | undefined> {
  const shards: ModelShard[] = [];
  const observations: Observation[] = [];
  const unreadable: string[] = [];
  const listed = await listOptional(client, resourcePath(RESOURCES.models), (raw) => {
    try {
      const model = projectModel(raw);
      if (model.kind === 'shard') shards.push(model.shard);
      else observations.push(model.observation);
    } catch (error) {
      unreadable.push(error instanceof Error ? error.message : String(error));
    }
  });
  return listed === undefined ? undefined : { shards, observations, unreadable };
}
