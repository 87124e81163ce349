// SPDX-License-Identifier: Apache-2.0
import type { Exposition } from '#telemetry/series/exposition.ts';
import { type Finding, findingsOf } from './finding.ts';
import type { Survey } from './survey.ts';

const { ok, warning } = findingsOf('histogram');

const METRIC = 'istio_request_duration_milliseconds_bucket';
/** Between two neighbouring bounds a quantile is a guess; this is the greatest ratio that is fine. */
const FINE_RATIO = 1.7;
/** Range of latencies that is looked at where no objective says which one matters. */
const USUAL = { from: 5, to: 250 };
const BOUNDS = '[1,2,3,5,7,10,15,20,30,50,75,100,150,250,500,1000]';

/**
 * Are the buckets of Istio's latency histogram fine enough for a p99? Its own go from 10 to 25 to
 * 50 ms: what a placement changes gets lost between them.
 */
export function bucketFinding(survey: Survey, read: readonly Exposition[]): Finding[] {
  const bounds = new Set<number>();
  for (const { series } of read) {
    for (const { name, labels } of series) {
      if (name === METRIC && labels['le'] !== '+Inf') bounds.add(Number(labels['le']));
    }
  }
  return bucketFindingOf(
    [...bounds].filter(Number.isFinite).sort((a, b) => a - b),
    objectiveOf(survey),
  );
}

/** @param bounds upper bounds in milliseconds, ascending @param objective p99, milliseconds */
export function bucketFindingOf(
  bounds: readonly number[],
  objective: number | undefined,
): Finding[] {
  if (bounds.length === 0) return [];
  const range = objective === undefined ? USUAL : { from: objective / 2, to: objective * 2 };
  const widest = widestGap(bounds, range);
  const about = objective === undefined ? '' : ` about the objective of ${objective} ms`;
  if (widest !== undefined && widest[1] / widest[0] <= FINE_RATIO) {
    return [ok(`Istio's latency buckets are fine enough${about}`)];
  }
  const where = widest === undefined ? 'none' : `none between ${widest[0]} and ${widest[1]} ms`;
  const annotation = `sidecar.istio.io/statsHistogramBuckets: '{"istio":${BOUNDS}}'`;
  return [
    warning(
      `Istio's latency buckets are coarse${about} (${where}): p99 is a guess in between`,
      `annotate the Pod templates with ${annotation}`,
    ),
  ];
}

type Gap = readonly [lower: number, upper: number];

/** The neighbours of greatest ratio that overlap the range; undefined = no bound is near it. */
function widestGap(
  bounds: readonly number[],
  range: { readonly from: number; readonly to: number },
): Gap | undefined {
  const gaps = bounds.slice(1).map((upper, index): Gap => [bounds[index] ?? 0, upper]);
  return gaps
    .filter(([lower, upper]) => lower > 0 && upper > range.from && lower < range.to)
    .reduce<Gap | undefined>((widest, gap) => {
      const wider = widest === undefined || gap[1] / gap[0] > widest[1] / widest[0];
      return wider ? gap : widest;
    }, undefined);
}

/** The strictest objective of any policy; undefined = none has one. */
function objectiveOf({ policies }: Survey): number | undefined {
  if (policies.kind === 'unknown') return undefined;
  const objectives = (policies.value ?? []).flatMap((raw) => {
    const spec = raw['spec'] as { reward?: { sloP99Milliseconds?: unknown } } | undefined;
    const value = spec?.reward?.sloP99Milliseconds;
    return typeof value === 'number' && value > 0 ? [value] : [];
  });
  return objectives.length === 0 ? undefined : Math.min(...objectives);
}
