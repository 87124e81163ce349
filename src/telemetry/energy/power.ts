// SPDX-License-Identifier: Apache-2.0
import { isFakeMeter, type NodePower, nodePowers } from './node-power.ts';
import type { ReadingOptions } from '#telemetry/reading/options.ts';
import { lostCounts, meteredPods, podEnergies, type PodEnergyReading } from './pod-energy.ts';
import type { PodDirectory } from '#telemetry/reading/pod-directory.ts';
import type { MeterPreset } from '#telemetry/presets/preset.ts';
import type { Missing, Reading } from '#telemetry/reading/reading.ts';
import type { Vector } from '#telemetry/series/selection.ts';
import type { Labels } from '#telemetry/series/series.ts';
import type { PowerWindow, Window } from '#telemetry/reading/source.ts';
import { ageSeconds, missing, type Span, spanOf } from '#telemetry/reading/span.ts';
import type { Answers } from '#telemetry/series/vector-source.ts';

/**
 * What is asked about power; see `presets/questions.ts`. First and second are the sum and the count of a
 * gauge's samples, or a counter before and after.
 */
export type PowerAnswers = Answers<
  | 'nodeFirst'
  | 'nodeSecond'
  | 'nodeLeast'
  | 'newestBefore'
  | 'newestAfter'
  | 'podFirst'
  | 'podSecond'
>;

/** What readings of power are made with. */
export interface PowerContext {
  readonly preset: MeterPreset;
  readonly window: Window;
  readonly options: ReadingOptions;
  readonly directory: PodDirectory;
}

/**
 * Power and energy of one window, from one kind of meter.
 *
 * One zone is used for the whole cluster, because the zones overlap (package holds core) and
 * nodes read in different zones cannot be compared. With Kepler from 0.10 on, node power is the
 * mean of the watts gauge, not a difference of the node's joules, which wrap at the hardware's
 * range; Pod energy is the difference of the Pod's joules, which Kepler accumulates in software.
 */
export function readPower(answers: PowerAnswers, context: PowerContext): PowerWindow {
  const { window, options, preset } = context;
  const nodeOf = (labels: Labels): string => nodeNameOf(labels, context.directory);
  const before = timesByNode(answers.newestBefore, nodeOf);
  const after = timesByNode(answers.newestAfter, nodeOf);
  const rawSpans = new Map<string, Span | Missing>();
  for (const node of new Set([...before.keys(), ...after.keys()])) {
    const limits = { staleAfterSeconds: options.staleAfterSeconds, subject: `meter of ${node}` };
    const samples = { before: before.get(node), after: after.get(node) };
    rawSpans.set(node, spanOf(window, samples, limits));
  }
  const { zone, nodes } = nodePowers({
    preset,
    first: answers.nodeFirst,
    second: answers.nodeSecond,
    least: answers.nodeLeast,
    zone: options.zone,
    nodeOf,
    spanOf: (node) => rawSpans.get(node),
  });
  const nodeWatts = new Map<string, Reading>();
  const spans = new Map<string, Span | Missing>();
  for (const [node, power] of nodes) {
    const raw = rawSpans.get(node) ?? missing('stale', `${node}: no sample at the window's end`);
    const seen = { raw, newest: after.get(node), zone };
    nodeWatts.set(node, readNode(node, power, { ...context, ...seen }));
    spans.set(node, isFakeMeter(power) ? fake(node) : raw);
  }
  const metered = meteredPods(
    { first: answers.podFirst, second: answers.podSecond },
    { ...context, zone },
  );
  for (const [node, why] of lostCounts(metered, context)) {
    if (spans.get(node)?.kind === 'span') spans.set(node, why);
  }
  const power = (node: string): NodePower | undefined => nodes.get(node);
  const pods = podEnergies(metered, { ...context, zone, spans, power });
  return { nodeWatts, ...byPodAndNode(pods, spans, answers), meter: preset.name };
}

function fake(node: string): Missing {
  return missing('fake', `Kepler on ${node} uses its fake meter`);
}

/**
 * The node of a meter: as it says, else where its own Pod runs, else its address without port.
 */
function nodeNameOf(labels: Labels, directory: PodDirectory): string {
  const { node_name: name, namespace, pod, instance } = labels;
  if (name) return name;
  const own = namespace && pod ? directory.find(namespace, pod)?.nodeName : undefined;
  return own ?? (instance ?? '').replace(/:\d+$/, '');
}

