// SPDX-License-Identifier: Apache-2.0
import { InputError } from '#errors';
import { workloadOf } from '#admission/pod/owner.ts';
import { tierOf } from '#admission/pod/tier.ts';
import { readDecisionKey } from '#certs/keyring.ts';
import { KubeSecretStore } from '#certs/kube-stores.ts';
import { resourcePath, RESOURCES, type Resource } from '#cluster/api/resources.ts';
import { type DecisionReading, readDecision } from '#cluster/decision/codec.ts';
import { subjectOf } from '#cluster/decision/signature.ts';
import type { JsonObject } from '#cluster/wire/json.ts';
import { decodeModel } from '#cluster/model/codec.ts';
import { observationName, shardName } from '#cluster/model/name.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { Observation } from '#cluster/model/observation.ts';
import type { PlacementPolicy } from '#cluster/policy/policy.ts';
import { projectOwner } from '#cluster/objects/project-metadata.ts';
import { projectPod } from '#cluster/objects/project-pod.ts';
import { projectNamespace, projectNode } from '#cluster/objects/project.ts';
import type {
  OwnerReference,
  SlimNamespace,
  SlimNode,
  SlimOwner,
  SlimPod,
} from '#cluster/objects/slim.ts';
import { workloadKey, type WorkloadKey } from '#cluster/objects/workload.ts';
import type { Settings } from '#settings/settings.ts';
import { type ClusterAccess, getOptional } from '#cli/access/kube-access.ts';
import { policiesOf } from '#cli/access/policies.ts';

type Client = ClusterAccess['client'];

/** Everything that the API server knows of one Pod's placement. */
export interface Gathered {
  /** As the API server has it. */
  readonly raw: JsonObject;
  readonly pod: SlimPod;
  readonly workload: WorkloadKey;
  readonly tier: string;
  readonly namespace: SlimNamespace | undefined;
  /** Namespace of the installation. */
  readonly ownNamespace: string;
  /** In force for the namespace. */
  readonly policy: PlacementPolicy;
  /** Undefined while the Pod is not bound. */
  readonly node: SlimNode | undefined;
  /** The decision that travels with the Pod; `unchecked` = its signature could not be checked. */
  readonly decision: DecisionReading | { readonly kind: 'unchecked'; readonly reason: string };
  readonly shard: ModelShard | undefined;
  /** The tier's values, which stand in for what the workload has not tried. */
  readonly prior: ModelShard | undefined;
  readonly observation: Observation | undefined;
}

/** Controllers whose own controller is looked up; as the product does. */
const LOOKED_UP: Readonly<Record<string, Resource>> = {
  ReplicaSet: RESOURCES.replicaSets,
  Job: RESOURCES.jobs,
};

/**
 * Reads one Pod and what belongs to it, with single gets: of all Pods nothing is listed.
 *
 * @throws InputError when there is no such Pod; rejects with `PERI_KUBERNETES_REQUEST`.
 */
export async function gather(
  client: Client,
  at: { readonly namespace: string; readonly name: string },
  settings: Settings,
): Promise<Gathered> {
  const { namespace, name } = at;
  const raw = await getOptional(client, resourcePath(RESOURCES.pods, { namespace, name }));
  if (raw === undefined) {
    const expected = 'NAMESPACE/POD of a Pod that exists';
    throw new InputError('PERI_SETTINGS_INVALID', 'POD', `${namespace}/${name}`, expected);
  }
  const pod = projectPod(raw);
  const [owner, rawNamespace, node, policies] = await Promise.all([
    ownerOf(client, namespace, pod.owner),
    getOptional(client, resourcePath(RESOURCES.namespaces, { name: namespace })),
    nodeOf(client, pod),
    policiesOf(client, namespace, settings.namespace),
  ]);
  const policy = policies.policyFor(namespace);
  const known = (kind: string, _namespace: string, of: string): SlimOwner | undefined =>
    owner?.kind === kind && owner.name === of ? owner : undefined;
  const workload = workloadKey(workloadOf(pod, { owner: known }));
  const tier = tierOf(pod.labels, policy.spec.tiers);
  const [shard, prior, observation, decision] = await Promise.all([
    shardOf(client, { namespace, policy: policy.name, workload }),
    shardOf(client, { namespace, policy: policy.name, workload: `Tier/${tier}` }),
    observationOf(client, namespace, policy.name),
    decisionOf(client, pod, settings),
  ]);
  const slimNamespace = rawNamespace === undefined ? undefined : projectNamespace(rawNamespace);
  return {
    raw,
    pod,
    workload,
    tier,
    namespace: slimNamespace,
    ownNamespace: settings.namespace,
    policy,
    node,
    decision,
    shard,
    prior,
    observation,
  };
}

async function ownerOf(
  client: Client,
  namespace: string,
  owner: OwnerReference | undefined,
): Promise<SlimOwner | undefined> {
  const kind = owner?.kind ?? '';
  const resource = Object.hasOwn(LOOKED_UP, kind) ? LOOKED_UP[kind] : undefined;
  if (owner === undefined || resource === undefined) return undefined;
  const raw = await getOptional(client, resourcePath(resource, { namespace, name: owner.name }));
  return raw === undefined ? undefined : projectOwner(kind)(raw);
}

async function nodeOf(client: Client, { nodeName }: SlimPod): Promise<SlimNode | undefined> {
  if (nodeName === undefined) return undefined;
  const raw = await getOptional(client, resourcePath(RESOURCES.nodes, { name: nodeName }));
  return raw === undefined ? undefined : projectNode(raw);
}

async function shardOf(
  client: Client,
  of: { readonly namespace: string; readonly policy: string; readonly workload: WorkloadKey },
): Promise<ModelShard | undefined> {
  const { namespace, policy, workload } = of;
  const name = shardName(policy, workload);
  const raw = await getOptional(client, resourcePath(RESOURCES.models, { namespace, name }));
  if (raw === undefined) return undefined;
  const model = decodeModel(namespace, raw['spec']);
  return model.kind === 'shard' ? model.shard : undefined;
}

async function observationOf(
  client: Client,
  namespace: string,
  policy: string,
): Promise<Observation | undefined> {
  const name = observationName(policy);
  const raw = await getOptional(client, resourcePath(RESOURCES.models, { namespace, name }));
  if (raw === undefined) return undefined;
  const model = decodeModel(namespace, raw['spec']);
  return model.kind === 'observation' ? model.observation : undefined;
}

/** Whoever may not read the Secret gets the decision all the same, but not its signature. */
async function decisionOf(
  client: Client,
  pod: SlimPod,
  settings: Settings,
): Promise<Gathered['decision']> {
  // Without any key only an absent decision can be told from a forged one.
  if (readDecision(pod.annotations, subjectOf(pod), []).kind === 'absent') {
    return { kind: 'absent' };
  }
  const { namespace, webhook } = settings;
  try {
    const secret = await new KubeSecretStore(client, namespace, webhook.secret).read();
    const key = secret === undefined ? undefined : readDecisionKey(secret.data);
    if (key !== undefined) return readDecision(pod.annotations, subjectOf(pod), key);
    return { kind: 'unchecked', reason: `Secret ${namespace}/${webhook.secret} holds no key` };
  } catch (error) {
    return { kind: 'unchecked', reason: error instanceof Error ? error.message : String(error) };
  }
}
