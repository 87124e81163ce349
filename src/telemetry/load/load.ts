// SPDX-License-Identifier: Apache-2.0
import type { NodeUsage } from './usage.ts';
import type { ReadingOptions } from '#telemetry/reading/options.ts';
import type { Missing, Reading } from '#telemetry/reading/reading.ts';
import { groupKey, type Vector } from '#telemetry/series/selection.ts';
import type { NodeLoad, Window } from '#telemetry/reading/source.ts';
import { ageSeconds, missing, type Span, spanOf } from '#telemetry/reading/span.ts';
import type { Answers } from '#telemetry/series/vector-source.ts';

/** What is asked about load; see `presets/questions.ts`. */
export type LoadAnswers = Answers<
  | 'usageSum'
  | 'usageCount'
  | 'usageNewest'
  | 'idleBefore'
  | 'idleAfter'
  | 'totalBefore'
  | 'totalAfter'
  | 'cpuNewestBefore'
  | 'cpuNewestAfter'
  | 'availableSum'
  | 'availableCount'
  | 'availableNewest'
  | 'memorySum'
  | 'nodeNames'
  | 'cgroupCpuBefore'
  | 'cgroupCpuAfter'
  | 'cgroupNewestBefore'
  | 'cgroupNewestAfter'
  | 'machineCores'
  | 'cgroupMemorySum'
  | 'cgroupMemoryCount'
  | 'cgroupMemoryNewest'
  | 'machineMemory'
> & {
  /** What the API server's metrics say; undefined = they were not asked or did not answer. */
  readonly usage?: readonly NodeUsage[] | undefined;
};

/** More than this above 1 is no rounding. */
const TOLERANCE = 0.01;

/**
 * CPU and memory of every node, from the first that tells: node-exporter, cAdvisor's root cgroup,
 * the API server's metrics, and for CPU Kepler's usage ratio. Where nobody tells it is absent.
 */
export function readLoad(
  answers: LoadAnswers,
  window: Window,
  options: ReadingOptions,
): ReadonlyMap<string, NodeLoad> {
  const context = { window, options };
  const names = nodeNames(answers);
  const exporterCpu = exporterCpuRatios(answers, names, context);
  const memory = memoryRatios(answers, names, context);
  const cgroups = cgroupNames(answers);
  const cpu = [
    exporterCpu,
    cgroupCpuRatios(answers, cgroups, context),
    serverRatios(answers.usage, 'cpu', context),
    usageRatios(answers, context),
  ];
  const memories = [
    memory,
    cgroupMemoryRatios(answers, cgroups, context),
    serverRatios(answers.usage, 'memory', context),
  ];
  const loads = new Map<string, NodeLoad>();
  for (const node of new Set([...cpu, ...memories].flatMap((readings) => [...readings.keys()]))) {
    loads.set(node, {
      cpuRatio: firstMeasured(cpu.map((readings) => readings.get(node))) ?? noExporter(node),
      memoryRatio: firstMeasured(memories.map((one) => one.get(node))) ?? noExporter(node),
    });
  }
  return loads;
}

interface Context {
  readonly window: Window;
  readonly options: ReadingOptions;
}

function noExporter(node: string): Missing {
  return missing('absent', `${node}: no exporter tells`);
}

function firstMeasured(readings: readonly (Reading | undefined)[]): Reading | undefined {
  return (
    readings.find((reading) => reading?.kind === 'measured') ??
    readings.find((reading) => reading !== undefined)
  );
}

/** One exporter on one machine. */
const MACHINE = ['node', 'instance'];

function byMachine(vector: Vector | undefined): ReadonlyMap<string, number> {
  return new Map((vector ?? []).map(({ labels, value }) => [groupKey(labels, MACHINE), value]));
}

/**
 * The node of every exporter: its `node` label where the scrape sets one, else the host name
 * that the exporter tells, else the scraped address without its port.
 */
function nodeNames(answers: LoadAnswers): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { labels } of [...(answers.totalAfter ?? []), ...(answers.availableSum ?? [])]) {
    const address = (labels['instance'] ?? '').replace(/:\d+$/, '');
    names.set(groupKey(labels, MACHINE), labels['node'] || address);
  }
  for (const { labels } of answers.nodeNames ?? []) {
    const key = groupKey(labels, MACHINE);
    if (!labels['node'] && labels['nodename']) names.set(key, labels['nodename']);
  }
  return names;
}

/** One number of every machine at both ends of the window. */
interface Ends {
  readonly before: ReadonlyMap<string, number>;
  readonly after: ReadonlyMap<string, number>;
}

function ends(before: Vector | undefined, after: Vector | undefined): Ends {
  return { before: byMachine(before), after: byMachine(after) };
}

