// SPDX-License-Identifier: Apache-2.0
import { checkArms, type Arm } from './arm.ts';

/**
 * Marks the best arms: all that share the greatest score and, among those, the fewest siblings in
 * flight, so that a burst of Pods spreads over targets that look the same.
 */
export function bestArms(arms: readonly Arm[], score: (arm: Arm) => number): boolean[] {
  checkArms(arms);
  let best = -Infinity;
  let fewest = Infinity;
  for (const arm of arms) {
    const value = score(arm);
    const inFlight = arm.inFlight ?? 0;
    if (value > best || (value === best && inFlight < fewest)) {
      best = value;
      fewest = inFlight;
    }
  }
  return arms.map((arm) => score(arm) === best && (arm.inFlight ?? 0) === fewest);
}

/** Whether the arm at this place is among the {@link bestArms} by value, without marking them all. */
export function isBest(arms: readonly Arm[], index: number): boolean {
  const one = arms[index];
  if (one === undefined) return false;
  const inFlight = one.inFlight ?? 0;
  return arms.every(
    (other) =>
      other.value < one.value || (other.value === one.value && (other.inFlight ?? 0) >= inFlight),
  );
}

/** The same probability for every marked arm, 0 for the others. */
export function uniformOver(marks: readonly boolean[]): number[] {
  const count = marks.reduce((sum, marked) => (marked ? sum + 1 : sum), 0);
  const share = 1 / count;
  return marks.map((marked) => (marked ? share : 0));
}

/** The greedy rule: an arm of greatest value, drawn uniformly among equals. */
export function greedy(arms: readonly Arm[]): number[] {
  return uniformOver(bestArms(arms, (arm) => arm.value));
}
