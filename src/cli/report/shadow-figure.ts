// SPDX-License-Identifier: Apache-2.0
import type { StoredShadow } from '#cluster/model/evidence.ts';
import { shadowSavings, type ShadowEstimate } from '#reward/shadow.ts';
import type { Refusal } from './savings-figure.ts';

/** What choices of mode Shadow would have saved; shares of the baseline, above 0 = saved. */
export interface ShadowFigure {
  readonly kind: 'estimated';
  readonly decisions: number;
  /** How many decisions the estimate really rests on. */
  readonly effectiveSampleSize: number;
  readonly energy: ShadowEstimate;
  readonly latency: ShadowEstimate;
}

/** The estimate of one workload or of several together; undefined = none was ever in Shadow. */
export function shadowFigure(
  list: readonly (StoredShadow | undefined)[],
): ShadowFigure | Refusal | undefined {
  const stored = list.filter((one) => one !== undefined);
  if (stored.length === 0) return undefined;
  const remembered = stored.flatMap(({ decisions }) => decisions);
  // Whoever may edit models can store what no learner writes; it must not end the report.
  if (!remembered.every(({ propensity }) => propensity > 0 && propensity <= 1)) {
    return { kind: 'refused', reason: 'the stored decisions hold a probability outside (0, 1]' };
  }
  const estimate = shadowSavings(remembered);
  if (estimate.kind === 'estimated') return estimate;
  const { decisions, effectiveSampleSize, needed } = estimate;
  const reason =
    decisions === 0
      ? 'no decision can be judged yet: the first Pods only tell where the scheduler goes'
      : `${decisions} decisions weigh as much as ${effectiveSampleSize.toFixed(1)} of the ${needed} ` +
        'that an estimate needs: Pods seldom land by themselves where the agent wants them';
  return { kind: 'refused', reason };
}
