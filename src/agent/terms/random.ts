// SPDX-License-Identifier: Apache-2.0

/** The four 32-bit words of a generator; plain numbers, so that they can be stored as JSON. */
export type GeneratorState = readonly [number, number, number, number];

/** A seeded source of uniform numbers; the only source of randomness of the agent. */
export interface Generator {
  /** The next uniform number in [0, 1), a multiple of 2^-32. */
  next(): number;
  /** Where the generator stands; {@link fromState} resumes there. */
  state(): GeneratorState;
  /**
   * An independent generator named by the label. Depends only on where this one stands and on the
   * label, and does not advance this one: the same label twice gives the same stream twice.
   */
  split(label: string): Generator;
}

/** Outputs thrown away after seeding, until every seed bit has reached every state bit. */
const WARM_UP = 15;

/** A generator seeded from a number or any string (`1` and `'1'` are the same seed). */
export function createGenerator(seed: string | number): Generator {
  const generator = fromState(hash128(String(seed)));
  for (let round = 0; round < WARM_UP; round += 1) generator.next();
  return generator;
}

/**
 * Resumes a generator. The step is sfc32 ("small fast counting", Chris Doty-Humphrey, PractRand):
 * 128 bits of state, one word of it a counter, so that the period is at least 2^32.
 */
export function fromState(state: GeneratorState): Generator {
  let [a, b, c, counter] = state.map((word) => word >>> 0) as [number, number, number, number];
  const self: Generator = {
    next: () => {
      const sum = (a + b + counter) >>> 0;
      counter = (counter + 1) >>> 0;
      a = (b ^ (b >>> 9)) >>> 0;
      b = (c + (c << 3)) >>> 0;
      c = (((c << 21) | (c >>> 11)) + sum) >>> 0;
      return sum / 2 ** 32;
    },
    state: () => [a, b, c, counter],
    split: (label) => createGenerator(`${self.state().join(' ')} ${label}`),
  };
  return self;
}

/** Odd multipliers with well spread bits (the fractions of the golden ratio, pi, e, sqrt 2). */
const MULTIPLIERS = [0x9e3779b1, 0x243f6a89, 0xb7e15163, 0x6a09e667] as const;

/**
 * Four 32-bit words of hash: each lane multiplies in every UTF-16 unit with a constant of its own
 * and takes over bits of its neighbour, then all lanes are finished with xor-shifts. Not for
 * secrets; only different seeds have to give unrelated streams.
 */
function hash128(text: string): GeneratorState {
  const lanes: [number, number, number, number] = [...MULTIPLIERS];
  for (let index = 0; index < text.length; index += 1) {
    absorb(lanes, text.charCodeAt(index));
  }
  absorb(lanes, text.length);
  absorb(lanes, 0x10001);
  return lanes.map(finish) as unknown as GeneratorState;
}

function absorb(lanes: [number, number, number, number], unit: number): void {
  const [a, b, c, d] = lanes;
  lanes[0] = b ^ Math.imul(a ^ unit, MULTIPLIERS[0]);
  lanes[1] = c ^ Math.imul(b ^ unit, MULTIPLIERS[1]);
  lanes[2] = d ^ Math.imul(c ^ unit, MULTIPLIERS[2]);
  lanes[3] = a ^ Math.imul(d ^ unit, MULTIPLIERS[3]);
}

function finish(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), MULTIPLIERS[0]);
  mixed = Math.imul(mixed ^ (mixed >>> 15), MULTIPLIERS[1]);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** One item, each with the same probability. @throws RangeError when there is none. */
export function pick<Item>(generator: Generator, items: readonly Item[]): Item {
  if (items.length === 0) throw new RangeError('pick: nothing to pick from');
  return items[Math.floor(generator.next() * items.length)] as Item;
}

/**
 * An index drawn with the given probabilities (which sum to 1 up to rounding), from one uniform
 * number. An index of probability 0 is never drawn, whatever the rounding.
 * @throws RangeError when no probability is above 0.
 */
export function drawIndex(uniform: number, probabilities: readonly number[]): number {
  let last = -1;
  let cumulative = 0;
  for (const [index, probability] of probabilities.entries()) {
    if (probability <= 0) continue;
    last = index;
    cumulative += probability;
    if (uniform < cumulative) return index;
  }
  if (last < 0) throw new RangeError('drawIndex: no probability is above 0');
  return last;
}

/** A standard normal number (Box and Muller 1958); takes two uniform numbers. */
export function gaussian(generator: Generator): number {
  const radius = Math.sqrt(-2 * Math.log(1 - generator.next()));
  return radius * Math.cos(2 * Math.PI * generator.next());
}
