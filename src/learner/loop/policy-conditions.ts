// SPDX-License-Identifier: Apache-2.0
import type { CircuitReason } from '#cluster/model/enforcement.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { Observation } from '#cluster/model/observation.ts';
import type { ConditionWish } from '#cluster/policy/status.ts';
import type { PolicyProblem } from '#cluster/policy/live-view.ts';
import type { PlacementPolicy } from '#cluster/policy/policy.ts';
import { circuitPhase } from '#learner/enforcement/circuit.ts';
import { isEnforced, isReleased } from '#learner/enforcement/enforcement.ts';

/** One namespace in which a policy is in force. */
export interface PolicyNamespace {
  readonly namespace: string;
  /** As last published; undefined = not yet. */
  readonly observation: Observation | undefined;
  /** Of the workloads that have Pods there. */
  readonly shards: readonly ModelShard[];
}

/** Everything that the conditions of one policy are told from. */
export interface PolicyFacts {
  readonly problem: PolicyProblem | undefined;
  /** The last good version; undefined = there never was one. */
  readonly policy: PlacementPolicy | undefined;
  /** Name of the policy that holds in its namespace; undefined = none of the namespace's own. */
  readonly holding: string | undefined;
  readonly name: string;
  readonly namespaces: readonly PolicyNamespace[];
  readonly now: number;
  /** Why nothing can be read by the presets of its choice; undefined = something can. */
  readonly presetProblem?: string | undefined;
}

/** Names listed in one message; the rest is counted. */
const MOST_NAMES = 5;

/** What the conditions of a policy are to say; pure. */
export function policyConditions(facts: PolicyFacts): ConditionWish[] {
  return [
    { type: 'Ready', ...readiness(facts) },
    { type: 'TelemetryHealthy', ...telemetry(facts) },
    { type: 'Learning', ...learning(facts) },
    { type: 'CircuitOpen', ...circuits(facts) },
    { type: 'Enforced', ...enforcement(facts) },
  ];
}

type Saying = Omit<ConditionWish, 'type'>;

function say(status: Saying['status'], reason: string, message: string): Saying {
  return { status, reason, message };
}

function readiness({ problem, holding, name }: PolicyFacts): Saying {
  if (problem !== undefined) {
    const rest =
      problem.inForce === undefined
        ? 'it was never in force'
        : `generation ${problem.inForce} stays in force`;
    return say('False', 'InvalidSpec', `${problem.problems.join('; ')}; ${rest}`);
  }
  if (holding !== undefined && holding !== name) {
    const message = `PlacementPolicy ${holding} of the same namespace holds: the first by name does`;
    return say('False', 'NotInForce', message);
  }
  return say('True', 'InForce', 'The policy is in force');
}

function telemetry(facts: PolicyFacts): Saying {
  const idle = idleness(facts);
  if (idle !== undefined) return { ...idle, status: 'Unknown' };
  if (facts.presetProblem !== undefined) return say('False', 'UnknownPreset', facts.presetProblem);
  const targets: { name: string; health: string }[] = [];
  for (const { namespace, observation } of facts.namespaces) {
    if (observation === undefined) {
      return say('Unknown', 'NotObserved', `Namespace ${namespace} was not observed yet`);
    }
    for (const [target, { health }] of Object.entries(observation.targets)) {
      if (!targets.some((one) => one.name === target)) targets.push({ name: target, health });
    }
  }
  const key = facts.policy?.spec.topologyKey ?? '';
  if (targets.length === 0) return say('False', 'NoTargets', `No node carries the label ${key}`);
  const ill = targets.filter(({ health }) => health !== 'healthy');
  if (ill.length === 0) return say('True', 'TargetsMeasured', 'Every target is measured');
  const names = listed(ill.map(({ name, health }) => `${name} (${health})`).sort());
  const reason = ill.length === targets.length ? 'TelemetryLost' : 'TargetsNotMeasured';
  return say('False', reason, `${ill.length} of ${targets.length} targets: ${names}`);
}

