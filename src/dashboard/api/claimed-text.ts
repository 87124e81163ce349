// SPDX-License-Identifier: Apache-2.0

/** No name of Kubernetes and no key of a state is as long. */
export const LONGEST_CLAIM = 512;

/**
 * What an annotation says, as far as it is shown. Whoever creates a Pod may write 256 KiB there, and
 * thousands of claims are held and sent; what is cut is copied, since a part of a string keeps the whole.
 */
export function claimedText(text: string): string {
  if (text.length <= LONGEST_CLAIM) return text;
  return `${Buffer.from(text.slice(0, LONGEST_CLAIM)).toString()}…`;
}
