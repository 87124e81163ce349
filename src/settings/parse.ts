// SPDX-License-Identifier: Apache-2.0
import { InputError, PerihelionError } from '#errors';
import { readFileSync } from 'node:fs';
import { parse as parseYaml, YAMLParseError } from 'yaml';
import type { z } from 'zod';
import { expectedName } from './known-name.ts';
import { type Settings, settingsSchema } from './settings.ts';

/** Settings as they stand in a file or come from flags: any part, not yet checked. */
export type RawSettings = Readonly<Record<string, unknown>>;

/**
 * Checks settings and fills in the defaults.
 *
 * @throws InputError `PERI_SETTINGS_INVALID` that names the first wrong field, what was found and
 *   what was expected.
 */
export function parseSettings(raw: unknown): Settings {
  const result = settingsSchema.safeParse(raw);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue === undefined)
    throw new InputError('PERI_SETTINGS_INVALID', 'settings', raw, 'settings');
  throw inputErrorOf(issue, raw);
}

/**
 * Reads a YAML (or JSON) settings file.
 *
 * @throws InputError `PERI_SETTINGS_UNREADABLE` when the file is missing or is not YAML.
 */
export function readSettingsFile(file: string): RawSettings {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'an error';
    throw new InputError('PERI_SETTINGS_UNREADABLE', '--config', file, `a readable file (${code})`);
  }
  let value: unknown;
  try {
    value = parseYaml(text) ?? {};
  } catch (error) {
    throw notYaml(file, error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InputError('PERI_SETTINGS_UNREADABLE', file, value, 'a mapping of settings');
  }
  return value as RawSettings;
}

/** Beside its own errors the library throws others, for example at too many aliases. */
function notYaml(file: string, error: unknown): PerihelionError {
  const line = error instanceof YAMLParseError ? error.linePos?.[0].line : undefined;
  const [first = ''] = (error instanceof Error ? error.message : '').split('\n');
  // The line stands in front already, and how to program the library is no advice to a user.
  const reason = first.replace(/ at line .*$/, '').replace(/; please use .*$/, '');
  const place = line === undefined ? file : `${file}:${line}`;
  return new PerihelionError('PERI_SETTINGS_UNREADABLE', `${place}: ${reason || 'not YAML'}`);
}

function inputErrorOf(issue: z.core.$ZodIssue, raw: unknown): InputError {
  const path = [...issue.path];
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const field = [...path, key].join('.');
    const expected = expectedName(settingsSchema, path, { name: key, what: 'a known setting' });
    return new InputError('PERI_SETTINGS_INVALID', field, 'an unknown setting', expected);
  }
  const found = path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null
        ? (value as Record<PropertyKey, unknown>)[key]
        : undefined,
    raw,
  );
  return new InputError(
    'PERI_SETTINGS_INVALID',
    path.length === 0 ? 'settings' : path.map(String).join('.'),
    path.includes('headers') ? 'a value that is not shown' : withoutLogin(found),
    expectation(issue),
  );
}

/** Headers may hold credentials, and so may URLs: the error is told, they are not. */
function withoutLogin(found: unknown): unknown {
  return typeof found === 'string' ? found.replace(/\/\/[^/?#]*@/, '//***@') : found;
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'int' ? 'a whole number' : `a value of type ${issue.expected}`;
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `at least ${String(issue.minimum)}`;
    case 'too_big':
      return `at most ${String(issue.maximum)}`;
    default:
      return issue.message
        .replace(/^Invalid input: expected /, '')
        .replace(/^has /, 'a value that has ');
  }
}
