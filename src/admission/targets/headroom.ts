// SPDX-License-Identifier: Apache-2.0
import { fillingOf, keepsHeadroom } from '#agent/state/headroom.ts';
import type { Observation } from '#cluster/model/observation.ts';
import type { ClusterView } from '#cluster/mirror/view.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import { referenceMillicores, speedOf, type TargetUse } from './expected-use.ts';
import type { Verdict } from './feasibility.ts';
import type { TargetsSeen } from './seen-targets.ts';
import type { TargetTotals } from './target-totals.ts';
import type { NodesByTarget } from './targets.ts';

/** What {@link withHeadroom} looks at. */
export interface HeadroomInput {
  readonly workload: WorkloadKey;
  /** Fresh, or undefined. */
  readonly observation: Observation | undefined;
  /** Its targets; undefined where there is none. */
  readonly seen: TargetsSeen | undefined;
  /** What measured workloads will use by target; undefined = none is measured. */
  readonly uses: ReadonlyMap<string, TargetUse> | undefined;
  readonly totals: TargetTotals;
  readonly nodesByTarget: NodesByTarget;
  readonly view: Pick<ClusterView, 'requestedOnNode'>;
  /** Percent of a target's CPU that may be used; 0 = no limit. */
  readonly maximumCpuPercent: number;
  readonly now: number;
}

/**
 * The verdicts, without the targets that this Pod would fill beyond the limit by what it and the
 * measured workloads there are expected to use. The scheduler knows requests alone and sends Pods
 * to a full machine that look small. What other Pods use beside them is not known, and not counted.
 */
export function withHeadroom(
  verdicts: readonly Verdict[],
  input: HeadroomInput,
): readonly Verdict[] {
  const { observation, workload, uses, maximumCpuPercent } = input;
  const workloads = observation?.workloads;
  const own = referenceMillicores(
    workloads !== undefined && Object.hasOwn(workloads, workload) ? workloads[workload] : undefined,
  );
  if (observation === undefined || own === undefined || maximumCpuPercent === 0) {
    return verdicts;
  }
  const possible = verdicts.every(isFeasible) ? verdicts : verdicts.filter(isFeasible);
  const fillings = possible.map(({ target }) => {
    const total = input.totals.of(target, input.nodesByTarget, input.view, input.now);
    return fillingOf({
      allocatable: total?.allocatableMillicores,
      expected: uses?.get(target)?.expectedMillicores ?? 0,
      own: own / speedOf(input.seen, target),
    });
  });
  const kept = keepsHeadroom(fillings, maximumCpuPercent / 100);
  // As it is most of the time.
  if (!kept.includes(false)) return verdicts;
  const full = new Set(possible.filter((_, index) => kept[index] !== true));
  return verdicts.map((verdict) =>
    full.has(verdict)
      ? { target: verdict.target, feasible: false, reason: 'no-headroom' }
      : verdict,
  );
}

function isFeasible({ feasible }: Verdict): boolean {
  return feasible;
}
