// SPDX-License-Identifier: Apache-2.0

/**
 * The table of errors. Every error that a person or another program may meet has a stable code
 * here; codes are never reused. Logs, docs and tests name errors by code.
 */
export const ERROR_CODES = {
  PERI_SETTINGS_INVALID: 'A setting, flag or environment variable has an unusable value.',
  PERI_SETTINGS_UNREADABLE: 'A settings file cannot be read or parsed.',
  PERI_POLICY_INVALID: 'A PlacementPolicy has an unusable field.',
  PERI_REVIEW_MALFORMED: 'A request body is not an AdmissionReview of admission.k8s.io/v1.',
  PERI_PATCH_UNSAFE: 'A patch did not pass the check on our own copy of the Pod and was not sent.',
  PERI_DECISION_MALFORMED: 'A decision annotation cannot be read.',
  PERI_DECISION_FORGED: 'A decision annotation carries no valid signature of this installation.',
  PERI_KUBERNETES_REQUEST: 'The API server refused a request or could not be reached.',
  PERI_KUBERNETES_OBJECT: 'An object of the API server has a field that cannot be read.',
  PERI_TELEMETRY_UNAVAILABLE: 'A metrics source did not answer or answered with garbage.',
  PERI_EXPOSITION_MALFORMED: 'A line of an exposition-format reply cannot be read.',
  PERI_CERTIFICATE_INVALID: 'A certificate, key or CA bundle is unusable.',
  PERI_MODEL_MALFORMED: 'A stored model object cannot be read.',
  PERI_MODEL_NEWER: 'A stored model object is of a newer format; it is left as it is.',
  PERI_AUDIT_MALFORMED: 'An audit entry cannot be written as a line, or a line cannot be read.',
  PERI_OUTPUT_UNWRITABLE: 'Standard output cannot be written.',
  PERI_SIMULATION_INVALID: 'A simulation specification has an unusable field.',
} as const;

/** A stable error code. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** An error with a stable code and a one-line message meant for the person who can mend it. */
export class PerihelionError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PerihelionError';
    this.code = code;
  }
}

/**
 * Bad input from a person: names the field, what was found and what was expected.
 * The command line turns it into one line on stderr and exit code 2.
 */
export class InputError extends PerihelionError {
  readonly field: string;

  constructor(code: ErrorCode, field: string, found: unknown, expected: string) {
    super(code, `${field}: found ${describe(found)}, expected ${expected}`);
    this.name = 'InputError';
    this.field = field;
  }
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'function' || typeof value === 'symbol') return typeof value;
  // JSON would call NaN and infinity null, which is another mistake.
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  const text = textOf(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** An alias in YAML may make a value that holds itself, which JSON cannot say. */
function textOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return 'a value that holds itself';
  }
}
