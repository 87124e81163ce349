// SPDX-License-Identifier: Apache-2.0
import type { KubeObject } from '#simulator/kube/kube.ts';
import { applyJsonPatch } from './patch.ts';

/** What came back from a webhook. */
export interface WebhookReply {
  readonly durationMilliseconds: number;
  /** The body as JSON, or why there is none. */
  readonly body?: unknown;
  readonly error?: string;
}

/** What it means. */
export interface Answer {
  readonly outcome: 'patched' | 'allowed' | 'denied' | 'failed';
  /** Why it failed or was denied. */
  readonly message?: string;
  readonly warnings: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
  /** The object after the call. */
  readonly result: KubeObject;
}

interface ReviewResponse {
  readonly uid?: string;
  readonly allowed?: boolean;
  readonly patch?: string;
  readonly patchType?: string;
  readonly status?: { readonly message?: string };
  readonly warnings?: readonly string[];
  readonly auditAnnotations?: Readonly<Record<string, string>>;
}

/** Checks a reply as strictly as the API server does and applies its patch to `object`. */
export function interpret(reply: WebhookReply, uid: string, object: KubeObject): Answer {
  const nothing = { warnings: [], auditAnnotations: {}, result: object };
  const response = responseOf(reply, uid);
  if (typeof response === 'string') return { outcome: 'failed', message: response, ...nothing };
  const notes = {
    warnings: response.warnings ?? [],
    auditAnnotations: response.auditAnnotations ?? {},
    result: object,
  };
  if (response.allowed !== true) {
    const message = response.status?.message ?? 'without explanation';
    return { outcome: 'denied', message, ...notes };
  }
  const { patch = '', patchType } = response;
  if (patch === '') return { outcome: 'allowed', ...notes };
  if (patchType !== 'JSONPatch') {
    return { outcome: 'failed', message: 'patch without patchType JSONPatch', ...nothing };
  }
  try {
    const operations: unknown = JSON.parse(Buffer.from(patch, 'base64').toString('utf8'));
    return { outcome: 'patched', ...notes, result: applyJsonPatch(operations, object) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { outcome: 'failed', message, ...nothing };
  }
}

/** The response of a reply that is sound so far, or what is wrong with it. */
function responseOf(reply: WebhookReply, uid: string): ReviewResponse | string {
  if (reply.error !== undefined) return reply.error;
  const body = reply.body as {
    readonly kind?: string;
    readonly apiVersion?: string;
    readonly response?: ReviewResponse;
  } | null;
  if (body?.kind !== 'AdmissionReview' || body.apiVersion !== 'admission.k8s.io/v1') {
    return 'expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview';
  }
  if (body.response === undefined) return 'webhook response was absent';
  if (body.response.uid !== uid) {
    return `expected response.uid="${uid}", got "${body.response.uid ?? ''}"`;
  }
  return body.response;
}
