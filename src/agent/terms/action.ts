// SPDX-License-Identifier: Apache-2.0

/**
 * What the agent can choose for one Pod: the value of the policy's topology key that the Pod
 * should prefer (a *target*), or {@link DEFAULT_ACTION}.
 */
export type Action = string;

/**
 * Inject nothing; the stock scheduler decides alone. Parentheses cannot occur in a label value,
 * so no target of any cluster can be taken for it.
 */
export const DEFAULT_ACTION = '(default)';