function timesByNode(
  times: Vector | undefined,
  nodeOf: (labels: Labels) => string,
): ReadonlyMap<string, number> {
  const newest = new Map<string, number>();
  for (const { labels, value } of times ?? []) {
    const node = nodeOf(labels);
    newest.set(node, Math.max(value, newest.get(node) ?? -Infinity));
  }
  return newest;
}

interface NodeContext extends PowerContext {
  readonly zone: string;
  readonly raw: Span | Missing;
  /** Time of the newest sample at the window's end. */
  readonly newest: number | undefined;
}

function readNode(node: string, power: NodePower, context: NodeContext): Reading {
  const { window, newest, raw, preset } = context;
  const problem = sampleProblem(node, power, context) ?? valueProblem(node, power, context);
  if (problem !== undefined) return problem;
  const spans = preset.node.kind === 'counter' && raw.kind === 'span';
  return {
    kind: 'measured',
    value: power.watts ?? Number.NaN,
    windowSeconds: spans ? raw.seconds : (window.to - window.from) / 1000,
    samples: power.samples,
    ageSeconds: ageSeconds(newest ?? window.from, window.to),
    quality: power.modelled ? 'modelled' : 'measured',
  };
}

/** Whether the node's samples are there, real and fresh. */
function sampleProblem(node: string, power: NodePower, context: NodeContext): Missing | undefined {
  const { window, options, zone, newest, raw, preset } = context;
  if (isFakeMeter(power)) return fake(node);
  if (power.watts === undefined) {
    const found = [...power.zones].sort().join(', ');
    return missing('absent', `${node} has no zone ${zone}, only ${found}`);
  }
  if (newest === undefined) return missing('stale', `${node}: no sample at the window's end`);
  const age = ageSeconds(newest, window.to);
  if (age > options.staleAfterSeconds) {
    return missing('stale', `${node}: newest sample is ${age.toFixed(0)} s old`);
  }
  if (preset.node.kind === 'counter' && raw.kind === 'missing') return raw;
  if (power.restarted) return missing('absent', `${node}: its meter restarted in the window`);
  return undefined;
}

/** Whether what they say can be true. */
function valueProblem(
  node: string,
  { watts = Number.NaN, samples, least }: NodePower,
  { options, zone }: NodeContext,
): Missing | undefined {
  if (!Number.isFinite(watts)) {
    return missing('not-a-number', `${node}: power of zone ${zone} is ${watts}`);
  }
  if (watts < 0 || watts > options.maximumNodeWatts) {
    return missing('absurd', `${node}: power of zone ${zone} is ${watts} W`);
  }
  if (least !== undefined && least <= 0 && watts > 0) {
    // A meter's first reading is 0 W; a mean over it would be too little.
    return missing('absurd', `${node}: some samples of its power are ${least} W, others are not`);
  }
  if (samples < options.minimumSamples) {
    return missing('too-few-samples', `${node}: ${samples} samples of power in the window`);
  }
  return undefined;
}

function byPodAndNode(
  pods: readonly PodEnergyReading[],
  spans: ReadonlyMap<string, Span | Missing>,
  answers: PowerAnswers,
): Pick<PowerWindow, 'podJoules' | 'attributedJoules'> {
  const byNode = new Map<string, Reading[]>();
  for (const node of spans.keys()) byNode.set(node, []);
  const podJoules = new Map<string, Reading>();
  for (const { uid, node, reading } of pods) {
    podJoules.set(uid, reading);
    byNode.get(node)?.push(reading);
  }
  const attributedJoules = new Map<string, Reading>();
  const unread = answers.podFirst === undefined || answers.podSecond === undefined;
  for (const [node, span] of spans) {
    const total = unread
      ? missing('absent', `Pods of ${node}: joules could not be read`)
      : addUp(span, byNode.get(node) ?? []);
    attributedJoules.set(node, total);
  }
  return { podJoules, attributedJoules };
}

/**
 * The sum over a node's Pods. A Pod that ended inside the window has no reading and is left out;
 * one with an impossible reading spoils the sum.
 */
function addUp(span: Span | Missing, pods: readonly Reading[]): Reading {
  if (span.kind === 'missing') return span;
  let value = 0;
  for (const reading of pods) {
    if (reading.kind === 'measured') value += reading.value;
    else if (reading.reason !== 'absent') return reading;
  }
  const modelled = pods.some((one) => one.kind === 'measured' && one.quality === 'modelled');
  return {
    kind: 'measured',
    value,
    windowSeconds: span.seconds,
    samples: pods.filter(({ kind }) => kind === 'measured').length,
    ageSeconds: span.ageSeconds,
    quality: modelled ? 'modelled' : 'measured',
  };
}
