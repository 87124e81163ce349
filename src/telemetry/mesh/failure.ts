// SPDX-License-Identifier: Apache-2.0
import type { Labels } from '#telemetry/series/series.ts';

/**
 * gRPC codes that are the server's fault: UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, INTERNAL,
 * UNAVAILABLE and DATA_LOSS.
 */
const FAILED_GRPC = new Set(['2', '4', '8', '13', '14', '15']);

/**
 * Whether a response counts as failed: 5xx (or its class, `5`), no response at all (`0`, unlike
 * Istio's own dashboards), or a gRPC code that is the server's fault (its HTTP code is 200 all the
 * same).
 */
export function isFailure(responseCode: string, grpcStatus: string): boolean {
  return /^5(\d\d|xx)?$/i.test(responseCode) || responseCode === '0' || FAILED_GRPC.has(grpcStatus);
}

/** The same for one series; a proxy that judges itself (`outcome`) is believed. */
export function hasFailed(labels: Labels): boolean {
  if (labels['outcome']) return labels['outcome'] !== 'success';
  return isFailure(labels['response_code'] ?? '', labels['grpc_response_status'] ?? '');
}
