// SPDX-License-Identifier: Apache-2.0
import type { World } from '#cli/simulate/world.ts';
import { compile } from '#simulator/engine/program.ts';

/** What becomes of a world in mid-run. */
export interface Change {
  readonly name: string;
  readonly meaning: string;
  readonly applyTo: (world: World, cpuScale: number) => World;
}

/** The machine of the cluster `mixed` that most Pods are best on. */
const BEST_MACHINE = 'r240';

/** The changes that an agent has to recover from, on the cluster `mixed`. */
export const CHANGES: readonly Change[] = [
  {
    name: 'traffic-mix',
    meaning: 'the most frequent kind of request becomes the rarest and the other way round',
    applyTo: (world, cpuScale) => {
      const { requests } = world.application;
      const shares = requests.map(({ share }) => share).sort((a, b) => a - b);
      const order = [...requests].sort((a, b) => b.share - a.share);
      const application = {
        ...world.application,
        requests: requests.map((one) => ({ ...one, share: shares[order.indexOf(one)] ?? 0 })),
      };
      const stage = { ...world.stage, program: compile(application, cpuScale) };
      return { ...world, application, stage };
    },
  },
  {
    name: 'power-curve',
    meaning: `${BEST_MACHINE} draws two and a half times the power at every load`,
    applyTo: (world) =>
      withMachines(
        world,
        world.machines.map((machine) =>
          machine.name === BEST_MACHINE
            ? { ...machine, curve: machine.curve.map((watts) => 2.5 * watts) }
            : machine,
        ),
      ),
  },
  {
    name: 'machine-gone',
    meaning: `${BEST_MACHINE} leaves the cluster`,
    applyTo: (world) =>
      withMachines(
        world,
        world.machines.filter(({ name }) => name !== BEST_MACHINE),
      ),
  },
];

function withMachines(world: World, machines: World['machines']): World {
  return { ...world, machines, stage: { ...world.stage, machines } };
}
