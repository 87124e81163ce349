// SPDX-License-Identifier: Apache-2.0
import type { Pins } from '#simulator/pod-template.ts';
import { linearCurve } from '#simulator/power-curve.ts';
import { readSpecification, type Specification } from '#cli/simulate/specification.ts';
import { withLoad, worldOf, type World } from '#cli/simulate/world.ts';

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

/** Connections of the closed loop: wrk with 2, 4, ..., 128 threads and ten times as many. */
export const CONNECTIONS = [20, 40, 80, 160, 320, 640, 1280] as const;
/** Where the sensitivity runs are made. */
export const SENSITIVITY_CONNECTIONS = 160;

const FILE = 'simulations/hotel-reservation-seed.yaml';

/** One assumption changed, everything else as in the base case. */
export interface Variant {
  readonly factor: string;
  readonly value: string;
  readonly change: (specification: Specification) => Specification;
  /** What no specification can say. */
  readonly changeWorld?: (world: World) => World;
}

function rest(part: (rest: Specification['rest']) => Partial<Specification['rest']>) {
  return (specification: Specification): Specification => ({
    ...specification,
    rest: { ...specification.rest, ...part(specification.rest) },
  });
}

const same = (specification: Specification): Specification => specification;

function order(first: 'data' | 'business'): Variant['change'] {
  return (specification) => {
    const { application } = specification;
    const tiers = new Map(application.services.map(({ name, tier }) => [name, tier]));
    const manifest = application.order ?? application.services.map(({ name }) => name);
    const ahead = manifest.filter((name) => tiers.get(name) === first);
    const behind = manifest.filter((name) => tiers.get(name) !== first);
    return { ...specification, application: { ...application, order: [...ahead, ...behind] } };
  };
}

/** Every assumption that is varied; the first is the base case. */
export const VARIANTS: readonly Variant[] = [
  { factor: 'base', value: 'as shipped', change: same },
  { factor: 'deploy order', value: 'data first', change: order('data') },
  { factor: 'deploy order', value: 'business first', change: order('business') },
  {
    factor: 'power curve',
    value: 'linear',
    change: same,
    changeWorld: (world) => {
      const machines = world.machines.map((machine) => ({
        ...machine,
        curve: linearCurve(machine.curve[0] ?? 0, machine.curve.at(-1) ?? 0),
      }));
      return { ...world, machines, stage: { ...world.stage, machines } };
    },
  },
  { factor: 'CPU limits', value: '1000m', change: rest(() => ({ cpuLimits: true })) },
  {
    factor: 'sidecar',
    value: 'none',
    change: rest(({ mesh }) => ({ mesh: { ...mesh, kind: 'none' } })),
  },
  {
    factor: 'sidecar',
    value: '0.35 ms CPU per call and side',
    change: rest(({ mesh }) => ({ mesh: { ...mesh, httpCpuMilliseconds: 0.35 } })),
  },
  {
    factor: 'sidecar',
    value: 'waypoint (ambient mode)',
    change: rest(({ mesh }) => ({ mesh: { ...mesh, kind: 'waypoint' } })),
  },
  { factor: 'CPU scale', value: '0.4', change: rest(() => ({ cpuScale: 0.4 })) },
  { factor: 'CPU scale', value: '0.7', change: rest(() => ({ cpuScale: 0.7 })) },
  {
    factor: 'CPU per crossed node',
    value: '50 µs',
    change: rest(({ network }) => ({
      network: { ...network, crossNodeCpuMilliseconds: 0.05 },
    })),
  },
  {
    factor: 'interference',
    value: 'slope 0.3',
    change: rest(() => ({ interferenceSlope: 0.3 })),
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

/** The world of a variant under so many connections, with windows long enough for them. */
export function worldFor(variant: Variant, connections: number): World {
  const world = worldOf(variant.change(readSpecification(FILE)));
  const changed = variant.changeWorld?.(world) ?? world;
  // Three response times of a saturated loop pass before anything is measured.
  const settle = (3 * connections) / 1000;
  const loaded = withLoad(changed, { kind: 'closed', connections });
  const stage = {
    ...loaded.stage,
    warmUpSeconds: Math.max(0.5, settle),
    windowSeconds: Math.max(2, settle),
  };
  return { ...loaded, stage };
}

/** Pins of the hand-made cut. */
export function bestCut(world: World): Pins {
  return world.templates['best-cut'] ?? {};
}
