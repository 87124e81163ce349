// SPDX-License-Identifier: Apache-2.0
import type { Attributes } from '#tracing/span.ts';
import type { AdmissionRequest } from '#admission/review/review.ts';
import type { Result } from './audit-entry.ts';

/**
 * What the trace of a request says of its decision. Kubernetes' names are those of the semantic
 * conventions, ours begin with `perihelion.`; nothing of the Pod's body is in it.
 */
export function traceAttributes(request: AdmissionRequest, result: Result): Attributes {
  const { outcome, reason, decision } = result;
  const shared: Attributes = {
    'k8s.namespace.name': request.namespace,
    'perihelion.request.uid': request.uid,
    'perihelion.outcome': outcome,
    'perihelion.reason': reason,
    'error.type': outcome === 'failed' ? reason : undefined,
  };
  if (decision === undefined) return shared;
  const { record, verdicts } = decision;
  return {
    ...shared,
    'perihelion.decision.id': record.id,
    'perihelion.decision.workload': record.workload,
    'perihelion.decision.tier': record.tier,
    'perihelion.decision.state': record.state,
    'perihelion.decision.action': record.action,
    'perihelion.decision.propensity': record.propensity,
    'perihelion.decision.holdout': record.holdout,
    'perihelion.decision.policy': record.policy,
    'perihelion.decision.model_version': record.modelVersion,
    'perihelion.targets.feasible': verdicts.filter(({ feasible }) => feasible).length,
    'perihelion.targets.known': verdicts.length,
  };
}
