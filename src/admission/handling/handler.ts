// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import { PerihelionError } from '#errors';
import type { VersionsEntry } from '#audit/entry.ts';
import type { AuditSink } from '#audit/sink.ts';
import { annotationsOf } from '#cluster/decision/codec.ts';
import { MARK_ANNOTATIONS } from '#cluster/decision/annotations.ts';
import { subjectOf, type SigningKey } from '#cluster/decision/signature.ts';
import type { ModelView } from '#cluster/model/model.ts';
import type { PlacementPolicy, PolicyView } from '#cluster/policy/policy.ts';
import type { ClusterView } from '#cluster/mirror/view.ts';
import type { RequestTrace } from '#tracing/request-trace.ts';
import { checkPatch } from '#admission/patch/check.ts';
import type { Deadline } from '#admission/server/deadline.ts';
import { decide, type Decision } from '#admission/decision/decide.ts';
import { podSkipReason, requestSkipReason } from '#admission/pod/eligibility.ts';
import { formerDecision, type FormerDecision } from '#admission/decision/former-decision.ts';
import { incomingPod, type IncomingPod } from '#admission/pod/incoming-pod.ts';
import type { Memory } from '#admission/decision/memory.ts';
import { planMerge } from '#admission/patch/merge.ts';
import type { AdmissionMetrics } from '#admission/figures/metrics.ts';
import { operationsOf } from '#admission/patch/patch.ts';
import {
  errored,
  parseReview,
  type AdmissionRequest,
  type AdmissionReview,
} from '#admission/review/review.ts';
import { injected, leftAlone, shadowed, type Answer, type Patch } from './answer.ts';
import { auditEntryOf, type Result } from './audit-entry.ts';
import { FAILURE_TEXTS, failureReason, nameOf } from './failure.ts';
import { traceAttributes } from './trace-attributes.ts';

/** What answering a review needs. Nothing of it does I/O that is waited for. */
export interface HandlerOptions {
  readonly view: ClusterView;
  readonly policies: PolicyView;
  readonly models: ModelView;
  readonly audit: Pick<AuditSink, 'write'>;
  readonly metrics: AdmissionMetrics;
  readonly memory: Memory;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** A monotonic clock in milliseconds. */
  readonly elapsed: () => number;
  readonly newId: () => string;
  /** Signs decisions. */
  readonly signingKey: SigningKey;
  /** Keys whose decisions are believed: the present one and former ones. */
  readonly keys: readonly SigningKey[];
  readonly ownNamespace: string;
  /** Name of the scheduler whose Pods are met. */
  readonly schedulerName: string;
  readonly versions: VersionsEntry;
}

/** A parsed body and its time. */
export interface Arrival {
  readonly body: unknown;
  readonly bodyBytes: number;
  readonly deadline: Deadline;
  /** When the request arrived, of the monotonic clock. */
  readonly arrivedAt: number;
  /** Undefined = this request is not traced. */
  readonly trace?: RequestTrace | undefined;
}

/** Answers reviews: the only place that turns a decision into effects. */
export class AdmissionHandler {
  readonly #options: HandlerOptions;

  constructor(options: HandlerOptions) {
    this.#options = options;
  }

  /**
   * Answers one review. Whatever fails after the envelope is read, the Pod is allowed.
   * @throws PerihelionError `PERI_REVIEW_MALFORMED` if the body is no review at all.
   */
  answer(arrival: Arrival): AdmissionReview {
    const request = this.#parsed(arrival.body);
    let answer: Answer;
    try {
      answer = this.#answered(request, arrival);
      arrival.trace?.step('record');
      this.#write(request, arrival, answer.result);
      answer.commit?.();
    } catch (error) {
      answer = this.#failed(request, error);
      this.#writeFailure(request, arrival, answer.result);
    }
    this.#count(arrival, answer.result);
    arrival.trace?.set(traceAttributes(request, answer.result));
    return answer.review;
  }

