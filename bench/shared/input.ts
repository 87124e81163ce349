// SPDX-License-Identifier: Apache-2.0
import { accessSync, constants, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { InputError } from '#errors';
import type { Arguments } from './front.ts';

/*
 * What a command line may name: numbers, checkouts, files. Each is read or refused here, before
 * anything is measured; `orExit` makes one line of what is refused.
 */

/**
 * A whole number among the arguments.
 * @throws InputError when it is none, or out of bounds
 */
export function wholeArgument(
  given: Arguments,
  name: string,
  bounds: { readonly default: number; readonly minimum: number },
): number {
  const text = given[name];
  if (text === undefined) return bounds.default;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= bounds.minimum && Number.isSafeInteger(value)) return value;
  throw invalid(name, text, `a whole number from ${bounds.minimum}`);
}

/**
 * A checkout of this project among the arguments.
 * @param needed the file of it that is run
 * @throws InputError when it has no such file
 */
export function checkoutArgument(given: Arguments, name: string, needed: string): string {
  const path = given[name] ?? '';
  if (existsSync(join(path, needed))) return path;
  throw invalid(name, path, `a checkout with ${needed}`);
}

/**
 * A result file that a bench wrote.
 * @param fields what it must have; nothing else is looked at
 * @throws InputError when it cannot be read, is no JSON or lacks a field
 */
export function resultsFile<T extends object>(
  field: string,
  path: string,
  fields: readonly (keyof T & string)[],
): T {
  const results = parsed(field, path, textOf(field, path));
  for (const name of fields) {
    if (typeof results === 'object' && results !== null && name in results) continue;
    throw invalid(field, path, `results of this bench, which have ${fields.join(', ')}`);
  }
  return results as T;
}

/**
 * What went wrong with a result file that has the fields: one of another version lacks something
 * further inside, and whoever reads it trips over that.
 * @returns an InputError for a TypeError, any other error as it is
 */
export function ofAnotherVersion(field: string, path: string, error: unknown): unknown {
  if (!(error instanceof TypeError)) return error;
  return invalid(field, path, `results of this version of the bench (${error.message})`);
}

/**
 * JSON that stands in a flag itself.
 * @throws InputError when it is none
 */
export function jsonFlag(field: string, text: string): unknown {
  return parsed(field, text, text);
}

/**
 * A folder that can be written to; it is made.
 * @throws InputError when it cannot be
 */
export function folderToWrite(field: string, path: string): string {
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK);
    return path;
  } catch (error) {
    throw invalid(field, path, `a folder that can be written to (${codeOf(error)})`);
  }
}

/**
 * A file that can be written; its folder is made.
 * @throws InputError when it cannot be
 */
export function fileToWrite(field: string, path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw invalid(field, path, 'a file, not a folder');
  }
  folderToWrite(field, dirname(path));
  return path;
}

function textOf(field: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw invalid(field, path, `a result file that can be read (${codeOf(error)})`);
  }
}

function parsed(field: string, found: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(field, found, 'JSON');
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function invalid(field: string, found: string, expected: string): InputError {
  return new InputError('PERI_SETTINGS_INVALID', field, found, expected);
}
