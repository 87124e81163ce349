// SPDX-License-Identifier: Apache-2.0
import type { NodePower } from './node-power.ts';
import type { ReadingOptions } from '#telemetry/reading/options.ts';
import type { PodDirectory } from '#telemetry/reading/pod-directory.ts';
import type { MeterPreset } from '#telemetry/presets/preset.ts';
import type { Missing, Reading } from '#telemetry/reading/reading.ts';
import { groupKey, type Vector } from '#telemetry/series/selection.ts';
import type { Labels } from '#telemetry/series/series.ts';
import type { Window } from '#telemetry/reading/source.ts';
import { missing, type Span } from '#telemetry/reading/span.ts';

/** Kepler counts in microjoules of 64 bits: no counter of it can stand higher (joules). */
const GREATEST_COUNTER_JOULES = 2 ** 64 / 1e6;

/** The energy of one Pod and the node it was metered on. */
export interface PodEnergyReading {
  readonly uid: string;
  readonly node: string;
  readonly reading: Reading;
}

/** What Pods' energies are read with. */
export interface PodEnergyContext {
  readonly preset: MeterPreset;
  readonly window: Window;
  readonly options: ReadingOptions;
  readonly directory: PodDirectory;
  /** The zone that is used for all nodes. */
  readonly zone: string;
  readonly spans: ReadonlyMap<string, Span | Missing>;
  readonly power: (node: string) => NodePower | undefined;
}

/** One counter (or gauge) of a Pod: the whole Pod, or one of its containers. */
interface Part {
  first: number | undefined;
  second: number | undefined;
}

/** A Pod and its counters. */
export interface MeteredPod {
  readonly uid: string;
  readonly node: string;
  readonly parts: Map<string, Part>;
}

/** What a meter showed of its Pods at both ends of the window. */
export interface MeteredPods {
  readonly pods: readonly MeteredPod[];
  /** One end could not be asked about. */
  readonly unread: boolean;
}

/**
 * Who was metered where. A meter that names Pods instead of giving their UIDs is joined through the
 * directory; what is not in it (system processes, Pods that are gone) is nobody's.
 */
export function meteredPods(
  vectors: { readonly first: Vector | undefined; readonly second: Vector | undefined },
  context: Pick<PodEnergyContext, 'preset' | 'directory' | 'zone'>,
): MeteredPods {
  const pods = new Map<string, MeteredPod>();
  for (const end of ['first', 'second'] as const) {
    for (const { labels, value } of vectors[end] ?? []) {
      const who = whoIs(labels, context);
      if (who === undefined) continue;
      let pod = pods.get(who.uid);
      // A static Pod's id may live on another node afterwards: the later place counts.
      if (pod?.node !== who.node) pods.set(who.uid, (pod = { ...who, parts: new Map() }));
      const key = groupKey(labels, ['part']);
      const part = pod.parts.get(key) ?? { first: undefined, second: undefined };
      part[end] = value * (context.preset.pods.kind === 'counter' ? context.preset.pods.unit : 1);
      pod.parts.set(key, part);
    }
  }
  const unread = vectors.first === undefined || vectors.second === undefined;
  return { pods: [...pods.values()], unread };
}

/**
 * Nodes whose counters do not tell what their Pods took, and why. Several that fell are a meter that
 * restarted: the others fell, too, and may have overtaken what they were. A single one is a Pod whose
 * containers crashed. A meter that shows Pods now and showed none at the window's start had not found
 * them yet, or somebody answered who does not have the past.
 */
export function lostCounts(
  { pods, unread }: MeteredPods,
  { preset }: Pick<PodEnergyContext, 'preset'>,
): ReadonlyMap<string, Missing> {
  const lost = new Map<string, Missing>();
  if (unread || preset.pods.kind !== 'counter') return lost;
  for (const [node, all] of Map.groupBy(pods, (pod) => pod.node)) {
    const ends = all.map(({ parts }) => [...parts.values()]);
    const restarted = ends.filter((parts) => parts.some(fell)).length >= 2;
    const blind = ends.every((parts) => parts.every(({ first }) => first === undefined));
    if (restarted) {
      lost.set(node, missing('absent', `the meter of ${node} restarted in the window`));
    } else if (blind) {
      const detail = `the meter of ${node} showed no Pod at the window's start`;
      lost.set(node, missing('absent', detail));
    }
  }
  return lost;
}

/** Lower than it was, as far as both are possible. */
function fell({ first = Number.NaN, second = Number.NaN }: Part): boolean {
  return second < first && first <= GREATEST_COUNTER_JOULES;
}

/** The energy of every Pod over the window. */
export function podEnergies(
  { pods, unread }: MeteredPods,
  context: PodEnergyContext,
): PodEnergyReading[] {
  return pods.map((pod) => ({
    uid: pod.uid,
    node: pod.node,
    reading: readPod(pod, context, unread),
  }));
}

