// SPDX-License-Identifier: Apache-2.0
import { groupKey, type Vector } from '#telemetry/series/selection.ts';
import type { Labels } from '#telemetry/series/series.ts';
import type { Answers } from '#telemetry/series/vector-source.ts';

/** A scraped endpoint of a Pod, and when it was sampled at both ends of a window. */
export interface Endpoint {
  /** `namespace/podName`. */
  readonly pod: string;
  readonly key: string;
  /** Newest sample at the window's start, milliseconds since the epoch. */
  readonly before: number | undefined;
  /** Newest sample at the window's end. */
  readonly after: number | undefined;
}

const IDENTITY = ['namespace', 'pod', 'job', 'instance'];

/** Which endpoint of which Pod a series comes from. */
export function endpointKey(labels: Labels): string {
  return groupKey(labels, IDENTITY);
}

/**
 * Finds the endpoint of every Pod that shows requests at the end of the window, or showed some
 * at its start. If several jobs scrape one Pod, the one sampled at both ends is taken, then the
 * first by name: adding them up would count every request twice.
 *
 * A sidecar that had served nothing yet shows no series; that it was up at the window's start, and
 * had shown none in the minutes before either, is what tells "counted from 0" from "not scraped
 * then" (`presets/questions.ts`).
 */
export function endpointTimes(
  answers: Answers<'newestBefore' | 'newestAfter' | 'upBefore'>,
): readonly Endpoint[] {
  const before = byEndpoint(answers.newestBefore);
  const after = byEndpoint(answers.newestAfter);
  const up = byEndpoint(answers.upBefore);
  const chosen = new Map<string, Endpoint>();
  for (const key of [...new Set([...after.keys(), ...before.keys()])].sort()) {
    const pod = podOf((after.get(key) ?? before.get(key))?.labels ?? {});
    if (pod === undefined) continue;
    const start = before.get(key) ?? up.get(key);
    const endpoint = { pod, key, before: start?.value, after: after.get(key)?.value };
    const other = chosen.get(pod);
    if (other === undefined || endsOf(endpoint) > endsOf(other)) chosen.set(pod, endpoint);
  }
  return [...chosen.values()];
}

/**
 * Whether an endpoint's requests were sampled at an end of the window and are not in the answer for
 * that end: two servers behind one address, one of which lacks the past, or has just lost it. What
 * is not in the answer would pass for 0.
 */
export function contradictions(
  answers: Answers<'newestBefore' | 'newestAfter' | 'requestsBefore' | 'requestsAfter'>,
): (endpoint: Pick<Endpoint, 'key'>) => boolean {
  const ends = [
    [answers.newestBefore, answers.requestsBefore],
    [answers.newestAfter, answers.requestsAfter],
  ] as const;
  const lost = new Set<string>();
  for (const [newest, requests] of ends) {
    if (requests === undefined) continue;
    const counted = byEndpoint(requests);
    for (const key of byEndpoint(newest).keys()) if (!counted.has(key)) lost.add(key);
  }
  return ({ key }) => lost.has(key);
}

function podOf(labels: Labels): string | undefined {
  const { namespace, pod } = labels;
  return namespace && pod ? `${namespace}/${pod}` : undefined;
}

/** 3 = sampled at both ends, 2 = at the end only, 1 = at the start only. */
function endsOf(endpoint: Endpoint): number {
  return (endpoint.after === undefined ? 0 : 2) + (endpoint.before === undefined ? 0 : 1);
}

function byEndpoint(vector: Vector | undefined): ReadonlyMap<string, Vector[number]> {
  return new Map((vector ?? []).map((sample) => [endpointKey(sample.labels), sample]));
}
