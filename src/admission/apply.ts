// SPDX-License-Identifier: Apache-2.0
import { isObject, type JsonObject } from './json.ts';
import type { PatchOperation } from './patch.ts';

/** What a path leads through. */
type Container = Record<string, unknown> | unknown[];

/** A patch that does not apply; the message is one line without any value of the object. */
export class ApplyError extends Error {
  override name = 'ApplyError';
}

/**
 * The document after the operations (RFC 6902, `add` and `remove`). The document and the
 * operations stay as they are: along each path containers are copied once, everything else is
 * shared. Held against `fast-json-patch` by a property test; cloning for its validating mode, and
 * that mode itself, took several times as long.
 *
 * @throws ApplyError where a path leads nowhere
 */
export function applyOperations(
  document: JsonObject,
  operations: readonly PatchOperation[],
): JsonObject {
  const owned = new Set<object>();
  const result = ownCopy(document, owned) as JsonObject;
  for (const operation of operations) {
    const [root, ...tokens] = operation.path.split('/').map(unescaped);
    const last = tokens.pop();
    if (root !== '' || last === undefined) throw new ApplyError('a path names no place');
    let container: Container = result;
    for (const token of tokens) {
      const key = keyIn(container, token);
      const copy = ownCopy(own(container, key), owned);
      put(container, key, copy);
      container = copy;
    }
    change(container, last, operation);
  }
  return result;
}

/** The container itself if it was copied before, else a copy of it. */
function ownCopy(value: unknown, owned: Set<object>): Container {
  if (!Array.isArray(value) && !isObject(value)) {
    throw new ApplyError('a path leads through what is no container');
  }
  if (owned.has(value)) return value as Container;
  const copy = Array.isArray(value) ? [...(value as unknown[])] : { ...value };
  owned.add(copy);
  return copy;
}

function change(container: Container, token: string, operation: PatchOperation): void {
  if (operation.op === 'remove') {
    const key = keyIn(container, token);
    if (Array.isArray(container)) container.splice(Number(key), 1);
    else Reflect.deleteProperty(container, key);
  } else if (Array.isArray(container)) {
    const index = token === '-' ? container.length : indexOf(token);
    if (index > container.length) throw new ApplyError('an index is outside its list');
    container.splice(index, 0, operation.value);
  } else {
    put(container, token, operation.value);
  }
}

/** The token as a key that exists. */
function keyIn(container: Container, token: string): string {
  const exists = Array.isArray(container)
    ? indexOf(token) < container.length
    : Object.hasOwn(container, token);
  if (!exists) throw new ApplyError('a path leads nowhere');
  return token;
}

function own(container: Container, key: string): unknown {
  return Array.isArray(container) ? container[Number(key)] : container[key];
}

function put(container: Container, key: string, value: unknown): void {
  if (Array.isArray(container)) container[Number(key)] = value;
  // Assignment to `__proto__` would not make a property.
  else if (key !== '__proto__') container[key] = value;
  else {
    const property = { value, writable: true, enumerable: true, configurable: true };
    Object.defineProperty(container, key, property);
  }
}

/** An array index as RFC 6901 writes it, digits without a leading zero; infinite if it is none. */
function indexOf(token: string): number {
  return /^(?:0|[1-9]\d*)$/.test(token) ? Number(token) : Infinity;
}

function unescaped(token: string): string {
  return token.includes('~') ? token.replaceAll('~1', '/').replaceAll('~0', '~') : token;
}
