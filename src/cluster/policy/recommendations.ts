// SPDX-License-Identifier: Apache-2.0
import { asObjects, asOptionalText, asText, type JsonObject } from '#cluster/wire/json.ts';

/** Recommendations in one status; the rest is only counted in a metric. */
export const MOST_RECOMMENDATIONS = 32;

/** Something the agent would do, or did, as the status of a policy shows it. */
export interface StatusRecommendation {
  readonly kind: 'Scale' | 'Move';
  readonly namespace: string;
  /** `Deployment/frontend`. */
  readonly workload: string;
  /** Name of the Pod to move; absent for scaling. */
  readonly pod?: string | undefined;
  /** Replicas, or targets. */
  readonly from: string;
  readonly to: string;
  readonly outcome: 'Recommended' | 'Applied' | 'Refused';
  /** What is in the way, in one word. */
  readonly reason?: string | undefined;
  readonly message: string;
  /** When it was first said, RFC 3339 in seconds. */
  readonly since: string;
}

const KINDS = ['Scale', 'Move'] as const;
const OUTCOMES = ['Recommended', 'Applied', 'Refused'] as const;

/** Reads them from a status; what cannot be read is left out. */
export function projectRecommendations(raw: unknown): StatusRecommendation[] {
  return asObjects(raw).flatMap((one): StatusRecommendation[] => {
    const kind = KINDS.find((known) => known === one['kind']);
    const outcome = OUTCOMES.find((known) => known === one['outcome']);
    if (kind === undefined || outcome === undefined) return [];
    const pod = asOptionalText(one['pod']);
    const reason = asOptionalText(one['reason']);
    return [
      {
        kind,
        namespace: asText(one['namespace']),
        workload: asText(one['workload']),
        ...(pod === undefined ? {} : { pod }),
        from: asText(one['from']),
        to: asText(one['to']),
        outcome,
        ...(reason === undefined ? {} : { reason }),
        message: asText(one['message']),
        since: asText(one['since']),
      },
    ];
  });
}

/**
 * The list to write: in a fixed order and bounded, what is not done yet first; what was said before
 * keeps its time.
 */
export function nextRecommendations(
  before: readonly StatusRecommendation[],
  now: readonly Omit<StatusRecommendation, 'since'>[],
  time: string,
): StatusRecommendation[] {
  const ordered = [...now].sort((a, b) => (rankOf(a) < rankOf(b) ? -1 : 1));
  return ordered.slice(0, MOST_RECOMMENDATIONS).map((one) => {
    const old = before.find((other) => gistOf(other) === gistOf(one));
    return { ...one, since: old?.since ?? time };
  });
}

/** Everything but when it was first said. */
export function gistOf(one: Omit<StatusRecommendation, 'since'>): string {
  const { kind, namespace, workload, pod, from, to, outcome, reason, message } = one;
  return JSON.stringify([kind, namespace, workload, pod, from, to, outcome, reason, message]);
}

function rankOf({
  kind,
  namespace,
  workload,
  outcome,
}: Omit<StatusRecommendation, 'since'>): string {
  return JSON.stringify([outcome === 'Applied' ? 1 : 0, namespace, workload, kind]);
}

function text(description: string, maxLength: number): JsonObject {
  return { description, type: 'string', maxLength };
}

/** The structural schema of `status.recommendations`. */
export const RECOMMENDATIONS_SCHEMA: JsonObject = {
  description:
    'Changes of replicas and moves of Pods that are recommended, that something is in the way of, or that were done last.',
  type: 'array',
  maxItems: MOST_RECOMMENDATIONS,
  'x-kubernetes-list-type': 'atomic',
  items: {
    description: 'One of them.',
    type: 'object',
    required: ['kind', 'namespace', 'workload', 'from', 'to', 'outcome', 'message', 'since'],
    properties: {
      kind: {
        description: 'Scale: another number of replicas. Move: another target for a Pod.',
        type: 'string',
        enum: [...KINDS],
      },
      namespace: text('Namespace of the workload.', 63),
      workload: text('Workload, for example `Deployment/frontend`.', 317),
      pod: text('Name of the Pod to move.', 253),
      from: text('Replicas or target now.', 63),
      to: text('Replicas or target instead.', 63),
      outcome: {
        description:
          'Recommended: the policy asks for no more. Refused: `reason` is in the way. Applied: done.',
        type: 'string',
        enum: [...OUTCOMES],
      },
      reason: text('What is in the way, in one word.', 63),
      message: text('The same for people.', 1024),
      since: {
        description: 'When it was first said.',
        type: 'string',
        format: 'date-time',
      },
    },
  },
};
