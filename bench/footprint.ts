// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '#errors';
import type { Figure } from '#cli/runs/figure.ts';
import { SEED_MACHINES } from '#simulator/machines/machines.ts';
import { wattsAt } from '#simulator/machines/power-curve.ts';
import type { AdmissionResults } from './admission/measure.ts';
import type { ScaleResults } from './scale/measure.ts';
import { flagsOrExit, orExit } from './shared/front.ts';
import { fileToWrite, resultsFile } from './shared/input.ts';
import { writeResults } from './shared/results.ts';

/*
 * What Perihelion itself costs, in joules, beside what it saves: computed from the committed result
 * files, nothing is measured here. `node bench/footprint.ts [--results FOLDER]`, or at the end of
 * `npm run bench`.
 */

const RESULTS = fileURLToPath(new URL('results', import.meta.url));

/** How busy the node is that Perihelion runs on; assumed. */
const UTILISATION = 0.5;

/** `bench/results/footprint.json`. */
export interface FootprintResults {
  /** What the figures rest on, beside the files that they are computed from. */
  readonly assumptions: {
    readonly machine: string;
    readonly cores: number;
    readonly utilisation: number;
    /** What one core of work is charged: dynamic power of the node by its busy cores. */
    readonly wattsPerBusyCore: number;
  };
  /** The policy chooses among 50 hostnames, or among four pools. */
  readonly joulesPer1000Admissions: Readonly<Record<string, Figure>>;
  /** The learner's part: 1,000 decisions settled. */
  readonly joulesPer1000Settled: Figure;
  /** A replica that nobody asks anything. */
  readonly standingWattsPerReplica?: Figure;
  /** Default less agent, by application, cluster and load; below 0 = it costs more. */
  readonly savedJoulesPer1000Requests?: Readonly<Record<string, Figure>>;
  /** Requests that a Pod serves until its admission and settling are paid, where it saves at all. */
  readonly requestsToRepayAPod?: Readonly<Record<string, Figure>>;
}

/** The part of `learning.json` that is read. */
interface Learned {
  readonly settings: readonly {
    readonly application: string;
    readonly cluster: string;
    readonly load: string;
    readonly policies: Readonly<Record<string, { readonly joulesPerRequest: Figure }>>;
  }[];
}

/**
 * Writes `footprint.json` beside the results that it is computed from; the answer is its path.
 * @throws InputError where one that it needs is missing, or is something else
 */
export function writeFootprint(folder: string): string {
  const read = <T extends object>(name: string, fields: readonly (keyof T & string)[]): T =>
    resultsFile<T>(name, join(folder, name), fields);
  const footprint = footprintOf(
    read<AdmissionResults>('admission.json', ['cpuMicrosecondsPerRequest']),
    read<ScaleResults>('scale.json', ['settleCycle']),
    // What is saved is left out where learning was never measured.
    existsSync(join(folder, 'learning.json'))
      ? read<Learned>('learning.json', ['settings'])
      : undefined,
  );
  const path = fileToWrite('footprint.json', join(folder, 'footprint.json'));
  writeResults(path, footprint);
  return path;
}

/**
 * Joules by the accounting `Attributed`: the node's dynamic power shared by CPU time, as Kepler
 * does it. Idle power is charged to nobody: the node would be there without Perihelion.
 */
export function footprintOf(
  admission: Pick<AdmissionResults, 'cpuMicrosecondsPerRequest' | 'idleMillicores'>,
  scale: Pick<ScaleResults, 'settleCycle'>,
  learned?: Learned,
): FootprintResults {
  const machine = SEED_MACHINES.find(({ name }) => name === 'worker-1');
  if (machine === undefined) throw new Error('the experiment has no worker-1');
  const { cores, curve, model } = machine;
  const dynamicWatts = wattsAt(curve, UTILISATION) - wattsAt(curve, 0);
  const wattsPerBusyCore = dynamicWatts / (cores * UTILISATION);
  const { perihelion, perihelionPools } = admission.cpuMicrosecondsPerRequest;
  const joulesPer1000Admissions: Record<string, Figure> = {};
  // Microseconds each are milliseconds a thousand.
  const perThousand = wattsPerBusyCore / 1000;
  if (perihelion) joulesPer1000Admissions['hostnames'] = scaled(perihelion, perThousand, 'joules');
  if (perihelionPools) {
    joulesPer1000Admissions['pools'] = scaled(perihelionPools, perThousand, 'joules');
  }
  const cycle = scale.settleCycle['10000'];
  if (cycle === undefined) {
    const sizes = Object.keys(scale.settleCycle);
    throw new InputError('PERI_SETTINGS_INVALID', 'settleCycle', sizes, 'one of 10000 placements');
  }
  const joulesPer1000Settled = scaled(cycle.cpuSeconds, wattsPerBusyCore / 10, 'joules');
  const idle = admission.idleMillicores;
  const saved = learned === undefined ? undefined : savedBy(learned);
  const dearest = joulesPer1000Admissions['hostnames']?.mean ?? Number.NaN;
  return {
    assumptions: { machine: model, cores, utilisation: UTILISATION, wattsPerBusyCore },
    joulesPer1000Admissions,
    joulesPer1000Settled,
    ...(idle === undefined
      ? {}
      : { standingWattsPerReplica: scaled(idle, wattsPerBusyCore / 1000, 'watts') }),
    ...(saved === undefined
      ? {}
      : {
          savedJoulesPer1000Requests: saved,
          requestsToRepayAPod: repaidBy(saved, dearest + joulesPer1000Settled.mean),
        }),
  };
}

/** The widest interval that those of both sides allow: they are told apart, not in pairs. */
function savedBy({ settings }: Learned): Record<string, Figure> {
  const saved: Record<string, Figure> = {};
  for (const { application, cluster, load, policies } of settings) {
    const before = policies['default']?.joulesPerRequest;
    const after = policies['agent']?.joulesPerRequest;
    if (before === undefined || after === undefined) continue;
    saved[`${application}, ${cluster}, ${load}`] = {
      mean: 1000 * (before.mean - after.mean),
      low: 1000 * (before.low - after.high),
      high: 1000 * (before.high - after.low),
      n: Math.min(before.n, after.n),
      unit: 'joules',
    };
  }
  return saved;
}

/** Only where the whole interval of the saving is above 0: else there is no such number. */
function repaidBy(saved: Readonly<Record<string, Figure>>, joules: number): Record<string, Figure> {
  const repaid: Record<string, Figure> = {};
  for (const [name, { mean, low, high, n }] of Object.entries(saved)) {
    if (low <= 0) continue;
    // Joules of a thousand Pods by joules that a thousand requests save.
    const unit = 'requests';
    repaid[name] = { mean: joules / mean, low: joules / high, high: joules / low, n, unit };
  }
  return repaid;
}

function scaled({ mean, low, high, n }: Figure, factor: number, unit: string): Figure {
  return { mean: mean * factor, low: low * factor, high: high * factor, n, unit };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const values = flagsOrExit('footprint', { results: { type: 'string', default: RESULTS } });
  console.log(`written: ${orExit('footprint', () => writeFootprint(values.results))}`);
}
