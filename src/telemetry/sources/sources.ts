// SPDX-License-Identifier: Apache-2.0
import { SHIPPED } from '#telemetry/presets/catalogue.ts';
import { detect } from './detection.ts';
import { mergeLatency, readLatency } from '#telemetry/mesh/latency.ts';
import { readLoad } from '#telemetry/load/load.ts';
import type { NodeUsageReader } from '#telemetry/load/usage.ts';
import { DEFAULT_READING_OPTIONS, type ReadingOptions } from '#telemetry/reading/options.ts';
import { NO_DIRECTORY, type PodDirectory } from '#telemetry/reading/pod-directory.ts';
import { readPower } from '#telemetry/energy/power.ts';
import type { MeshPreset, MeterPreset, Presets } from '#telemetry/presets/preset.ts';
import { loadQuestions, meshQuestions, meterQuestions } from '#telemetry/presets/questions.ts';
import { renamed, type Selection, type Vector } from '#telemetry/series/selection.ts';
import type {
  LatencySource,
  LatencyWindow,
  LoadSource,
  PowerSource,
  PowerWindow,
  Window,
} from '#telemetry/reading/source.ts';
import { describeError, gather, type VectorSource } from '#telemetry/series/vector-source.ts';

/** All three sources, over one backend. */
export type Telemetry = PowerSource & LatencySource & LoadSource;

/** Settings of {@link createSources}. */
export interface SourcesOptions extends Partial<ReadingOptions> {
  /** The meter to read; `Auto` (the default) looks which is there. */
  readonly meter?: string | undefined;
  /** The mesh to read; `Auto` (the default) reads all that are there. */
  readonly mesh?: string | undefined;
  /** What `Auto` looks for, and what has a name. Default: what is shipped. */
  readonly presets?: Presets | undefined;
  /** More presets that have a name and that `Auto` does not look for: those of policies. */
  readonly more?: (() => Presets) | undefined;
  /** Who is who, asked once a window; without it, what names Pods otherwise than by UID is absent. */
  readonly directory?: (() => PodDirectory) | undefined;
  /** Usage of nodes by the API server's metrics, for where no exporter tells it. */
  readonly nodeUsage?: NodeUsageReader | undefined;
  /** Told about what failed while the rest went on. */
  readonly onWarning?: (message: string) => void;
}

/**
 * The readings of a backend. This layer is the same for every backend, so that the same samples
 * give the same readings. One window costs a number of questions that does not depend on the
 * cluster's size: 7 for a meter (6 where nodes have a counter), 11 for each mesh, 23 for load, and with `Auto` 1 more each for
 * the meter and the mesh.
 */
export function createSources(vectors: VectorSource, options: SourcesOptions = {}): Telemetry {
  const { onWarning, presets = SHIPPED, more, directory, nodeUsage, ...given } = options;
  const usual: ReadingOptions = { ...DEFAULT_READING_OPTIONS, ...given };
  const readingOf = (staleAfterSeconds = usual.staleAfterSeconds): ReadingOptions => ({
    ...usual,
    staleAfterSeconds,
  });
  const warn = onWarning ?? ((): void => undefined);
  const asker = new Asker(vectors, warn);
  const known = directory ?? ((): PodDirectory => NO_DIRECTORY);
  const find = { presets, more, vectors, warn };
  return {
    async power(window, meter = options.meter ?? 'Auto', staleAfterSeconds?) {
      const preset = await meterOf(meter, window.to, find);
      if (preset === undefined) {
        return { nodeWatts: new Map(), podJoules: new Map(), attributedJoules: new Map() };
      }
      const reading = readingOf(staleAfterSeconds);
      return askPower(asker, { preset, window, options: reading, directory: known() });
    },
    async latency(window, mesh = options.mesh ?? 'Auto', staleAfterSeconds?) {
      const found = await meshesOf(mesh, window.to, find);
      const people = known();
      const reading = readingOf(staleAfterSeconds);
      const windows = await Promise.all(
        found.map((preset) =>
          askLatency(asker, { preset, window, options: reading, directory: people }),
        ),
      );
      return mergeLatency(windows);
    },
    async load(window, staleAfterSeconds?) {
      const answers = await asker.load(window);
      const usage = await nodeUsage?.().catch((error: unknown) => {
        warn(`node usage: ${describeError(error)}`);
        return undefined;
      });
      return readLoad({ ...answers, usage }, window, readingOf(staleAfterSeconds));
    },
  };
}

interface Finder {
  readonly presets: Presets;
  readonly more: (() => Presets) | undefined;
  readonly vectors: VectorSource;
  readonly warn: (message: string) => void;
}

/**
 * The meter to read; undefined = there is none of that name, and no other is read in its place.
 * Where `Auto` finds several the first in their table is read for the whole cluster, because what
 * two of them attribute to a Pod cannot be compared.
 */
async function meterOf(
  meter: string,
  time: number,
  { presets, more, ...context }: Finder,
): Promise<MeterPreset | undefined> {
  if (meter !== 'Auto') {
    const named = [...presets.meters, ...(more?.().meters ?? [])].find(
      ({ name }) => name === meter,
    );
    if (named === undefined) context.warn(`no meter is called ${meter}`);
    return named;
  }
  const found = await detect(presets.meters, { ...context, time });
  if (found.length > 1) {
    const names = found.map(({ name }) => name).join(', ');
    context.warn(`several meters are there, the first is read: ${names}`);
  }
  return found[0] ?? presets.meters[0];
}

