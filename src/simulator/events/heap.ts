// SPDX-License-Identifier: Apache-2.0

/*
 * Binary heaps of (time, order, payload) entries in typed arrays that the caller owns, so that many
 * small heaps can stand in one block of memory, beside what belongs to them. An entry takes 16 bytes,
 * four to a line of the processor's cache: its time, then two whole numbers of 32 bits.
 */

/** A block of memory, seen as numbers of 64 and of 32 bits. */
export interface Block {
  readonly floats: Float64Array;
  readonly ints: Int32Array;
}

/** Numbers of 64 bits that an entry takes. */
export const ENTRY_FLOATS = 2;
/** Where order and payload stand in an entry, in numbers of 32 bits. */
const ORDER = 2;
const PAYLOAD = 3;

/** A block of so many numbers of 64 bits, all 0. */
export function blockOf(floats: number): Block {
  const numbers = new Float64Array(floats);
  return { floats: numbers, ints: new Int32Array(numbers.buffer) };
}

/** A larger block with the same beginning. */
export function enlarged(block: Block, floats: number): Block {
  const larger = blockOf(floats);
  larger.floats.set(block.floats);
  return larger;
}

/** Payload of the entry at `at`, an index into `floats`. */
export function payloadAt({ ints }: Block, at: number): number {
  return ints[2 * at + PAYLOAD] as number;
}

/** Order of the entry at `at`. */
export function orderAt({ ints }: Block, at: number): number {
  return ints[2 * at + ORDER] as number;
}

/** Writes order and payload of the entry at `at`; its time is `floats[at]`. */
export function tag({ ints }: Block, at: number, order: number, payload: number): void {
  ints[2 * at + ORDER] = order;
  ints[2 * at + PAYLOAD] = payload;
}

/**
 * Whether order `a` was given before `b`. Orders are counted in 32 bits and begin again; that is
 * right as long as the two were given less than 2^31 entries apart.
 */
export function isEarlier(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}

/** Takes the entry that stands behind the `size` entries of the heap at `base` into the heap. */
export function pushHeap({ floats, ints }: Block, base: number, size: number): void {
  const at = base + size * ENTRY_FLOATS;
  const time = floats[at] as number;
  const order = ints[2 * at + ORDER] as number;
  const payload = ints[2 * at + PAYLOAD] as number;
  let hole = size;
  while (hole > 0) {
    const parent = (hole - 1) >> 1;
    const above = base + parent * ENTRY_FLOATS;
    const aboveTime = floats[above] as number;
    if (aboveTime < time) break;
    if (aboveTime === time && isEarlier(ints[2 * above + ORDER] as number, order)) break;
    copy(floats, ints, above, base + hole * ENTRY_FLOATS);
    hole = parent;
  }
  const to = base + hole * ENTRY_FLOATS;
  floats[to] = time;
  ints[2 * to + ORDER] = order;
  ints[2 * to + PAYLOAD] = payload;
}

/**
 * Removes the first entry of the heap of `size` entries, at least one, that begins at `base`. Its
 * time and payload are to be read before.
 */
export function popHeap(block: Block, base: number, size: number): void {
  const { floats, ints } = block;
  const left = size - 1;
  if (left === 0) return;
  const last = base + left * ENTRY_FLOATS;
  const time = floats[last] as number;
  const order = ints[2 * last + ORDER] as number;
  let hole = 0;
  for (;;) {
    let child = 2 * hole + 1;
    if (child >= left) break;
    let at = base + child * ENTRY_FLOATS;
    if (child + 1 < left && isBefore(floats, ints, at + ENTRY_FLOATS, at)) {
      child++;
      at += ENTRY_FLOATS;
    }
    const childTime = floats[at] as number;
    if (childTime > time) break;
    if (childTime === time && isEarlier(order, ints[2 * at + ORDER] as number)) break;
    copy(floats, ints, at, base + hole * ENTRY_FLOATS);
    hole = child;
  }
  copy(floats, ints, last, base + hole * ENTRY_FLOATS);
}

function isBefore(floats: Float64Array, ints: Int32Array, a: number, b: number): boolean {
  const left = floats[a] as number;
  const right = floats[b] as number;
  if (left !== right) return left < right;
  return isEarlier(ints[2 * a + ORDER] as number, ints[2 * b + ORDER] as number);
}

function copy(floats: Float64Array, ints: Int32Array, from: number, to: number): void {
  floats[to] = floats[from] as number;
  ints[2 * to + ORDER] = ints[2 * from + ORDER] as number;
  ints[2 * to + PAYLOAD] = ints[2 * from + PAYLOAD] as number;
}
