// SPDX-License-Identifier: Apache-2.0
import { SIGNATURE_ANNOTATION } from '#cluster/decision/annotations.ts';
import { readDecision, type DecisionReading } from '#cluster/decision/codec.ts';
import type { DecisionRecord } from '#cluster/decision/decision.ts';
import { subjectOf, type SigningKey } from '#cluster/decision/signature.ts';
import type { SlimNode, SlimPod } from '#cluster/objects/slim.ts';

/** A decision found on a living Pod, with everything that became of the Pod so far. */
export interface PendingDecision {
  readonly decision: DecisionRecord;
  readonly namespace: string;
  /** Name of the policy, without its generation. */
  readonly policy: string;
  readonly podName: string;
  readonly podUid: string;
  /** Controller of the Pod, for the Event after binding. */
  readonly owner: SlimPod['owner'];
  readonly nodeName: string | undefined;
  /**
   * Value of the policy's topology label on the node the Pod is bound to. Undefined while unbound
   * and when the node is unknown or carries no such label.
   */
  readonly landed: string | undefined;
  /** Milliseconds since the epoch, as on the Pod. */
  readonly createdAt: number;
  readonly boundAt: number | undefined;
  readonly readyAt: number | undefined;
  /**
   * When it was asked to be deleted: from then on it is served no new requests, although it lives
   * on for its grace period. Undefined = it was not.
   */
  readonly leavingAt: number | undefined;
  /** Succeeded or Failed: it serves nothing any more. */
  readonly finished: boolean;
}

/** Why the annotations of a Pod are not believed. */
export const REJECTIONS = ['unsigned', 'forged', 'duplicate', 'replayed'] as const;

/** See {@link REJECTIONS}. */
export type Rejection = (typeof REJECTIONS)[number];

/** A Pod whose decision does not count. */
export interface RejectedDecision {
  readonly podUid: string;
  readonly namespace: string;
  readonly podName: string;
  readonly reason: Rejection;
  /** One line for the log. */
  readonly detail: string;
}

/** A Pod with a decision that one of our keys signed. */
export interface SignedPod {
  readonly pod: SlimPod;
  readonly record: DecisionRecord;
}

/** All Pods of a tick: those to settle, and those not believed. */
export interface DecisionScan {
  readonly signed: readonly SignedPod[];
  readonly rejected: readonly RejectedDecision[];
}

/**
 * A decision is taken inside the request that creates its Pod, so both times agree but for the
 * skew of two clocks. A record that is older than that was copied from a Pod that is gone.
 */
export const CLOCK_SKEW_MILLISECONDS = 5 * 60_000;

/** Reads one Pod; a cache in front of {@link readPod} is one of these too. */
export type PodReader = (pod: SlimPod) => DecisionReading;

/**
 * Reads Pods with these keys. Slim Pods never change, so each object is verified once only: a tick
 * over 50,000 Pods costs one map look-up each instead of one HMAC.
 */
export function createPodReader(keys: SigningKey | readonly SigningKey[]): PodReader {
  const known = new WeakMap<SlimPod, DecisionReading>();
  return (pod) => {
    const before = known.get(pod);
    if (before !== undefined) return before;
    const reading = readDecision(pod.annotations, subjectOf(pod), keys);
    known.set(pod, reading);
    return reading;
  };
}

/**
 * Finds the decisions on Pods. Ids are compared across all Pods given, so give the Pods of every
 * opted-in namespace at once. Of Pods that carry the same id the one created first has it by
 * right: a copy can only be made of something that is there already.
 */
export function scanDecisions(pods: Iterable<SlimPod>, read: PodReader): DecisionScan {
  const byId = new Map<string, SignedPod>();
  const rejected: RejectedDecision[] = [];
  for (const pod of pods) {
    const reading = read(pod);
    if (reading.kind === 'absent') continue;
    if (reading.kind === 'forged') {
      const unsigned = pod.annotations[SIGNATURE_ANNOTATION] === undefined;
      rejected.push(reject(pod, unsigned ? 'unsigned' : 'forged', reading.reason));
      continue;
    }
    const { record } = reading;
    if (Math.abs(pod.createdAt - record.decidedAt) > CLOCK_SKEW_MILLISECONDS) {
      rejected.push(reject(pod, 'replayed', 'the decision was not taken when the Pod was created'));
      continue;
    }
    const other = byId.get(record.id);
    if (other === undefined) {
      byId.set(record.id, { pod, record });
      continue;
    }
    const [first, copy] = isOlder(pod, other.pod) ? [pod, other.pod] : [other.pod, pod];
    if (first.uid === copy.uid) continue;
    byId.set(record.id, { pod: first, record });
    rejected.push(reject(copy, 'duplicate', `${first.name} carries the same decision id`));
  }
  return { signed: [...byId.values()], rejected };
}

/**
 * Joins a signed Pod to where it landed.
 * @param topologyKey label of the policy whose value on the node is the target.
 */
export function pendingDecision(
  signed: SignedPod,
  topologyKey: string,
  node: (name: string) => SlimNode | undefined,
): PendingDecision {
  const { pod, record } = signed;
  const bound = pod.nodeName === undefined ? undefined : node(pod.nodeName);
  return {
    decision: record,
    namespace: pod.namespace,
    policy: policyNameOf(record),
    podName: pod.name,
    podUid: pod.uid,
    owner: pod.owner,
    nodeName: pod.nodeName,
    landed: bound?.labels[topologyKey],
    createdAt: pod.createdAt,
    boundAt: pod.boundAt,
    readyAt: pod.readyAt,
    leavingAt: leavingAtOf(pod),
    finished: pod.phase === 'Succeeded' || pod.phase === 'Failed',
  };
}

/** The API server's own default, of Pods that do not say. */
const DEFAULT_GRACE_SECONDS = 30;

/** A deletion timestamp lies a grace period after the request; a shorter one later moves it back. */
function leavingAtOf({ deletedAt, deletionGraceSeconds }: SlimPod): number | undefined {
  if (deletedAt === undefined) return undefined;
  return deletedAt - 1000 * (deletionGraceSeconds ?? DEFAULT_GRACE_SECONDS);
}

/** `shop` of `shop@7`. */
export function policyNameOf(record: Pick<DecisionRecord, 'policy'>): string {
  const at = record.policy.lastIndexOf('@');
  return at < 0 ? record.policy : record.policy.slice(0, at);
}

function isOlder(a: SlimPod, b: SlimPod): boolean {
  return a.createdAt === b.createdAt ? a.uid < b.uid : a.createdAt < b.createdAt;
}

function reject(pod: SlimPod, reason: Rejection, detail: string): RejectedDecision {
  return { podUid: pod.uid, namespace: pod.namespace, podName: pod.name, reason, detail };
}
