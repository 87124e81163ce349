// SPDX-License-Identifier: Apache-2.0
import type { Random } from './random.ts';

/** One reader of outside text, and what must hold of it for any input. */
export interface FuzzTarget {
  readonly name: string;
  /** Inputs to start from. */
  readonly seeds: readonly Buffer[];
  /** A new input; the harness's own byte mutations are used where it is undefined. */
  readonly generate?: ((random: Random) => Buffer) | undefined;
  /** Reads one input. Throws where a promise is broken; an input that is refused is no failure. */
  readonly run: (input: Buffer) => void;
}
