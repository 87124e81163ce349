// SPDX-License-Identifier: Apache-2.0
import type { Random } from './random.ts';

/** Texts that have broken parsers before. */
const TOKENS: readonly string[] = [
  ...['null', 'true', '-0', '1e999', '9007199254740993', '-1', 'NaN', 'Infinity', '0x10', '1_000'],
  ...['""', '{}', '[]', '"\\ud800"', '"\\u0000"', '"__proto__"', '"constructor"', '\\', '"', "'"],
  ...[
    '\n',
    '\r\n',
    '\u2028',
    '\ufeff',
    '\0',
    '\t',
    '&a',
    '*a',
    '<<: *a',
    '!!binary x',
    '---\n',
    '%',
    '#',
  ],
  ...['{', '}', '[', ']', ',', ':', '= ', '\\n', '# EOF', '_bucket{le="+Inf"} 1', '{a="b"} 1 2'],
];

/** Values that take the place of others in JSON. */
const VALUES: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1e308, 2 ** 53, 0.5, '', 'x', '\n', '\ud800', '__proto__'],
  ...[
    [],
    {},
    [null],
    [[]],
    { a: null },
    '-',
    'In',
    'NotIn',
    'w1',
    '(default)',
    '100m',
    '1e9',
    '-4',
  ],
];

/** Changes some bytes: flips, cuts, copies, inserts, joins with another input. */
export function mutateBytes(input: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  let bytes = input;
  for (let times = 1 + random.below(4); times > 0; times -= 1) {
    bytes = mutateOnce(bytes, random, others);
  }
  return bytes;
}

function mutateOnce(bytes: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  const at = random.below(bytes.length + 1);
  const length = random.below(Math.min(64, bytes.length - at + 1));
  const head = bytes.subarray(0, at);
  const tail = bytes.subarray(at + length);
  switch (random.below(7)) {
    case 0: {
      const copy = Buffer.from(bytes);
      if (copy.length > 0) copy[at % copy.length] = random.below(256);
      return copy;
    }
    case 1:
      return Buffer.concat([head, tail]);
    case 2:
      return Buffer.concat([head, Buffer.from(random.pick(TOKENS)), tail]);
    case 3:
      return Buffer.concat([head, Buffer.from(random.pick(TOKENS)), bytes.subarray(at)]);
    case 4: {
      const piece = bytes.subarray(at, at + length);
      const copies = Array.from({ length: 1 + random.below(200) }, () => piece);
      return Buffer.concat([head, ...copies, bytes.subarray(at)]);
    }
    case 5: {
      const other = random.pick(others);
      const from = random.below(other.length + 1);
      return Buffer.concat([head, other.subarray(from)]);
    }
    default:
      return bytes.subarray(0, at);
  }
}

/** Changes a JSON document and keeps it JSON: drops, replaces, swaps, doubles, nests members. */
export function mutateJson(document: unknown, random: Random): unknown {
  let changed = document;
  for (let times = 1 + random.below(4); times > 0; times -= 1) {
    changed = mutateNode(changed, random, 2 + random.below(8));
  }
  return changed;
}

/** Walks down at random for at most `depth` steps and changes what is there. */
function mutateNode(value: unknown, random: Random, depth: number): unknown {
  const isContainer = typeof value === 'object' && value !== null;
  if (!isContainer || depth === 0) return replaced(value, random);
  const entries: [string, unknown][] = Object.entries(value);
  if (entries.length === 0) return replaced(value, random);
  const index = random.below(entries.length);
  const [key, member] = entries[index]!;
  const rest = entries.filter((_, other) => other !== index);
  const changed = changedEntries({ key, member, rest, entries }, random, depth);
  return Array.isArray(value) ? changed.map(([, one]) => one) : Object.fromEntries(changed);
}

interface Chosen {
  readonly key: string;
  readonly member: unknown;
  readonly rest: readonly [string, unknown][];
  readonly entries: readonly [string, unknown][];
}

function changedEntries(
  { key, member, rest, entries }: Chosen,
  random: Random,
  depth: number,
): readonly [string, unknown][] {
  switch (random.below(16)) {
    case 0:
      return rest;
    case 1:
      return [
        ...rest,
        [random.pick(['__proto__', 'constructor', '', 'x', key.toUpperCase()]), member],
      ];
    case 2:
      return [...entries, [`${key}2`, member]];
    case 3: {
      const [otherKey, other] = random.pick(entries);
      return [...rest, [key, other], [otherKey, member]];
    }
    default:
      return entries.map(([name, one]) =>
        name === key ? [name, mutateNode(one, random, depth - 1)] : [name, one],
      );
  }
}

function replaced(value: unknown, random: Random): unknown {
  switch (random.below(8)) {
    case 0:
      return [value];
    case 1:
      return { [random.pick(['a', '__proto__', 'name'])]: value };
    case 2:
      return Array.from({ length: random.below(300) }, () => value);
    case 3:
      return typeof value === 'string' ? value.repeat(1 + random.below(50)) : value;
    case 4:
      return nested(value, 1 + random.below(3000));
    default:
      return random.pick(VALUES);
  }
}

function nested(value: unknown, depth: number): unknown {
  let whole = value;
  for (let level = 0; level < depth; level += 1) whole = level % 2 === 0 ? [whole] : { a: whole };
  return whole;
}
