// SPDX-License-Identifier: Apache-2.0

/**
 * A state as one readable string, for example `load=normal,least=worker-2,peers=worker-1`:
 * keys in a fixed order, values without `,` and `=`. It is the row of the value table, stands in
 * the audit log and travels with the Pod.
 */
export type StateKey = string;
