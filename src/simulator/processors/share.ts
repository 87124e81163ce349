// SPDX-License-Identifier: Apache-2.0

/** What competes for the cores of a node: the Pods without a limit together, or one with a limit. */
export interface Share {
  /** Cores that its jobs may use together; Infinity = no limit. */
  readonly limitCores: number;
  /** Jobs present. */
  readonly size: number;
  /** Cores each job gets now, 0..1. */
  rate: number;
}

/**
 * Divides `cores` among shares: every job gets the same rate, at most one core, and no share more
 * than its limit (max-min fairness by job, filled like water). Writes `rate` of each share.
 */
export function divideCores(shares: readonly Share[], cores: number): void {
  let left = cores;
  let jobs = 0;
  for (const share of shares) {
    share.rate = -1;
    jobs += share.size;
  }
  for (;;) {
    const level = jobs > 0 ? Math.min(1, left / jobs) : 1;
    let changed = false;
    for (const share of shares) {
      if (share.rate >= 0 || share.size === 0) continue;
      const ceiling = Math.min(1, share.limitCores / share.size);
      if (ceiling < level) {
        share.rate = ceiling;
        left -= ceiling * share.size;
        jobs -= share.size;
        changed = true;
      }
    }
    if (changed) continue;
    for (const share of shares) if (share.rate < 0) share.rate = share.size === 0 ? 0 : level;
    return;
  }
}
