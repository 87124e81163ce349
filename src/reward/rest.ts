// SPDX-License-Identifier: Apache-2.0
import { isCompared, savingsOfAll, type SavingsSums } from './savings.ts';

/**
 * Of which workloads fewer Pods need to be held out, because what they save together is known: its
 * interval excludes 0, on either side, and so the question "does it save energy?" is answered.
 * Intervals are confidence sequences, which allow to stop when the answer is there. Each Pod weighs
 * one over its chance, so the interval widens again while few are held out, and the full share
 * comes back by itself where the answer is lost. A workload that is not in the figure yet (fewer than
 * two Pods in an arm) does not rest, whatever is known of the others.
 *
 * @param savings sums of each workload of a namespace; undefined = nothing measured
 */
export function holdoutRests<Key>(
  savings: ReadonlyMap<Key, SavingsSums | undefined>,
): ReadonlySet<Key> {
  const compared = [...savings].filter(([, sums]) => sums !== undefined && isCompared(sums));
  const known = isSavingKnown(compared.flatMap(([, sums]) => sums ?? []));
  return new Set(known ? compared.map(([key]) => key) : []);
}

function isSavingKnown(list: readonly SavingsSums[]): boolean {
  const savings = savingsOfAll(list);
  if (savings.kind === 'insufficient') return false;
  const { low, high } = savings.savedJoulesPerRequest;
  return low > 0 || high < 0;
}
