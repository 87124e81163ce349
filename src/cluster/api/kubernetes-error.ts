// SPDX-License-Identifier: Apache-2.0
import { asObject, asText, type JsonObject } from '#cluster/wire/json.ts';
import { PerihelionError } from '#errors';

/** Reasons of our own for calls that got no answer; all others are those of the API server. */
export const NO_ANSWER = { aborted: 'Aborted', timedOut: 'TimedOut', unreachable: 'Unreachable' };

/** A server may not hold a call longer than this with Retry-After. */
const MAXIMUM_RETRY_AFTER_SECONDS = 30;

/** A refused or failed call of the API server (`PERI_KUBERNETES_REQUEST`). */
export class KubernetesError extends PerihelionError {
  /** HTTP status, or 0 where there was no answer. */
  readonly status: number;
  /** `metav1.StatusReason` (`NotFound`, `Conflict`, `Expired`, ...) or one of {@link NO_ANSWER}. */
  readonly reason: string;
  /** What the server asked to wait before the next try; undefined = it did not say. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    call: string,
    failure: {
      readonly status: number;
      readonly reason: string;
      readonly message: string;
      readonly retryAfterSeconds?: number | undefined;
    },
    options?: ErrorOptions,
  ) {
    const head = failure.status === 0 ? failure.reason : `${failure.status} ${failure.reason}`;
    super('PERI_KUBERNETES_REQUEST', `${call}: ${head}: ${failure.message}`, options);
    this.name = 'KubernetesError';
    this.status = failure.status;
    this.reason = failure.reason;
    this.retryAfterSeconds = failure.retryAfterSeconds;
  }

  /** The least pause before another try, in milliseconds: what the server asked for, within bounds. */
  static leastPauseOf(error: unknown): number {
    const asked = error instanceof KubernetesError ? (error.retryAfterSeconds ?? 0) : 0;
    return 1000 * Math.min(asked, MAXIMUM_RETRY_AFTER_SECONDS);
  }

  /** Whether this is the answer with that HTTP status. */
  static is(error: unknown, status: number): error is KubernetesError {
    return error instanceof KubernetesError && error.status === status;
  }
}

/**
 * The error of an answer that is not a success; `text` is its body, a `metav1.Status` or the
 * words of a proxy.
 */
export function errorOfAnswer(
  call: string,
  status: number,
  text: string,
  retryAfter: string | undefined,
): KubernetesError {
  const body = parsed(text);
  const seconds = retryAfter === undefined ? undefined : Number(retryAfter);
  return new KubernetesError(call, {
    status,
    reason: asText(body['reason']) || 'Unknown',
    message: asText(body['message']) || text.slice(0, 200) || 'no message',
    retryAfterSeconds: seconds !== undefined && seconds >= 0 ? seconds : undefined,
  });
}

function parsed(text: string): JsonObject {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return {};
  }
}

/** Gives a lost connection, a passed deadline and an aborted call the same type as a refusal. */
export function failureOf(
  call: string,
  error: unknown,
  signal: AbortSignal | undefined,
  deadline: AbortSignal | undefined,
): Error {
  const aborted = signal?.aborted === true;
  const late = deadline?.aborted === true;
  if (error instanceof KubernetesError && !aborted && !late) return error;
  let reason = NO_ANSWER.unreachable;
  if (aborted) reason = NO_ANSWER.aborted;
  else if (late) reason = NO_ANSWER.timedOut;
  const message = error instanceof Error ? error.message : String(error);
  return new KubernetesError(call, { status: 0, reason, message }, { cause: error });
}
