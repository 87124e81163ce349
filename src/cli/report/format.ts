// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import { decodeState } from '#agent/state/state-key.ts';
import type { Interval } from '#reward/confidence.ts';
import { followedPercent } from '#cli/explain/adherence.ts';
import type { Evidence } from './report.ts';

/** What an interval shows; `unclear` = both are still possible. */
export type Finding = 'good' | 'bad' | 'unclear';

/** @param better on which side of 0 it is good */
export function findingOf({ low, high }: Interval, better: 'above' | 'below'): Finding {
  if (low > 0) return better === 'above' ? 'good' : 'bad';
  if (high < 0) return better === 'above' ? 'bad' : 'good';
  return 'unclear';
}

/** `+12.3 % [-3.1, +27.6]`, from a share. */
export function percentText(interval: Interval): string {
  return intervalText(interval, 100, '%');
}

/** `+1.53 kJ [-0.21, +3.27]`: the prefix follows the largest bound. */
export function quantityText(interval: Interval, unit: string): string {
  const { mean, low, high } = interval;
  const largest = Math.max(Math.abs(mean), Math.abs(low), Math.abs(high));
  const [factor, prefix] = PREFIXES.find(([from]) => largest >= from) ?? [1, ''];
  return intervalText(interval, 1 / factor, `${prefix}${unit}`);
}

const PREFIXES: readonly (readonly [factor: number, prefix: string])[] = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
];

/** The interval times a factor, with a unit that takes no prefix. */
export function intervalText({ mean, low, high }: Interval, factor: number, unit: string): string {
  const [middle, from, to] = [mean, low, high].map((one) => signedText(one * factor));
  return `${middle ?? ''} ${unit} [${from ?? ''}, ${to ?? ''}]`;
}

/** Three digits with a sign: `+0.0123`, `-45.6`, `+1234`. */
export function signedText(value: number): string {
  const digits = Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
  return value < 0 ? digits : `+${digits}`;
}

/** `18 of 20 (90 %)`; undefined = nothing was asked. */
export function adherenceText(adherence: Evidence['adherence']): string | undefined {
  if (adherence === undefined) return undefined;
  return `${adherence.followed} of ${adherence.asked} (${followedPercent(adherence)} %)`;
}

/** A state in words; one that no agent wrote stays as it is. */
export function stateText(state: string): string {
  const features = decodeState(state);
  if (features === undefined) return state;
  const { load, least, peers } = features;
  const parts: string[] = [];
  if (load !== undefined) parts.push(`load ${load}`);
  if (least !== undefined)
    parts.push(least === null ? 'no pressure known' : `least pressure ${least}`);
  if (peers !== undefined)
    parts.push(peers === null ? 'no peers placed' : `most peers on ${peers}`);
  return parts.length === 0 ? 'always' : parts.join(', ');
}

/** An action in words. */
export function actionText(action: string): string {
  return action === DEFAULT_ACTION ? 'leave it to the scheduler' : `prefer ${action}`;
}
