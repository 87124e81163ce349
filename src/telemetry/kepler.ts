// SPDX-License-Identifier: Apache-2.0
import { counterDelta } from './counter.ts';
import { isFakeMeter, type NodePower, nodePowers } from './node-power.ts';
import type { ReadingOptions } from './options.ts';
import type { Missing, Reading } from './reading.ts';
import type { Vector } from './selection.ts';
import type { PowerWindow, Window } from './source.ts';
import { ageSeconds, missing, type Span, spanOf } from './span.ts';
import type { Answers } from './vector-source.ts';

/** What is asked about power; see `questions.ts`. */
export type PowerAnswers = Answers<
  'wattsSum' | 'wattsCount' | 'newestBefore' | 'newestAfter' | 'joulesBefore' | 'joulesAfter'
>;

/** Kepler counts in microjoules of 64 bits: no counter of it can stand higher (joules). */
const GREATEST_COUNTER_JOULES = 2 ** 64 / 1e6;

/**
 * Power and energy of one window, from Kepler 0.10 or later.
 *
 * One zone is used for the whole cluster, because the zones overlap (package holds core) and
 * nodes read in different zones cannot be compared. Node power is the mean of the watts gauge,
 * not a difference of the node's joules, which wrap at the hardware's range. Pod energy is the
 * difference of the Pod's joules, which Kepler accumulates in software from 0.
 */
export function readPower(
  answers: PowerAnswers,
  window: Window,
  options: ReadingOptions,
): PowerWindow {
  const { zone, nodes } = nodePowers(answers.wattsSum, answers.wattsCount, options.zone);
  const before = timesByNode(answers.newestBefore);
  const after = timesByNode(answers.newestAfter);
  const nodeWatts = new Map<string, Reading>();
  const spans = new Map<string, Span | Missing>();
  for (const [node, power] of nodes) {
    const samples = { before: before.get(node), after: after.get(node) };
    nodeWatts.set(node, readNode(node, power, { window, options, zone, newest: samples.after }));
    const span = isFakeMeter(power)
      ? missing('fake', `Kepler on ${node} uses its fake meter`)
      : spanOf(window, samples, {
          staleAfterSeconds: options.staleAfterSeconds,
          subject: `Kepler on ${node}`,
        });
    spans.set(node, span);
  }
  const pods = podCounters(answers, zone);
  const podJoules = new Map<string, Reading>();
  const byNode = new Map<string, Reading[]>();
  for (const node of spans.keys()) byNode.set(node, []);
  for (const [pod, counter] of pods) {
    const span =
      spans.get(counter.node) ??
      missing('absent', `Kepler on ${counter.node} shows no power of the node`);
    const reading = readPod(pod, counter, { span, options, answers });
    podJoules.set(pod, reading);
    byNode.get(counter.node)?.push(reading);
  }
  const attributedJoules = new Map<string, Reading>();
  for (const [node, span] of spans) {
    const unread = answers.joulesBefore === undefined || answers.joulesAfter === undefined;
    const total = unread
      ? missing('absent', `Pods of ${node}: joules could not be read`)
      : addUp(span, byNode.get(node) ?? []);
    attributedJoules.set(node, total);
  }
  return { nodeWatts, podJoules, attributedJoules };
}

function timesByNode(times: Vector | undefined): ReadonlyMap<string, number> {
  return new Map((times ?? []).map(({ labels, value }) => [labels['node_name'] ?? '', value]));
}

interface NodeContext {
  readonly window: Window;
  readonly options: ReadingOptions;
  readonly zone: string;
  /** Time of the newest sample at the window's end. */
  readonly newest: number | undefined;
}

function readNode(node: string, power: NodePower, context: NodeContext): Reading {
  const { window, options, zone, newest } = context;
  if (isFakeMeter(power)) return missing('fake', `Kepler on ${node} uses its fake meter`);
  if (power.watts === undefined) {
    const found = [...power.zones].sort().join(', ');
    return missing('absent', `${node} has no zone ${zone}, only ${found}`);
  }
  if (newest === undefined) return missing('stale', `${node}: no sample at the window's end`);
  const age = ageSeconds(newest, window.to);
  if (age > options.staleAfterSeconds) {
    return missing('stale', `${node}: newest sample is ${age.toFixed(0)} s old`);
  }
  if (!Number.isFinite(power.watts)) {
    return missing('not-a-number', `${node}: power of zone ${zone} is ${power.watts}`);
  }
  if (power.watts < 0 || power.watts > options.maximumNodeWatts) {
    return missing('absurd', `${node}: power of zone ${zone} is ${power.watts} W`);
  }
  if (power.samples < options.minimumSamples) {
    return missing('too-few-samples', `${node}: ${power.samples} samples of power in the window`);
  }
  return {
    kind: 'measured',
    value: power.watts,
    windowSeconds: (window.to - window.from) / 1000,
    samples: power.samples,
    ageSeconds: age,
    quality: 'measured',
  };
}

interface PodCounter {
  readonly node: string;
  before: number | undefined;
  after: number | undefined;
}

function podCounters(answers: PowerAnswers, zone: string): ReadonlyMap<string, PodCounter> {
  const pods = new Map<string, PodCounter>();
  for (const end of ['before', 'after'] as const) {
    const vector = end === 'before' ? answers.joulesBefore : answers.joulesAfter;
    for (const { labels, value } of vector ?? []) {
      if (labels['zone'] !== zone || !labels['pod_id']) continue;
      const node = labels['node_name'] ?? '';
      const known = pods.get(labels['pod_id']);
      // A static Pod's id may live on another node afterwards: the later place counts.
      const counter = known?.node === node ? known : { node, before: undefined, after: undefined };
      counter[end] = value;
      pods.set(labels['pod_id'], counter);
    }
  }
  return pods;
}

interface PodContext {
  readonly span: Span | Missing;
  readonly options: ReadingOptions;
  readonly answers: PowerAnswers;
}

function readPod(pod: string, counter: PodCounter, context: PodContext): Reading {
  const { span, options, answers } = context;
  if (span.kind === 'missing') return span;
  if (answers.joulesBefore === undefined || answers.joulesAfter === undefined) {
    return missing('absent', `Pod ${pod}: its joules could not be read at both ends of the window`);
  }
  if (counter.after === undefined) {
    return missing('absent', `Pod ${pod}: its joules end before the window does`);
  }
  // Kepler was alive then and did not know the Pod: its counter began at 0 inside the window.
  const before = counter.before ?? 0;
  const joules = counterDelta(before, counter.after);
  if (!Number.isFinite(joules)) {
    return missing('not-a-number', `Pod ${pod}: joules are ${before} and ${counter.after}`);
  }
  const greatest = Math.max(before, counter.after);
  const absurd =
    greatest > GREATEST_COUNTER_JOULES || joules > options.maximumPodWatts * span.seconds;
  if (absurd || Math.min(before, counter.after) < 0) {
    return missing('absurd', `Pod ${pod}: ${joules} J in ${span.seconds} s, counter ${greatest} J`);
  }
  return {
    kind: 'measured',
    value: joules,
    windowSeconds: span.seconds,
    samples: 2,
    ageSeconds: span.ageSeconds,
    quality: 'measured',
  };
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
  return {
    kind: 'measured',
    value,
    windowSeconds: span.seconds,
    samples: pods.filter(({ kind }) => kind === 'measured').length,
    ageSeconds: span.ageSeconds,
    quality: 'measured',
  };
}