function exporterCpuRatios(
  answers: LoadAnswers,
  names: ReadonlyMap<string, string>,
  context: Context,
): ReadonlyMap<string, Reading> {
  const idle = ends(answers.idleBefore, answers.idleAfter);
  const total = ends(answers.totalBefore, answers.totalAfter);
  const newest = ends(answers.cpuNewestBefore, answers.cpuNewestAfter);
  const readings = new Map<string, Reading>();
  for (const machine of total.after.keys()) {
    const node = names.get(machine) ?? machine;
    const span = spanOf(
      context.window,
      { before: newest.before.get(machine), after: newest.after.get(machine) },
      { staleAfterSeconds: context.options.staleAfterSeconds, subject: `node-exporter on ${node}` },
    );
    const problem = processorProblem(node, idle, total, machine);
    const reading =
      span.kind === 'missing'
        ? span
        : (problem ?? ratioReading(node, busyShare(machine, idle, total), { ...span, samples: 2 }));
    readings.set(node, reading);
  }
  return readings;
}

/** Ten thousand processors for ten years: no machine has counted more seconds. */
const GREATEST_PROCESSOR_SECONDS = 1e13;

/** Why these seconds cannot be true; from 0 the whole past would count as this window's. */
function processorProblem(
  node: string,
  idle: Ends,
  total: Ends,
  machine: string,
): Missing | undefined {
  const all = [idle.before, idle.after, total.before, total.after].map((one) => one.get(machine));
  if (all.some((seconds = 0) => seconds < 0 || seconds > GREATEST_PROCESSOR_SECONDS)) {
    return missing('absurd', `${node}: ${all.join(', ')} processor seconds`);
  }
  const [before = Number.NaN, after = Number.NaN] = [
    total.before.get(machine),
    total.after.get(machine),
  ];
  if (before === 0 && after > 0) {
    const detail = `${node}: processor seconds stood at 0 at the window's start`;
    return missing('too-few-samples', detail);
  }
  // The machine restarted, or a processor was taken away: what is left is the past of the others.
  return after < before
    ? missing('absent', `${node}: processor seconds fell from ${before} to ${after}`)
    : undefined;
}

/** The share of processor time that was not idle; NaN if any of the four numbers is not there. */
function busyShare(machine: string, idle: Ends, total: Ends): number {
  const at = (numbers: ReadonlyMap<string, number>): number => numbers.get(machine) ?? Number.NaN;
  return 1 - (at(idle.after) - at(idle.before)) / (at(total.after) - at(total.before));
}

function memoryRatios(
  answers: LoadAnswers,
  names: ReadonlyMap<string, string>,
  context: Context,
): ReadonlyMap<string, Reading> {
  const counts = byMachine(answers.availableCount);
  const newest = byMachine(answers.availableNewest);
  const totals = byMachine(answers.memorySum);
  const readings = new Map<string, Reading>();
  for (const [machine, available] of byMachine(answers.availableSum)) {
    const node = names.get(machine) ?? machine;
    const gauge = gaugeSpan(context, `memory of ${node}`, {
      samples: counts.get(machine),
      newest: newest.get(machine),
    });
    const share = 1 - available / (totals.get(machine) ?? Number.NaN);
    readings.set(node, gauge.kind === 'missing' ? gauge : ratioReading(node, share, gauge));
  }
  return readings;
}

/** cAdvisor knows nothing of `node_uname_info`; its address is the node's name. */
function cgroupNames(answers: LoadAnswers): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { labels } of [
    ...(answers.cgroupCpuAfter ?? []),
    ...(answers.cgroupMemorySum ?? []),
  ]) {
    const address = (labels['instance'] ?? '').replace(/:\d+$/, '');
    names.set(groupKey(labels, MACHINE), labels['node'] || address);
  }
  return names;
}

function cgroupCpuRatios(
  answers: LoadAnswers,
  names: ReadonlyMap<string, string>,
  { window, options }: Context,
): ReadonlyMap<string, Reading> {
  const busy = ends(answers.cgroupCpuBefore, answers.cgroupCpuAfter);
  const newest = ends(answers.cgroupNewestBefore, answers.cgroupNewestAfter);
  const cores = byMachine(answers.machineCores);
  const readings = new Map<string, Reading>();
  for (const [machine, after] of busy.after) {
    const node = names.get(machine) ?? machine;
    const span = spanOf(
      window,
      { before: newest.before.get(machine), after: newest.after.get(machine) },
      { staleAfterSeconds: options.staleAfterSeconds, subject: `cAdvisor on ${node}` },
    );
    if (span.kind === 'missing') {
      readings.set(node, span);
      continue;
    }
    const problem = processorProblem(node, busy, busy, machine);
    if (problem !== undefined) {
      readings.set(node, problem);
      continue;
    }
    const seconds = after - (busy.before.get(machine) ?? Number.NaN);
    const share = seconds / span.seconds / (cores.get(machine) ?? Number.NaN);
    readings.set(node, ratioReading(node, share, { ...span, samples: 2 }));
  }
  return readings;
}

