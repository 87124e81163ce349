// SPDX-License-Identifier: Apache-2.0

/** One operation of RFC 6902. Never `test`: a failed test refuses the Pod, even with `Ignore`. */
export type PatchOperation =
  | { readonly op: 'add'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };
