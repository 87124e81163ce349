// SPDX-License-Identifier: Apache-2.0

/** Decisions that an estimate remembers: enough for two digits, few enough to follow a rollout. */
const REMEMBERED = 100;

/** More replicas than anybody runs; a greater figure comes from a start with few decisions. */
const GREATEST = 20;

/**
 * How many decisions the other replicas take for each one of this replica, from the newest that the
 * watch has shown: their mean over about 100 decisions with exponential forgetting. The API
 * server keeps its connections, so that shares differ from 1/n and change slowly.
 */
export class Share {
  #own = 0;
  #others = 0;

  /** The watch has shown a decision of this replica for the first time. */
  sawOwn(): void {
    this.#forget();
    this.#own += 1;
  }

  /** The watch has shown a decision of another replica for the first time. */
  sawOther(): void {
    this.#forget();
    this.#others += 1;
  }

  /**
   * Decisions of the others for one of this replica, 0..20; 0 while none of theirs was seen.
   * One more of its own is assumed, so that the first few do not make it infinite.
   */
  get othersPerOwn(): number {
    return Math.min(GREATEST, this.#others / (this.#own + 1));
  }

  #forget(): void {
    this.#own *= 1 - 1 / REMEMBERED;
    this.#others *= 1 - 1 / REMEMBERED;
  }
}
