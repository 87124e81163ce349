// SPDX-License-Identifier: Apache-2.0
import type { z } from 'zod';
import { InputError } from '#errors';
import type { PlacementPolicy, PolicySpec } from './policy.ts';
import { policySpecSchema } from './schema.ts';

/**
 * Every problem of a policy spec, each naming its field (`spec.learning.seed: …`); empty when
 * {@link parsePolicySpec} accepts it.
 */
export function policyProblems(input: unknown): string[] {
  const result = policySpecSchema.safeParse(input ?? {}, { reportInput: true });
  return result.success ? [] : result.error.issues.map((issue) => inputError(issue).message);
}

/**
 * Checks a policy spec and fills in the defaults. Fields that this version does not know are left
 * out, so that a newer CRD does not stop an older process.
 * @throws InputError `PERI_POLICY_INVALID`, naming the first unusable field.
 */
export function parsePolicySpec(input: unknown): PolicySpec {
  const result = policySpecSchema.safeParse(input ?? {}, { reportInput: true });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue === undefined) throw result.error;
  throw inputError(issue);
}

function inputError(issue: z.core.$ZodIssue): InputError {
  const path = issue.path.map((part) =>
    typeof part === 'number' ? `[${part}]` : `.${String(part)}`,
  );
  const field = `spec${path.join('')}`;
  return new InputError('PERI_POLICY_INVALID', field, issue.input, expectation(issue));
}

/** Names of types that the API calls otherwise than the parser does. */
const TYPE_NAMES: Readonly<Record<string, string>> = { int: 'integer', record: 'object' };

/** What was expected, in words of the API rather than of the parser. */
function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `${measure(issue.origin)} of at least ${issue.minimum.toString()}`;
    case 'too_big':
      return `${measure(issue.origin)} of at most ${issue.maximum.toString()}`;
    case 'invalid_type':
      return `a value of type ${TYPE_NAMES[issue.expected] ?? issue.expected}`;
    case 'invalid_format':
      return `text of the form ${issue.pattern ?? issue.format}`;
    case 'custom':
      return `a value that ${issue.message}`;
    default:
      return issue.message;
  }
}

function measure(origin: string): string {
  if (origin === 'string') return 'a length';
  if (origin === 'array') return 'a number of items';
  return 'a number';
}

/** Every field at its default. */
export const DEFAULT_POLICY_SPEC: PolicySpec = deepFreeze(parsePolicySpec({}));

/** In force where no PlacementPolicy is: placing needs nothing but the namespace label. */
export const BUILT_IN_POLICY: PlacementPolicy = Object.freeze({
  namespace: '',
  name: 'default',
  generation: 0,
  builtIn: true,
  spec: DEFAULT_POLICY_SPEC,
});

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