/** The meshes to read: one by name, or all that are there. */
async function meshesOf(
  mesh: string,
  time: number,
  { presets, more, ...context }: Finder,
): Promise<readonly MeshPreset[]> {
  if (mesh === 'Auto') return detect(presets.meshes, { ...context, time });
  const named = [...presets.meshes, ...(more?.().meshes ?? [])].find(({ name }) => name === mesh);
  if (named === undefined) context.warn(`no mesh is called ${mesh}`);
  return named === undefined ? [] : [named];
}

/** Asks questions and gives the answers under the readers' own labels. */
class Asker {
  readonly vectors: VectorSource;
  readonly warn: (message: string) => void;

  constructor(vectors: VectorSource, warn: (message: string) => void) {
    this.vectors = vectors;
    this.warn = warn;
  }

  async value(selection: Selection, time: number): Promise<Vector> {
    return renamed(selection, await this.vectors.value(selection, time));
  }

  async sampledAt(selection: Selection, time: number): Promise<Vector> {
    return renamed(selection, await this.vectors.sampledAt(selection, time));
  }

  async sum(selection: Selection, window: Window): Promise<Vector> {
    return renamed(selection, await this.vectors.sum(selection, window));
  }

  async least(selection: Selection, window: Window): Promise<Vector> {
    return renamed(selection, await this.vectors.least(selection, window));
  }

  async count(selection: Selection, window: Window): Promise<Vector> {
    return renamed(selection, await this.vectors.count(selection, window));
  }

  load(window: Window) {
    const { from, to } = window;
    const ask = loadQuestions();
    return gather(
      {
        usageSum: this.sum(ask.usageRatio, window),
        usageCount: this.count(ask.usageRatio, window),
        usageNewest: this.sampledAt(ask.usageRatio, to),
        idleBefore: this.value(ask.cpuIdle, from),
        idleAfter: this.value(ask.cpuIdle, to),
        totalBefore: this.value(ask.cpuTotal, from),
        totalAfter: this.value(ask.cpuTotal, to),
        cpuNewestBefore: this.sampledAt(ask.cpuIdle, from),
        cpuNewestAfter: this.sampledAt(ask.cpuIdle, to),
        availableSum: this.sum(ask.memoryAvailable, window),
        availableCount: this.count(ask.memoryAvailable, window),
        availableNewest: this.sampledAt(ask.memoryAvailable, to),
        memorySum: this.sum(ask.memoryTotal, window),
        nodeNames: this.value(ask.nodeNames, to),
        cgroupCpuBefore: this.value(ask.cgroupCpu, from),
        cgroupCpuAfter: this.value(ask.cgroupCpu, to),
        cgroupNewestBefore: this.sampledAt(ask.cgroupCpu, from),
        cgroupNewestAfter: this.sampledAt(ask.cgroupCpu, to),
        machineCores: this.value(ask.machineCores, to),
        cgroupMemorySum: this.sum(ask.cgroupMemory, window),
        cgroupMemoryCount: this.count(ask.cgroupMemory, window),
        cgroupMemoryNewest: this.sampledAt(ask.cgroupMemory, to),
        machineMemory: this.value(ask.machineMemory, to),
      },
      this.warn,
    );
  }
}

interface Asked<P> {
  readonly preset: P;
  readonly window: Window;
  readonly options: ReadingOptions;
  readonly directory: PodDirectory;
}

function none(): Promise<Vector> {
  return Promise.resolve([]);
}

async function askPower(asker: Asker, context: Asked<MeterPreset>): Promise<PowerWindow> {
  const { preset, window, options } = context;
  const ask = meterQuestions(preset, options.zone);
  const first = (kind: 'gauge' | 'counter', selection: Selection): Promise<Vector> =>
    kind === 'gauge' ? asker.sum(selection, window) : asker.value(selection, window.from);
  const second = (kind: 'gauge' | 'counter', selection: Selection): Promise<Vector> =>
    kind === 'gauge' ? asker.count(selection, window) : asker.value(selection, window.to);
  const answers = await gather(
    {
      nodeFirst: first(preset.node.kind, ask.node),
      nodeSecond: second(preset.node.kind, ask.node),
      nodeLeast: preset.node.kind === 'gauge' ? asker.least(ask.node, window) : none(),
      newestBefore: asker.sampledAt(ask.nodeNewest, window.from),
      newestAfter: asker.sampledAt(ask.nodeNewest, window.to),
      podFirst: first(preset.pods.kind, ask.pods),
      podSecond: second(preset.pods.kind, ask.pods),
    },
    asker.warn,
  );
  return readPower(answers, context);
}

async function askLatency(asker: Asker, context: Asked<MeshPreset>): Promise<LatencyWindow> {
  const { preset, window } = context;
  const { from, to } = window;
  const ask = meshQuestions(preset);
  const none: Vector = [];
  const optional = (selection: Selection | undefined, time: number): Promise<Vector> =>
    selection === undefined ? Promise.resolve(none) : asker.value(selection, time);
  const answers = await gather(
    {
      newestBefore: asker.sampledAt(ask.requestsNewest, from),
      newestAfter: asker.sampledAt(ask.requestsNewest, to),
      upBefore: asker.sampledAt(ask.up, from),
      requestsBefore: asker.value(ask.requests, from),
      requestsAfter: asker.value(ask.requests, to),
      bucketsBefore: asker.value(ask.buckets, from),
      bucketsAfter: asker.value(ask.buckets, to),
      callsBefore: optional(ask.calls, from),
      callsAfter: optional(ask.calls, to),
      connectionsBefore: optional(ask.connections, from),
      connectionsAfter: optional(ask.connections, to),
    },
    asker.warn,
  );
  return readLatency(answers, context);
}
