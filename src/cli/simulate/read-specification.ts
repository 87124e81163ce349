// SPDX-License-Identifier: Apache-2.0
import { expectedName } from '#settings/known-name.ts';
import { InputError } from '#errors';
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parse as parseYaml, YAMLParseError } from 'yaml';
import type { z } from 'zod';
import { parsePolicySpec } from '#cluster/policy/parse.ts';
import { policySpecSchema } from '#cluster/policy/schema.ts';
import type { PolicySpec } from '#cluster/policy/policy.ts';
import { checkSpecification } from './check.ts';
import { applicationSchema, nodesSchema, restSchema, type SpecRest } from './schema.ts';
import type { Specification } from './specification.ts';

/** Code of every mistake in a specification. */
export const INVALID = 'PERI_SIMULATION_INVALID';

/**
 * Reads a specification and the files it names.
 *
 * @throws InputError `PERI_SIMULATION_INVALID` (one line: file, field, found, expected) or
 *   `PERI_SETTINGS_UNREADABLE`
 */
export function readSpecification(file: string): Specification {
  return parseSpecification(readText(file, '--spec'), file, readText);
}

/** Gives the text of a file that a specification names; `field` is for its message. */
export type TextReader = (file: string, field: string) => string;

/**
 * The same from a text; `read` gives the files that it names, relative to `file`.
 *
 * @throws InputError `PERI_SIMULATION_INVALID`, and what `read` throws
 */
export function parseSpecification(text: string, file: string, read: TextReader): Specification {
  const raw = mapping(yamlOf(text, file), file);
  const { application, nodes, ...rest } = raw;
  const checkedRest = checked(restSchema, rest, basename(file));
  const specification: Specification = {
    file: basename(file),
    rest: checkedRest,
    application: part(applicationSchema, application, { file, field: 'application', read }),
    nodes: part(nodesSchema, nodes, { file, field: 'nodes', read }),
    policy: policyOf(checkedRest.policy, basename(file)),
    trace: traceOf(checkedRest.load, file, read),
  };
  checkSpecification(specification);
  return specification;
}

/** A part that stands in the file itself, or in one of its own. */
function part<T>(
  schema: z.ZodType<T>,
  raw: unknown,
  {
    file,
    field,
    read,
  }: { readonly file: string; readonly field: string; readonly read: TextReader },
): T {
  const here = basename(file);
  if (typeof raw !== 'string') return checked(schema, raw, here, [field]);
  const other = join(dirname(file), raw);
  return checked(schema, yamlOf(read(other, `${here}: ${field}`), other), basename(raw), []);
}

function checked<T>(
  schema: z.ZodType<T>,
  raw: unknown,
  file: string,
  prefix: readonly string[] = [],
): T {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue === undefined) throw result.error;
  const path = [...prefix, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    const name = issue.keys[0] ?? '';
    const expected = expectedName(schema, issue.path, { name, what: 'a known field' });
    const field = pathText([...path, name]);
    throw new InputError(INVALID, `${file}: ${field}`, 'an unknown field', expected);
  }
  const field = path.length === 0 ? 'the file' : pathText(path);
  throw new InputError(INVALID, `${file}: ${field}`, valueAt(raw, issue.path), expectation(issue));
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null
        ? (value as Record<PropertyKey, unknown>)[key]
        : undefined,
    raw,
  );
}

/** `nodes[0].power.watts`. */
function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i === 0 ? '' : '.'}${String(key)}`))
    .join('');
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  record: 'a mapping',
  object: 'a mapping',
  array: 'a list',
  string: 'a text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
};

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPE_NAMES[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return bound(
        issue.origin,
        issue.inclusive === false ? 'above' : 'of at least',
        issue.minimum,
      );
    case 'too_big':
      return bound(issue.origin, issue.inclusive === false ? 'below' : 'of at most', issue.maximum);
    default:
      return issue.message;
  }
}

function bound(origin: string, relation: string, limit: number | bigint): string {
  if (origin === 'array') return `a list ${relation} ${limit} entries`;
  return `a number ${relation} ${limit}`;
}

/** The policy, with messages in the words of this file; a field it does not know is a mistake. */
function policyOf(raw: Readonly<Record<string, unknown>>, file: string): PolicySpec {
  const known = Object.keys(policySpecSchema.shape);
  for (const key of Object.keys(raw)) {
    if (known.includes(key)) continue;
    const field = `${file}: policy.${key}`;
    throw new InputError(INVALID, field, 'an unknown field', `one of ${known.join(', ')}`);
  }
  try {
    return parsePolicySpec(raw);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const field = `${file}: ${error.field.replace(/^spec/, 'policy')}`;
    const [found = '', expected = ''] = error.message
      .slice(error.field.length + ': found '.length)
      .split(', expected ');
    throw new InputError(INVALID, field, unquoted(found), expected);
  }
}

function unquoted(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text === 'nothing' ? undefined : text;
  }
}

function traceOf(load: SpecRest['load'], file: string, read: TextReader): number[] {
  if (load.kind !== 'trace') return [];
  const field = `${basename(file)}: load.file`;
  const lines = read(join(dirname(file), load.file), field)
    .split(/\r?\n/)
    .map((line) => line.trim());
  const rates: number[] = [];
  lines.forEach((line, i) => {
    if (line === '' || line.startsWith('#')) return;
    const rate = Number(line);
    if (!Number.isFinite(rate) || rate < 0) {
      const where = `${basename(load.file)}: line ${i + 1}`;
      throw new InputError(INVALID, where, line, 'a number of requests per second');
    }
    rates.push(rate * load.scale);
  });
  if (rates.every((rate) => rate === 0)) {
    throw new InputError(INVALID, field, load.file, 'a file with at least one rate above 0');
  }
  return rates;
}

function mapping(value: unknown, file: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InputError(INVALID, `${basename(file)}: the file`, value ?? undefined, 'a mapping');
  }
  return value as Record<string, unknown>;
}

function yamlOf(text: string, file: string): unknown {
  try {
    return parseYaml(text, { logLevel: 'error' }) as unknown;
  } catch (error) {
    // What nests too deeply, or repeats itself too often, is refused by the parser in other ways.
    if (error instanceof RangeError || error instanceof ReferenceError) {
      const expected = 'YAML without deep nesting and without many aliases';
      throw new InputError(INVALID, `${basename(file)}: the file`, error.message, expected);
    }
    if (!(error instanceof YAMLParseError)) throw error;
    const line = error.linePos?.[0].line ?? 0;
    const reason =
      error.message.split('\n')[0]?.replace(/ at line .*$|; please use .*$/, '') ?? 'no YAML';
    throw new InputError(INVALID, `${basename(file)}: line ${line}`, reason, 'YAML');
  }
}

function readText(file: string, field: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'an error';
    throw new InputError('PERI_SETTINGS_UNREADABLE', field, file, `a readable file (${code})`);
  }
}