  #parsed(body: unknown): AdmissionRequest {
    try {
      return parseReview(body);
    } catch (error) {
      this.#options.metrics.requests.inc('malformed');
      throw error;
    }
  }

  #answered(request: AdmissionRequest, arrival: Arrival): Answer {
    const { view, policies, ownNamespace, schedulerName } = this.#options;
    arrival.trace?.step('eligibility');
    const requestReason = requestSkipReason(request);
    if (requestReason !== undefined) return leftAlone(request, requestReason);
    arrival.deadline.checkpoint();
    const pod = incomingPod(request);
    const policy = policies.policyFor(pod.namespace);
    const podReason = podSkipReason(pod, {
      ownNamespace,
      schedulerName,
      synced: view.synced,
      namespace: view.namespace(pod.namespace),
      policy,
    });
    if (podReason !== undefined) return leftAlone(request, podReason);
    return this.#placed({ request, arrival, pod, policy });
  }

  #placed(context: PlacementContext): Answer {
    const { request, arrival, pod, policy } = context;
    const { view, models, memory, now, newId, keys } = this.#options;
    const time = now();
    const former = formerDecision({
      pod,
      topologyKey: policy.spec.topologyKey,
      keys,
      taken: memory.taken,
      now: time,
    });
    if (former.kind === 'standing') return leftAlone(request, 'already-decided');
    const checkpoint = (): void => arrival.deadline.checkpoint();
    arrival.trace?.step('decide');
    const decision = decide({ pod, policy, view, models, memory, now: time, newId, checkpoint });
    const patch = this.#patch(context, decision, former);
    // The last look at the clock: after this the decision counts.
    checkpoint();
    const answer =
      decision.record.shadow === true
        ? shadowed(request, decision, patch)
        : injected(request, decision, patch);
    if (request.dryRun) return answer;
    return { ...answer, commit: () => this.#commit(context, decision, former) };
  }

  #commit({ pod }: PlacementContext, decision: Decision, former: FormerDecision): void {
    const { memory, metrics } = this.#options;
    memory.commit(pod, decision);
    if (former.kind === 'replaced') metrics.replaced.inc(former.reason);
    this.#countDecision(decision);
  }

  #patch(context: PlacementContext, decision: Decision, former: FormerDecision): Patch {
    const { pod, arrival } = context;
    arrival.trace?.step('merge');
    const merge = planMerge({
      pod: pod.raw,
      // Shadow decisions are remembered on the Pod, and nothing else of it is touched.
      target: decision.record.shadow === true ? undefined : decision.target,
      required: decision.record.required,
      former: former.kind === 'replaced' ? former.target : undefined,
      formerRequired: former.kind === 'replaced' && former.required,
      annotations: {
        ...clearedMarks(pod.annotations),
        ...annotationsOf(decision.record, subjectOf(pod), this.#options.signingKey),
      },
    });
    const operations = operationsOf(pod.raw, merge);
    arrival.trace?.step('check');
    const text = checkPatch({ pod: pod.raw, bodyBytes: arrival.bodyBytes, merge, operations });
    return { operations, text };
  }

  #failed(request: AdmissionRequest, error: unknown): Answer {
    const { metrics, logger } = this.#options;
    const reason = failureReason(error);
    if (reason === 'deadline') metrics.deadline.inc();
    if (reason === 'patch-unsafe') metrics.patchRejected.inc();
    const fields = {
      requestUid: request.uid,
      namespace: request.namespace,
      reason,
      code: error instanceof PerihelionError ? error.code : undefined,
      // Our own messages name fields, never values; of a foreign error only the kind is logged.
      detail: error instanceof PerihelionError ? error.message : nameOf(error),
    };
    if (reason === 'internal') logger.error(fields, 'admission failed, Pod allowed unchanged');
    else logger.warn(fields, 'admission without a patch');
    return {
      result: { outcome: 'failed', reason, operations: [], decision: undefined },
      review: errored(request.uid, reason, FAILURE_TEXTS[reason]),
    };
  }

  #write(request: AdmissionRequest, arrival: Arrival, result: Result): void {
    const { now, versions, audit } = this.#options;
    const durationSeconds = this.#durationSeconds(arrival);
    audit.write(auditEntryOf(request, result, { now: now(), durationSeconds, versions }));
  }

  /** A failure's own line must not fail the answer, whatever broke. */
  #writeFailure(request: AdmissionRequest, arrival: Arrival, result: Result): void {
    try {
      this.#write(request, arrival, result);
    } catch (error) {
      this.#options.logger.error({ detail: nameOf(error) }, 'audit line lost');
    }
  }

  #count(arrival: Arrival, result: Result): void {
    const { metrics } = this.#options;
    metrics.requests.inc(result.outcome);
    if (result.outcome === 'skipped') metrics.skipped.inc(result.reason);
    if (result.outcome === 'failed') metrics.failed.inc(result.reason);
    metrics.duration.observe(this.#durationSeconds(arrival));
  }

  #countDecision(decision: Decision): void {
    const { metrics } = this.#options;
    const kind = decision.target === undefined ? 'default' : 'target';
    metrics.decisions[kind].inc(decision.choice.reason);
    for (const verdict of decision.verdicts) {
      if (!verdict.feasible) metrics.infeasible.inc(verdict.reason);
    }
  }

  #durationSeconds(arrival: Arrival): number {
    return Math.max(0, this.#options.elapsed() - arrival.arrivedAt) / 1000;
  }
}

/** A mark that came with the Pod must not stay on a decision that has it not. */
function clearedMarks(annotations: Readonly<Record<string, string>>): Record<string, string> {
  const found = Object.values(MARK_ANNOTATIONS).filter((name) => Object.hasOwn(annotations, name));
  return Object.fromEntries(found.map((name) => [name, 'false']));
}

interface PlacementContext {
  readonly request: AdmissionRequest;
  readonly arrival: Arrival;
  readonly pod: IncomingPod;
  readonly policy: PlacementPolicy;
}
