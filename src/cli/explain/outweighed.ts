// SPDX-License-Identifier: Apache-2.0
import { judgePreference, type PreferenceVerdict } from '#admission/scheduler/outweighed.ts';
import type { ScorePlugin } from '#admission/scheduler/scores.ts';
import type { JsonObject } from '#cluster/wire/json.ts';
import type { PlacementPolicy } from '#cluster/policy/policy.ts';
import type { SlimNode, SlimPod } from '#cluster/objects/slim.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';

/** Why a preference loses, and what mends it. */
export interface Outweighed {
  readonly verdict: PreferenceVerdict;
  /** One line. */
  readonly text: string;
  /** A command; undefined where there is nothing to mend. */
  readonly remedy: string | undefined;
}

/** What {@link explainPreference} looks at. */
export interface Preference {
  readonly raw: JsonObject;
  readonly pod: SlimPod;
  readonly workload: WorkloadKey;
  readonly policy: PlacementPolicy;
  readonly target: string;
  readonly nodes: readonly SlimNode[];
  readonly pods: readonly SlimPod[];
}

const WORDS: Readonly<Record<ScorePlugin, string>> = {
  NodeAffinity: "the Pod's other preferred node affinity terms",
  PodTopologySpread: 'topology spreading',
  NodeResourcesFit: 'free room (LeastAllocated)',
  NodeResourcesBalancedAllocation: 'balance of CPU and memory',
  TaintToleration: 'a PreferNoSchedule taint',
};

/** Says which of the scheduler's scores outweighs a preference, and how to mend it. */
export function explainPreference(preference: Preference): Outweighed {
  const { raw, pod, policy, target, nodes, pods } = preference;
  const { topologyKey } = policy.spec;
  const verdict = judgePreference({ raw, pod, topologyKey, target, nodes, pods });
  switch (verdict.kind) {
    case 'followed':
      return {
        verdict,
        text: `as the cluster is now, the scheduler would follow the preference for ${target}`,
        remedy: undefined,
      };
    case 'no-room':
      return {
        verdict,
        text: `no node of ${target} takes the Pod now (${verdict.reasons.join(', ')})`,
        remedy: `kubectl get nodes -l ${topologyKey}=${target} -o wide`,
      };
    case 'outweighed': {
      const [first] = verdict.pulls;
      const points = verdict.pulls.map((one) => `${one.plugin} ${one.points}`).join(', ');
      const own = verdict.against.map((one) => `${one.plugin} ${one.points}`).join(', ');
      const word = first === undefined ? '' : WORDS[first.plugin];
      return {
        verdict,
        text: `${word} outweighs the preference: ${points} points for ${verdict.winner}, against ${own === '' ? 'none' : own} for ${verdict.node}`,
        remedy: first === undefined ? undefined : remedyOf(first.plugin, preference, verdict.node),
      };
    }
  }
}

/** Kinds whose template kubectl can patch. */
const PATCHABLE: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet']);

function remedyOf(plugin: ScorePlugin, preference: Preference, node: string): string {
  const { workload, pod, raw } = preference;
  const [kind = '', name = ''] = workload.split('/');
  const object = `${kind.toLowerCase()} -n ${pod.namespace} ${name}`;
  const require = requireCommand(preference.policy, pod.namespace);
  if (plugin === 'TaintToleration') return `kubectl describe node ${node} # its taints`;
  if (plugin === 'NodeAffinity') {
    return `kubectl edit ${object} # raise the least weight of its preferred terms: ours counts as much`;
  }
  const spreads = plugin === 'PodTopologySpread' && PATCHABLE.has(kind);
  const spec = raw['spec'] as JsonObject | undefined;
  if (spreads && spec?.['topologySpreadConstraints'] === undefined) {
    return `kubectl patch ${object} --type merge -p '${JSON.stringify(NO_DEFAULT_SPREAD)}' # or: ${require}`;
  }
  if (spreads) return `kubectl edit ${object} # loosen topologySpreadConstraints; or: ${require}`;
  return require;
}

/** A constraint of the Pod's own, of which no Pod is part, takes the place of the defaults. */
const NO_DEFAULT_SPREAD = {
  spec: {
    template: {
      spec: {
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: 'kubernetes.io/hostname',
            whenUnsatisfiable: 'ScheduleAnyway',
            labelSelector: { matchLabels: { 'perihelion.dev/spread': 'none' } },
          },
        ],
      },
    },
  },
};

/** Nothing but a required rule is stronger than the sum of the other scores. */
function requireCommand(policy: PlacementPolicy, namespace: string): string {
  const spec = { spec: { escalation: { mode: 'Enabled' } } };
  if (policy.builtIn || policy.namespace !== namespace) {
    return `printf 'apiVersion: perihelion.dev/v1alpha1\\nkind: PlacementPolicy\\nmetadata: {name: default, namespace: ${namespace}}\\nspec: {escalation: {mode: Enabled}}\\n' | kubectl apply -f -`;
  }
  return `kubectl patch placementpolicy -n ${policy.namespace} ${policy.name} --type merge -p '${JSON.stringify(spec)}'`;
}
