// SPDX-License-Identifier: Apache-2.0
import { linearCurve, type PowerCurve } from '#simulator/machines/power-curve.ts';
import { demandOf } from '#cli/simulate/demand.ts';
import { readSpecification } from '#cli/simulate/read-specification.ts';
import type { Specification } from '#cli/simulate/specification.ts';
import { applicationOf, withLoad, worldOf, type World } from '#cli/simulate/world.ts';
import { UPSTREAM_RECORDS, withInputSize } from './input-size.ts';

/** The scenarios of the experiment, in the order of its tables. */
export const SCENARIOS = [
  'default',
  'split',
  'data-pinned',
  'data-pinned-data-first',
  'data-pinned-business-first',
  'best-cut',
  'agent',
] as const;
export type Scenario = (typeof SCENARIOS)[number];

/** Those of the talk, for every input size. */
export const TALK_SCENARIOS = ['default', 'split', 'data-pinned', 'agent'] as const;

/** Threads of wrk, and connections of each. */
export const THREADS = [2, 4, 8, 16, 32, 64, 128] as const;
export const CONNECTIONS_PER_THREAD = 10;
/** Hotels in the data stores. */
export const INPUT_SIZES = [2000, 4000, 6000, 8000, 10_000] as const;
/** Where the sensitivity runs are made, and where power and placements are shown. */
export const REFERENCE_THREADS = 16;

const FILE = 'simulations/hotel-reservation-seed.yaml';

/** One assumption changed, everything else as in the base case. */
export interface Variant {
  readonly factor: string;
  readonly value: string;
  readonly change: (specification: Specification) => Specification;
  /** What no specification can say. */
  readonly changeWorld?: (world: World) => World;
}

type Rest = Specification['rest'];

function rest(part: (rest: Rest) => Partial<Rest>): Variant['change'] {
  return (specification) => ({
    ...specification,
    rest: { ...specification.rest, ...part(specification.rest) },
  });
}

const same = (specification: Specification): Specification => specification;

type Services = Specification['application']['services'];

function services(change: (service: Services[number]) => Services[number]): Variant['change'] {
  return (specification) => ({
    ...specification,
    application: {
      ...specification.application,
      services: specification.application.services.map(change),
    },
  });
}

/** Deployment orders: the manifests', or with some services moved to the front. */
export const ORDERS = ['manifest', 'data first', 'business first', 'heaviest first'] as const;
export type Order = (typeof ORDERS)[number];

/** The services of an application in one of the {@link ORDERS}. */
export function orderOf({ application }: Specification, order: Order): readonly string[] {
  const manifest = application.order ?? application.services.map(({ name }) => name);
  if (order === 'manifest') return manifest;
  if (order === 'heaviest first') {
    const { cpuSeconds } = demandOf(applicationOf(application), 1);
    return [...manifest].sort((a, b) => (cpuSeconds[b] ?? 0) - (cpuSeconds[a] ?? 0));
  }
  const tiers = new Map(application.services.map(({ name, tier }) => [name, tier]));
  const first = order === 'data first' ? 'data' : 'business';
  return [
    ...manifest.filter((name) => tiers.get(name) === first),
    ...manifest.filter((name) => tiers.get(name) !== first),
  ];
}

function deployed(order: Order): Variant {
  return {
    factor: 'deploy order',
    value: order,
    change: (specification) => ({
      ...specification,
      application: { ...specification.application, order: [...orderOf(specification, order)] },
    }),
  };
}

function curve(value: string, of: (idle: number, full: number) => PowerCurve): Variant {
  return {
    factor: 'power curve',
    value,
    change: same,
    changeWorld: (world) => {
      const machines = world.machines.map((machine) => ({
        ...machine,
        curve: of(machine.curve[0] ?? 0, machine.curve.at(-1) ?? 0),
      }));
      return { ...world, machines, stage: { ...world.stage, machines } };
    },
  };
}

/** Dell R240 by SPECpower, watts: a curve that rises more and more. */
const R240 = [20, 25.1, 28.5, 32.3, 36.6, 41.7, 47.5, 55.9, 67.2, 81, 93.1];

function limit(millicores: number): Variant {
  return {
    factor: 'CPU limits',
    value: `${millicores}m`,
    change: (specification) =>
      rest(() => ({ cpuLimits: true }))(
        services((service) => ({ ...service, limitMillicores: millicores }))(specification),
      ),
  };
}

