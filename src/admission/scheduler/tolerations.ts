// SPDX-License-Identifier: Apache-2.0
import type { Taint } from '#cluster/objects/slim.ts';
import type { Toleration } from '#admission/pod/incoming-pod.ts';

/** Effects that keep a Pod off a node; `PreferNoSchedule` only lowers its score. */
const HARD_EFFECTS = new Set(['NoSchedule', 'NoExecute']);

/** Whether every hard taint is tolerated. */
export function toleratesAll(
  tolerations: readonly Toleration[],
  taints: readonly Taint[],
): boolean {
  return taints.every(
    (taint) => !HARD_EFFECTS.has(taint.effect) || tolerations.some((one) => tolerates(one, taint)),
  );
}

/** Whether one toleration covers one taint. An unknown operator covers nothing. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  const { key, operator, value, effect } = toleration;
  if (effect !== '' && effect !== taint.effect) return false;
  if (key !== '' && key !== taint.key) return false;
  if (operator === 'Exists') return true;
  // An empty key is legal only with Exists, where it covers every taint.
  return key !== '' && (operator === '' || operator === 'Equal') && value === taint.value;
}
