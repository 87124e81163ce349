// SPDX-License-Identifier: Apache-2.0

/*
 * RFC 6902 for the tests: written from the RFC alone and sharing nothing with the product or with
 * the library that the product checks its patches with. Every step makes a new value; nothing is
 * changed in place.
 */

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonMap;

/** A JSON object. */
export interface JsonMap {
  readonly [key: string]: Json;
}

/** One operation; `test`, `move` and `copy` are never ours. */
export interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value?: Json | undefined;
}

/** The document after all operations. @throws Error where the RFC says that one must fail */
export function applyAll(document: Json, operations: readonly Operation[]): Json {
  return operations.reduce(applyOne, document);
}

function applyOne(document: Json, operation: Operation): Json {
  return change(document, tokensOf(operation.path), operation);
}

/** RFC 6901: the empty pointer is the whole document, else every token follows a slash. */
function tokensOf(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw new Error(`not a pointer: ${pointer}`);
  return pointer
    .slice(1)
    .split('/')
    .map((token) => {
      if (/~(?![01])/.test(token)) throw new Error(`not a token: ${token}`);
      return token.replaceAll('~1', '/').replaceAll('~0', '~');
    });
}

function change(value: Json, tokens: readonly string[], operation: Operation): Json {
  const [token, ...rest] = tokens;
  if (token === undefined) {
    if (operation.op === 'remove') throw new Error('the whole document cannot be removed');
    return valueOf(operation);
  }
  if (Array.isArray(value)) return changeList(value as readonly Json[], token, rest, operation);
  if (typeof value !== 'object' || value === null)
    throw new Error(`no member ${token} in a scalar`);
  return changeMap(value as JsonMap, token, rest, operation);
}

function changeMap(
  map: JsonMap,
  token: string,
  rest: readonly string[],
  operation: Operation,
): JsonMap {
  const members = new Map(Object.entries(map));
  const present = members.get(token);
  if (rest.length > 0) {
    if (present === undefined) throw new Error(`no member ${token}`);
    members.set(token, change(present, rest, operation));
  } else if (operation.op === 'add') {
    members.set(token, valueOf(operation));
  } else {
    if (present === undefined) throw new Error(`no member ${token}`);
    if (operation.op === 'remove') members.delete(token);
    else members.set(token, valueOf(operation));
  }
  return Object.fromEntries(members);
}

function changeList(
  list: readonly Json[],
  token: string,
  rest: readonly string[],
  operation: Operation,
): readonly Json[] {
  const adding = rest.length === 0 && operation.op === 'add';
  const index = token === '-' && adding ? list.length : Number(token);
  if (token !== '-' && !/^(?:0|[1-9]\d*)$/.test(token)) throw new Error(`not an index: ${token}`);
  if (index > (adding ? list.length : list.length - 1) || Number.isNaN(index)) {
    throw new Error(`no element ${token}`);
  }
  if (adding) return list.toSpliced(index, 0, valueOf(operation));
  if (rest.length === 0 && operation.op === 'remove') return list.toSpliced(index, 1);
  const element = list[index];
  if (element === undefined) throw new Error(`no element ${token}`);
  return list.with(index, change(element, rest, operation));
}

function valueOf({ op, value }: Operation): Json {
  if (op !== 'add' && op !== 'replace') throw new Error(`not one of ours: ${op}`);
  if (value === undefined) throw new Error('the value is missing');
  return value;
}