function whoIs(
  labels: Labels,
  { preset, zone, directory }: Pick<PodEnergyContext, 'preset' | 'directory' | 'zone'>,
): { readonly uid: string; readonly node: string } | undefined {
  if (preset.zones === 'label' && labels['zone'] !== zone) return undefined;
  if (preset.pods.identity === 'uid') {
    if (!labels['pod_id']) return undefined;
    return { uid: labels['pod_id'], node: labels['node_name'] ?? '' };
  }
  const known = directory.find(labels['pod_namespace'] ?? '', labels['pod_name'] ?? '');
  return known && { uid: known.uid, node: known.nodeName ?? '' };
}

function readPod(pod: MeteredPod, context: PodEnergyContext, unread: boolean): Reading {
  const span =
    context.spans.get(pod.node) ??
    missing('absent', `the meter of ${pod.node} shows no power of the node`);
  if (span.kind === 'missing') return span;
  if (unread) {
    const detail = `Pod ${pod.uid}: its joules could not be read at both ends of the window`;
    return missing('absent', detail);
  }
  const modelled = context.power(pod.node)?.modelled ?? false;
  if (context.preset.pods.kind === 'gauge') return fromGauge(pod, context, { span, modelled });
  return fromCounters(pod, context, { span, modelled });
}

interface Provenance {
  readonly span: Span;
  readonly modelled: boolean;
}

/**
 * The rise of every counter of the Pod, added up. A container that ended inside the window takes
 * the rest of its energy with it; one that is new counts from 0.
 */
function fromCounters(pod: MeteredPod, { options }: PodEnergyContext, from: Provenance): Reading {
  const { span } = from;
  const living = [...pod.parts.values()].flatMap(({ first, second }) =>
    second === undefined ? [] : [{ first, second }],
  );
  if (living.length === 0) {
    return missing('absent', `Pod ${pod.uid}: its joules end before the window does`);
  }
  // Of which the meter was alive and knew nothing began at 0 inside the window.
  const joules = living.reduce((sum, { first = 0, second }) => sum + second - first, 0);
  if (!Number.isFinite(joules)) {
    return missing('not-a-number', `Pod ${pod.uid}: a counter of its joules is no number`);
  }
  const stands = living.flatMap(({ first = 0, second }) => [first, second]);
  const greatest = Math.max(...stands);
  const tooMuch =
    greatest > GREATEST_COUNTER_JOULES || joules > options.maximumPodWatts * span.seconds;
  if (tooMuch || Math.min(...stands) < 0) {
    const detail = `Pod ${pod.uid}: ${joules} J in ${span.seconds} s, counter ${greatest} J`;
    return missing('absurd', detail);
  }
  if (living.some(fell)) {
    return missing(
      'absent',
      `Pod ${pod.uid}: its joules fell in the window, what was before is lost`,
    );
  }
  if (joules > 0 && startedAtZero(living)) {
    const detail = `Pod ${pod.uid}: its joules still stood at 0 at the window's start`;
    return missing('too-few-samples', detail);
  }
  return measured(joules, 2, from);
}

/**
 * Whether the Pod's counters were there and all 0. One that is metered has used something, so that
 * this is a meter that lies or begins: its whole past would count as this window's.
 */
function startedAtZero(parts: readonly Part[]): boolean {
  const known = parts.map(({ first }) => first).filter((first) => first !== undefined);
  return known.length > 0 && known.every((joules) => joules === 0);
}

/**
 * Mean power times the window. The mean is taken over the scrapes of the node, so that a process
 * that lived for half of them counts for half.
 */
function fromGauge(pod: MeteredPod, context: PodEnergyContext, from: Provenance): Reading {
  const { preset, options, window } = context;
  const scrapes = context.power(pod.node)?.samples ?? 0;
  let sum = 0;
  for (const { first } of pod.parts.values()) sum += first ?? 0;
  const watts = (sum / scrapes) * preset.pods.unit;
  if (scrapes < options.minimumSamples) {
    return missing('too-few-samples', `Pod ${pod.uid}: ${scrapes} samples of power in the window`);
  }
  if (!Number.isFinite(watts)) return missing('not-a-number', `Pod ${pod.uid}: ${watts} W`);
  if (watts < 0 || watts > options.maximumPodWatts) {
    return missing('absurd', `Pod ${pod.uid}: ${watts} W`);
  }
  const seconds = (window.to - window.from) / 1000;
  return measured(watts * seconds, scrapes, { ...from, span: { ...from.span, seconds } });
}

function measured(value: number, samples: number, { span, modelled }: Provenance): Reading {
  return {
    kind: 'measured',
    value,
    windowSeconds: span.seconds,
    samples,
    ageSeconds: span.ageSeconds,
    quality: modelled ? 'modelled' : 'measured',
  };
}
