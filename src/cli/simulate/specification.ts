// SPDX-License-Identifier: Apache-2.0
import type { PolicySpec } from '#cluster/policy/policy.ts';
import type { SpecApplication, SpecNodes, SpecRest } from './schema.ts';

/** A specification with everything read, checked and defaulted. */
export interface Specification {
  /** Where it came from, for messages. */
  readonly file: string;
  readonly rest: SpecRest;
  readonly application: SpecApplication;
  readonly nodes: SpecNodes;
  readonly policy: PolicySpec;
  /** Rates of the trace; empty where the load is none. */
  readonly trace: readonly number[];
}

/** Names of the nodes of one group. */
export function nodeNames({ name, count }: SpecNodes[number]): string[] {
  return count === 1 ? [name] : Array.from({ length: count }, (_, i) => `${name}-${i + 1}`);
}