function cgroupMemoryRatios(
  answers: LoadAnswers,
  names: ReadonlyMap<string, string>,
  context: Context,
): ReadonlyMap<string, Reading> {
  const counts = byMachine(answers.cgroupMemoryCount);
  const newest = byMachine(answers.cgroupMemoryNewest);
  const totals = byMachine(answers.machineMemory);
  const readings = new Map<string, Reading>();
  for (const [machine, sum] of byMachine(answers.cgroupMemorySum)) {
    const node = names.get(machine) ?? machine;
    const samples = counts.get(machine);
    const gauge = gaugeSpan(context, `memory of ${node}`, { samples, newest: newest.get(machine) });
    const share = sum / (samples ?? Number.NaN) / (totals.get(machine) ?? Number.NaN);
    readings.set(node, gauge.kind === 'missing' ? gauge : ratioReading(node, share, gauge));
  }
  return readings;
}

/**
 * The API server's metrics know the present only: for a window whose end is longer ago than a
 * sample may be old they say nothing.
 */
function serverRatios(
  usage: readonly NodeUsage[] | undefined,
  what: 'cpu' | 'memory',
  { window, options }: Context,
): ReadonlyMap<string, Reading> {
  const readings = new Map<string, Reading>();
  for (const one of usage ?? []) {
    const apart = Math.abs(window.to - one.measuredAt) / 1000;
    if (apart > options.staleAfterSeconds) {
      const detail = `${one.node}: usage was measured ${apart.toFixed(0)} s apart from the window`;
      readings.set(one.node, missing('stale', detail));
      continue;
    }
    const [used, capacity] =
      what === 'cpu' ? [one.cpuCores, one.capacityCores] : [one.memoryBytes, one.capacityBytes];
    const ageSecondsNow = ageSeconds(one.measuredAt, window.to);
    const from = { seconds: one.windowSeconds, samples: 1, ageSeconds: ageSecondsNow };
    readings.set(one.node, ratioReading(one.node, used / (capacity ?? Number.NaN), from));
  }
  return readings;
}

function usageRatios(answers: LoadAnswers, context: Context): ReadonlyMap<string, Reading> {
  const byNode = (vector: Vector | undefined): ReadonlyMap<string, number> =>
    new Map((vector ?? []).map(({ labels, value }) => [labels['node_name'] ?? '', value]));
  const counts = byNode(answers.usageCount);
  const newest = byNode(answers.usageNewest);
  const readings = new Map<string, Reading>();
  for (const [node, sum] of byNode(answers.usageSum)) {
    const samples = counts.get(node);
    const gauge = gaugeSpan(context, `CPU usage of ${node}`, { samples, newest: newest.get(node) });
    const share = sum / (samples ?? Number.NaN);
    readings.set(node, gauge.kind === 'missing' ? gauge : ratioReading(node, share, gauge));
  }
  return readings;
}

type Provenance = Pick<Span, 'seconds' | 'ageSeconds'> & { readonly samples: number };

/** Checks the samples of a gauge over the window. */
function gaugeSpan(
  { window, options }: Context,
  subject: string,
  gauge: { readonly samples: number | undefined; readonly newest: number | undefined },
): (Provenance & { readonly kind: 'gauge' }) | Missing {
  const samples = gauge.samples ?? 0;
  if (gauge.newest === undefined) return missing('stale', `${subject}: no sample at the end`);
  const age = ageSeconds(gauge.newest, window.to);
  if (age > options.staleAfterSeconds) {
    return missing('stale', `${subject}: newest sample is ${age.toFixed(0)} s old`);
  }
  if (samples < options.minimumSamples) {
    return missing('too-few-samples', `${subject}: ${samples} samples in the window`);
  }
  return { kind: 'gauge', samples, seconds: (window.to - window.from) / 1000, ageSeconds: age };
}

function ratioReading(node: string, share: number, from: Provenance): Reading {
  if (!Number.isFinite(share)) return missing('not-a-number', `${node}: ratio is ${share}`);
  if (share < -TOLERANCE || share > 1 + TOLERANCE) {
    return missing('absurd', `${node}: ratio is ${share}`);
  }
  return {
    kind: 'measured',
    value: Math.min(1, Math.max(0, share)),
    windowSeconds: from.seconds,
    samples: from.samples,
    ageSeconds: from.ageSeconds,
    quality: 'measured',
  };
}