function learning(facts: PolicyFacts): Saying {
  const idle = idleness(facts);
  if (idle !== undefined) return idle;
  const { spec } = facts.policy ?? {};
  const shards = facts.namespaces.flatMap((one) => one.shards);
  if (shards.length === 0) return say('False', 'NothingMeasured', 'No Pod was measured yet');
  const least = spec?.learning.burnInDecisions ?? 0;
  if (shards.every((shard) => shard.defaultSamples < least)) {
    return say('False', 'BurnIn', 'The default scheduler is being measured first');
  }
  if (spec?.mode === 'Shadow') {
    return say('True', 'Shadow', 'Decisions are taken and judged, and nothing is injected');
  }
  return say('True', 'Learning', 'Placements are measured and learned from');
}

/** Why nothing is done under the policy; undefined if something is. */
function idleness({ policy, namespaces }: PolicyFacts): Saying | undefined {
  if (policy?.spec.mode === 'Off') return say('False', 'Off', 'Mode is Off');
  if (namespaces.length > 0) return undefined;
  return say('False', 'NotUsed', 'No namespace that opted in is under this policy');
}

const REASONS: Readonly<Record<CircuitReason, { readonly word: string; readonly text: string }>> = {
  'slo-breach': { word: 'SloBreach', text: 'objectives missed' },
  regret: { word: 'Regret', text: 'worse than the default scheduler' },
  'telemetry-lost': { word: 'TelemetryLost', text: 'not measured any more' },
};

function circuits({ policy, namespaces, now }: PolicyFacts): Saying {
  if (policy?.spec.circuitBreaker.mode === 'Disabled') {
    return say('False', 'Disabled', 'The circuit breaker is disabled');
  }
  const open = namespaces.flatMap(({ namespace, shards }) =>
    shards.flatMap(({ workload, circuit }) => {
      const phase = circuitPhase(circuit, now);
      if (phase === 'closed' || circuit?.reason === undefined) return [];
      const { word, text } = REASONS[circuit.reason];
      const trial = phase === 'half-open' ? ', on trial' : '';
      return [{ name: `${namespace}/${workload} (${text}${trial})`, word, phase }];
    }),
  );
  if (open.length === 0) return say('False', 'Closed', 'No workload is held back');
  const words = new Set(open.map(({ word }) => word));
  const trials = open.every(({ phase }) => phase === 'half-open');
  const [word = ''] = words;
  const single = words.size > 1 ? 'Several' : word;
  return say('True', trials ? 'OnTrial' : single, listed(open.map(({ name }) => name).sort()));
}

/** Whether targets are required, by mode or by escalation, and which workloads are released. */
function enforcement({ policy, namespaces, now }: PolicyFacts): Saying {
  if (policy === undefined) return say('False', 'NotUsed', 'The policy was never in force');
  const named = namespaces.flatMap(({ namespace, shards }) =>
    shards
      // The priors of tiers are nobody's Pods.
      .filter(({ workload }) => !workload.startsWith('Tier/'))
      .map((shard) => ({ name: `${namespace}/${shard.workload}`, enforcement: shard.enforcement })),
  );
  const { spec } = policy;
  const released = named.filter((one) => isReleased(one.enforcement, now));
  const escalated = named.filter((one) => isEnforced(spec, one.enforcement, now));
  const names = (list: readonly { readonly name: string }[]): string =>
    listed(list.map(({ name }) => name).sort());
  if (released.length > 0) {
    const text = `Nothing is required for a while after a Pod stayed Pending: ${names(released)}`;
    return say(spec.mode === 'Require' ? 'True' : 'False', 'Released', text);
  }
  if (spec.mode === 'Require') return say('True', 'Required', 'Targets are required');
  if (escalated.length === 0) return say('False', 'Preferred', 'Targets are not required');
  return say('True', 'Escalated', `Adherence was low, targets are required: ${names(escalated)}`);
}

function listed(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  const first = names.slice(0, MOST_NAMES).join(', ');
  return more > 0 ? `${first} and ${more} more` : first;
}
