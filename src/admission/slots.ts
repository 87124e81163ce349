// SPDX-License-Identifier: Apache-2.0

/** A name's number, and how many use it. */
interface Slot {
  readonly number: number;
  users: number;
}

/**
 * Small numbers for names, so that sums over them can be kept in plain rows: a look at a row costs a
 * tenth of a look into a map. A number is given away again once nobody uses its name any more, so that
 * there are never more of them than names were in use at once.
 */
export class Slots {
  readonly #slots = new Map<string, Slot>();
  readonly #names: (string | undefined)[] = [];
  readonly #free: number[] = [];

  /** Numbers are below this. */
  get limit(): number {
    return this.#names.length;
  }

  /** How many names are in use. */
  get size(): number {
    return this.#slots.size;
  }

  /** The number of a name, for one user more. */
  acquire(name: string): number {
    const known = this.#slots.get(name);
    if (known !== undefined) {
      known.users += 1;
      return known.number;
    }
    const number = this.#free.pop() ?? this.#names.length;
    this.#names[number] = name;
    this.#slots.set(name, { number, users: 1 });
    return number;
  }

  /** One user less. */
  release(name: string): void {
    const slot = this.#slots.get(name);
    if (slot === undefined) return;
    slot.users -= 1;
    if (slot.users > 0) return;
    this.#slots.delete(name);
    this.#names[slot.number] = undefined;
    this.#free.push(slot.number);
  }

  /** The number of a name; undefined = nobody uses it. */
  numberOf(name: string): number | undefined {
    return this.#slots.get(name)?.number;
  }

  /** The name of a number; undefined = nobody uses it. */
  nameOf(number: number): string | undefined {
    return this.#names[number];
  }
}
