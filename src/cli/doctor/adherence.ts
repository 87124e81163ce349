// SPDX-License-Identifier: Apache-2.0
import { workloadOf } from '#admission/pod/owner.ts';
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import { resourcePath, RESOURCES } from '#cluster/api/resources.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { StoredAdherence } from '#cluster/model/enforcement.ts';
import { projectNode } from '#cluster/objects/project.ts';
import type { SlimNode, SlimPod } from '#cluster/objects/slim.ts';
import { workloadKey } from '#cluster/objects/workload.ts';
import { claimedDecision } from '#cli/explain/claimed.ts';
import { type ClusterAccess, getOptional, listOptional } from '#cli/access/kube-access.ts';
import { explainPreference } from '#cli/explain/outweighed.ts';
import { policyViewOf } from '#cli/access/policies.ts';
import { answerOf, type Finding, findingsOf } from './finding.ts';
import type { Survey } from './survey.ts';

const adherence = findingsOf('adherence');

/** Fewer asked Pods than this say nothing about a workload's adherence. */
const ASKED_LEAST = 10;
const LOW_ADHERENCE = 0.6;
/** Workloads named one by one. */
const NAMED_LIMIT = 5;

/** Does the scheduler follow the preferences, and where it does not, what speaks against them? */
export async function checkAdherence(
  found: Survey,
  client: ClusterAccess['client'],
): Promise<Finding[]> {
  const { models } = found;
  if (models.kind === 'unknown' || models.value === undefined) return [];
  const shards = models.value.shards.filter(({ workload }) => !workload.startsWith('Tier/'));
  const asked = shards.reduce((sum, shard) => sum + shard.asked, 0);
  if (asked === 0) return [adherence.ok('nothing was asked of the scheduler yet')];
  const low = shards.filter((shard) => {
    const recent = recentOf(shard);
    return recent.asked >= ASKED_LEAST && recent.followed / recent.asked < LOW_ADHERENCE;
  });
  if (low.length > 0) {
    const nodes = await answerOf(async () => {
      return (await listOptional(client, resourcePath(RESOURCES.nodes), projectNode)) ?? [];
    });
    const known = nodes.kind === 'known' ? nodes.value : [];
    const named = low.slice(0, NAMED_LIMIT);
    return Promise.all(named.map((shard) => findingOf(shard, found, known, client)));
  }
  const followed = shards.reduce((sum, shard) => sum + shard.followed, 0);
  return [adherence.ok(`${followed} of ${asked} Pods landed where asked`)];
}

/** Lately, where that is known; of all time in shards of versions that did not tell. */
function recentOf(shard: ModelShard): StoredAdherence {
  const targets = Object.values(shard.adherence ?? {});
  if (targets.length === 0) return { asked: shard.asked, followed: shard.followed };
  return {
    asked: targets.reduce((sum, one) => sum + one.asked, 0),
    followed: targets.reduce((sum, one) => sum + one.followed, 0),
  };
}

async function findingOf(
  shard: ModelShard,
  found: Survey,
  nodes: readonly SlimNode[],
  client: ClusterAccess['client'],
): Promise<Finding> {
  const { namespace, workload } = shard;
  const { asked, followed } = recentOf(shard);
  const worst = Object.entries(shard.adherence ?? {})
    .filter(([, one]) => one.asked >= 1)
    .sort(([, a], [, b]) => a.followed / a.asked - b.followed / b.asked)[0];
  const where = worst === undefined ? '' : `, fewest on ${worst[0]}`;
  const text = `${namespace}/${workload}: lately ${followed.toFixed(0)} of ${asked.toFixed(0)} Pods landed where asked${where}`;
  const strayed = found.pods.kind === 'known' ? astray(shard, found, nodes) : undefined;
  if (strayed === undefined) {
    const hint = 'prefer a pool or a zone instead of one node: spec.topologyKey of the policy';
    return adherence.warning(text, hint);
  }
  const { pod, target } = strayed;
  const raw = await answerOf(() =>
    getOptional(client, resourcePath(RESOURCES.pods, { namespace, name: pod.name })),
  );
  if (raw.kind === 'unknown' || raw.value === undefined) return adherence.warning(text);
  const policies = found.policies.kind === 'known' ? (found.policies.value ?? []) : [];
  const policy = policyViewOf(policies, found.settings.namespace).policyFor(namespace);
  const pods = found.pods.kind === 'known' ? found.pods.value : [];
  const why = explainPreference({ raw: raw.value, pod, workload, policy, target, nodes, pods });
  return adherence.warning(`${text}; Pod ${pod.name}: ${why.text}`, why.remedy);
}

/** The newest Pod of the workload that is not where it was asked to be. */
function astray(
  shard: ModelShard,
  { pods, policies, settings }: Survey,
  nodes: readonly SlimNode[],
): { readonly pod: SlimPod; readonly target: string } | undefined {
  if (pods.kind === 'unknown') return undefined;
  const raw = policies.kind === 'known' ? (policies.value ?? []) : [];
  const { topologyKey } = policyViewOf(raw, settings.namespace).policyFor(shard.namespace).spec;
  const targets = new Map(nodes.map(({ name, labels }) => [name, labels[topologyKey]]));
  const owner = (): undefined => undefined;
  return pods.value
    .filter((pod) => pod.namespace === shard.namespace && pod.nodeName !== undefined)
    .sort((a, b) => b.createdAt - a.createdAt)
    .flatMap((pod) => {
      const { action: target, shadow, required } = claimedDecision(pod.annotations);
      const asked = target !== '' && target !== DEFAULT_ACTION && shadow !== true;
      if (!asked || required === true || targets.get(pod.nodeName ?? '') === target) return [];
      return workloadKey(workloadOf(pod, { owner })) === shard.workload ? [{ pod, target }] : [];
    })
    .at(0);
}