function sidecar(value: string, mesh: Partial<Rest['mesh']>): Variant {
  return {
    factor: 'sidecar',
    value,
    change: rest((now) => ({ mesh: { ...now.mesh, ...mesh } })),
  };
}

function crossing(microseconds: number): Variant {
  return {
    factor: 'CPU per crossed node',
    value: `${microseconds} µs`,
    change: rest(({ network }) => ({
      network: { ...network, crossNodeCpuMilliseconds: microseconds / 1000 },
    })),
  };
}

function interference(slope: number): Variant {
  return {
    factor: 'interference',
    value: `slope ${slope}`,
    change: rest(() => ({ interferenceSlope: slope })),
  };
}

function scale(factor: number): Variant {
  return { factor: 'CPU scale', value: String(factor), change: rest(() => ({ cpuScale: factor })) };
}

/** Every assumption that is varied; the first is the base case. */
export const VARIANTS: readonly Variant[] = [
  { factor: 'base', value: 'as shipped', change: same },
  deployed('data first'),
  deployed('business first'),
  deployed('heaviest first'),
  curve('linear', linearCurve),
  curve('linear, idle 60 % of full', (_, full) => linearCurve(0.6 * full, full)),
  curve('convex, as a Dell R240', (idle, full) =>
    R240.map((watts) => idle + ((full - idle) * (watts - 20)) / 73.1),
  ),
  limit(1000),
  limit(2000),
  limit(4000),
  sidecar('none', { kind: 'none' }),
  sidecar('0.35 ms CPU per call and side', { httpCpuMilliseconds: 0.35 }),
  sidecar('0.5 ms CPU per call and side', { httpCpuMilliseconds: 0.5 }),
  sidecar('waypoint (ambient mode)', { kind: 'waypoint' }),
  interference(0.3),
  interference(1),
  crossing(5),
  crossing(50),
  scale(0.4),
  scale(0.7),
  {
    factor: 'CPU requests',
    value: 'data stores 10m, no sidecar request',
    change: (specification) =>
      rest(({ mesh }) => ({ mesh: { ...mesh, kind: 'none' } }))(
        services((service) =>
          service.tier === 'data' ? { ...service, requestMillicores: 10 } : service,
        )(specification),
      ),
  },
  {
    factor: 'master',
    value: 'takes Pods',
    change: (specification) => ({
      ...specification,
      nodes: specification.nodes.map((node) => ({ ...node, taints: [] })),
      rest: { ...specification.rest, data: 'worker-1', business: 'worker-2' },
    }),
  },
];

/** What one setting is: how many threads, how many hotels, which assumption is changed. */
export interface Setting {
  readonly threads: number;
  readonly records: number;
  /** Number in {@link VARIANTS}; 0 = base. */
  readonly variant: number;
}

/** A world to learn in (short windows) and the stage that is measured. */
export interface Worlds {
  readonly learn: World;
  readonly measure: World;
}

/** The worlds of a setting: windows to measure in are as long as wrk ran. */
export function worldsOf(setting: Setting, windowSeconds: number): Worlds {
  const variant = VARIANTS[setting.variant];
  if (variant === undefined) throw new RangeError(`variant: ${setting.variant}`);
  const specification = withInputSize(variant.change(baseSpecification()), setting.records);
  const world = worldOf(specification);
  const changed = variant.changeWorld?.(world) ?? world;
  const connections = setting.threads * CONNECTIONS_PER_THREAD;
  // Three response times of a saturated loop pass before anything is measured.
  const settle = (3 * connections) / 1000;
  const loaded = withLoad(changed, { kind: 'closed', connections });
  const warmUpSeconds = Math.max(0.5, settle);
  const windowed = (seconds: number, powerSeconds?: number): World => ({
    ...loaded,
    stage: { ...loaded.stage, warmUpSeconds, windowSeconds: seconds, powerSeconds },
  });
  return {
    learn: windowed(Math.min(windowSeconds, Math.max(2, settle))),
    measure: windowed(windowSeconds, POWER_SECONDS),
  };
}

/** Distance of the points of the plot of power, seconds. */
export const POWER_SECONDS = 1;

/** The specification that everything is a change of. */
export function baseSpecification(): Specification {
  return readSpecification(FILE);
}

/** The base case at the reference load. */
export const REFERENCE: Setting = {
  threads: REFERENCE_THREADS,
  records: UPSTREAM_RECORDS,
  variant: 0,
};
