// SPDX-License-Identifier: Apache-2.0
import { posix } from 'node:path';

/**
 * What a module imports, in the order of its text. Imports of types count like any other: who reads
 * one file has to read the other, and a type is moved to a file of its own as easily as a function.
 */
export function specifiersOf(text: string): string[] {
  return [...text.matchAll(/(?:\bfrom|\bimport|import\()\s*'([^']+)'/g)].map(
    ([, specifier = '']) => specifier,
  );
}

/**
 * The file of `src` that a specifier in another one names.
 * @param file path below `src`
 * @returns a path below `src`; undefined for `node:` modules and packages
 */
export function importedFile(file: string, specifier: string): string | undefined {
  if (specifier === '#errors') return 'errors.ts';
  if (specifier.startsWith('#')) return specifier.slice(1);
  return specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : undefined;
}

/**
 * The shortest circle of arrows, its first file again at the end; among equals the first by name.
 * @param arrows file -> files that it imports
 */
export function shortestCircle(
  arrows: ReadonlyMap<string, readonly string[]>,
): readonly string[] | undefined {
  let shortest: readonly string[] | undefined;
  for (const file of [...arrows.keys()].sort()) {
    const circle = wayBack(file, arrows);
    if (circle !== undefined && circle.length < (shortest?.length ?? Infinity)) shortest = circle;
  }
  return shortest;
}

/** Files that a file imports, those that they import, and so on. */
export function reachedFrom(
  start: string,
  arrows: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> {
  const reached = new Set<string>();
  const left = [start];
  for (const file of left) {
    for (const next of arrows.get(file) ?? []) {
      if (!reached.has(next)) left.push(next);
      reached.add(next);
    }
  }
  return reached;
}

/** The shortest way from a file along the arrows to itself. */
function wayBack(
  start: string,
  arrows: ReadonlyMap<string, readonly string[]>,
): readonly string[] | undefined {
  const seen = new Set<string>();
  const ways: string[][] = [[start]];
  for (const way of ways) {
    for (const next of arrows.get(way.at(-1) ?? '') ?? []) {
      if (next === start) return [...way, start];
      if (seen.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  return undefined;
}
