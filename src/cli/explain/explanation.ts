// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import type { SettlementEntry } from '#audit/entry.ts';
import { settledBy } from '#cluster/model/settled.ts';
import { type Adherence, adherenceOf } from './adherence.ts';
import { actionRows, type ActionRow } from './actions.ts';
import { claimedDecision, type ClaimedDecision } from './claimed.ts';
import type { Evidence } from './evidence.ts';
import type { Gathered } from './gather.ts';
import { leftAlone, type LeftAlone } from './left-alone.ts';
import type { Outweighed } from './outweighed.ts';
import { reasonOf } from './reason.ts';

/** The whole answer to "why did this Pod go there", as `--output json` prints it. */
export interface Explanation {
  readonly namespace: string;
  readonly pod: string;
  readonly phase: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly workload: string;
  readonly tier: string;
  readonly policy: {
    /** `name@generation`, of the policy now in force. */
    readonly name: string;
    readonly builtIn: boolean;
    readonly mode: string;
    readonly topologyKey: string;
  };
  /** Undefined = the Pod carries none; then {@link leftAlone} says why. */
  readonly decision: ExplainedDecision | undefined;
  readonly leftAlone: LeftAlone | undefined;
  /** Every action that is known of, the default first. */
  readonly actions: readonly ActionRow[];
  /** Undefined while the Pod is not bound. */
  readonly landed: Landing | undefined;
  /** Of the workload; undefined while nothing was asked of the scheduler. */
  readonly adherence: Adherence | undefined;
  /** Why the preference was not followed; undefined = it was, or there was none. */
  readonly outweighed: Outweighed | undefined;
  readonly settlement: Settlement;
}

/** A decision and why it was taken. */
export interface ExplainedDecision extends ClaimedDecision {
  readonly signature: 'valid' | 'forged' | 'unchecked';
  /** Why the signature is not valid; undefined where it is. */
  readonly signatureDetail: string | undefined;
  /** `greedy`, `explore`, ... ; undefined where only the audit log could tell. */
  readonly choice: string | undefined;
  /** One sentence for people. */
  readonly why: string;
}

/** Where a Pod landed. */
export interface Landing {
  readonly node: string;
  /** Value of the topology key there; undefined = the Node has no such label, or is gone. */
  readonly target: string | undefined;
  /** Whether that is what was asked; undefined where nothing was. */
  readonly asAsked: boolean | undefined;
}

/** What the Pod has earned. */
export type Settlement =
  | { readonly kind: 'entry'; readonly entry: SettlementEntry }
  /** Settled, says the model; the figures are in an audit log that was not given. */
  | { readonly kind: 'settled' }
  | { readonly kind: 'open' }
  /** Without a decision nothing is earned. */
  | { readonly kind: 'none' };

/** Puts together what the API server and (where given) the audit log know of a Pod. */
export function explanationOf(
  gathered: Gathered,
  evidence: Evidence | undefined,
  outweighed?: Outweighed,
): Explanation {
  const { pod, policy, workload, tier } = gathered;
  const decision = decisionOf(gathered, evidence);
  // In mode Shadow nothing was asked of the scheduler.
  const asked = decision?.shadow === true ? undefined : decision?.action;
  return {
    namespace: pod.namespace,
    pod: pod.name,
    phase: pod.phase,
    createdAt: new Date(pod.createdAt).toISOString(),
    workload,
    tier: decision?.tier ?? tier,
    policy: {
      name: `${policy.name}@${policy.generation}`,
      builtIn: policy.builtIn,
      mode: policy.spec.mode,
      topologyKey: policy.spec.topologyKey,
    },
    decision,
    leftAlone: decision === undefined ? leftAlone(gathered, evidence) : undefined,
    actions: actionRows(gathered, decision, evidence?.admission?.decision),
    landed: landingOf(gathered, asked),
    adherence: adherenceOf(gathered.shard === undefined ? [] : [gathered.shard]),
    outweighed,
    settlement: settlementOf(gathered, decision, evidence),
  };
}

function decisionOf(
  { pod, policy, decision }: Gathered,
  evidence: Evidence | undefined,
): ExplainedDecision | undefined {
  if (decision.kind === 'absent') return undefined;
  const claimed = decision.kind === 'valid' ? decision.record : claimedDecision(pod.annotations);
  const logged = evidence?.admission?.decision;
  const { choice, why } = reasonOf(claimed, policy.spec, logged);
  return {
    id: claimed.id,
    decidedAt: claimed.decidedAt,
    tier: claimed.tier,
    state: claimed.state,
    action: claimed.action,
    propensity: claimed.propensity,
    holdout: claimed.holdout,
    policy: claimed.policy,
    modelVersion: claimed.modelVersion,
    ...(claimed.shadow === true ? { shadow: true as const } : {}),
    ...(claimed.required === true ? { required: true as const } : {}),
    signature: decision.kind,
    signatureDetail: decision.kind === 'valid' ? undefined : decision.reason,
    choice,
    why,
  };
}

function landingOf(
  { pod, node, policy }: Gathered,
  action: string | undefined,
): Landing | undefined {
  if (pod.nodeName === undefined) return undefined;
  const { topologyKey } = policy.spec;
  const labels = node?.labels ?? {};
  const target = Object.hasOwn(labels, topologyKey) ? labels[topologyKey] : undefined;
  const wanted = action === undefined || action === DEFAULT_ACTION ? undefined : action;
  return {
    node: pod.nodeName,
    target,
    asAsked: wanted === undefined || target === undefined ? undefined : target === wanted,
  };
}

function settlementOf(
  { shard }: Gathered,
  decision: ExplainedDecision | undefined,
  evidence: Evidence | undefined,
): Settlement {
  if (decision === undefined) return { kind: 'none' };
  const entry = evidence?.settlement;
  if (entry !== undefined) return { kind: 'entry', entry };
  // When it was taken is known only of a decision that is signed.
  const decidedAt = decision.signature === 'valid' ? decision.decidedAt : Infinity;
  return { kind: settledBy(shard)({ id: decision.id, decidedAt }) ? 'settled' : 'open' };
}
