// SPDX-License-Identifier: Apache-2.0
import { demandOf } from '#cli/simulate/demand.ts';
import { placeAll } from '#cli/simulate/rollout.ts';
import type { PlacementScheduler } from '#cli/simulate/scheduler.ts';
import { defaultScheduler, placeByDefault } from '#cli/simulate/static-schedulers.ts';
import type { World } from '#cli/simulate/world.ts';
import { Planner } from '#simulator/trial/planner.ts';
import type { Pins } from '#simulator/application/pod-template.ts';
import { Random } from '#simulator/random/random.ts';

/** A whole-application placement that a person might write down. */
export interface Template {
  readonly name: string;
  readonly pins: Pins;
}

/** A target that Pods may go to, and how much it can do. */
export interface TemplateTarget {
  readonly name: string;
  /** Cores times their speed. */
  readonly capacity: number;
}

/** Targets of the world's policy that have a machine without taints. */
export function targetsIn({ machines, policy }: World): TemplateTarget[] {
  const found = new Map<string, number>();
  for (const { name, labels, taints, cores, speed } of machines) {
    if (taints.length > 0) continue;
    const value =
      policy.topologyKey === 'kubernetes.io/hostname' ? name : labels[policy.topologyKey];
    if (value !== undefined) found.set(value, (found.get(value) ?? 0) + cores * speed);
  }
  return [...found].map(([name, capacity]) => ({ name, capacity }));
}

/**
 * The templates: left to the scheduler; everything in one place; data stores in one place and the
 * rest left to the scheduler, or in one other place; and balanced by CPU over all places, and over
 * each two of them. Those that leave a Pod without a node are left out.
 */
export function templatesOf(world: World): Template[] {
  const targets = targetsIn(world);
  const pinsBy = (of: (service: string, isData: boolean) => string | undefined): Pins =>
    Object.fromEntries(
      world.application.services.flatMap(({ name, tier }) => {
        const target = of(name, tier === 'data');
        return target === undefined
          ? []
          : [[name, { nodeSelector: { [world.policy.topologyKey]: target } }]];
      }),
    );
  const all: Template[] = [{ name: 'default', pins: {} }];
  for (const { name: one } of targets) {
    all.push({ name: `all on ${one}`, pins: pinsBy(() => one) });
    all.push({ name: `data on ${one}`, pins: pinsBy((_, isData) => (isData ? one : undefined)) });
    for (const { name: other } of targets) {
      if (one === other) continue;
      const pins = pinsBy((_, isData) => (isData ? one : other));
      all.push({ name: `data on ${one}, rest on ${other}`, pins });
    }
  }
  const groups = [
    targets,
    ...targets.flatMap((one, i) => targets.slice(i + 1).map((other) => [one, other])),
  ];
  for (const group of groups) {
    const share = balanced(world, group);
    const name = `balanced over ${group.map((one) => one.name).join(' and ')}`;
    all.push({ name, pins: pinsBy((service) => share.get(service)) });
  }
  const distinct = new Map(all.map((one) => [JSON.stringify(one.pins), one]));
  return [...distinct.values()].filter(({ pins }) => {
    const context = { planner: new Planner(world), random: new Random(1, 'template') };
    const scheduler = templated(world, pins);
    return placeAll(scheduler, { ...context, utilisation: {} }).length === 0;
  });
}

/** A scheduler that follows pins and leaves the rest to the stock scheduler. */
export function templated(world: World, pins: Pins): PlacementScheduler {
  return { ...defaultScheduler(world), pins, place: placeByDefault };
}

/** The dearest service first, each to the target with the most capacity left by share. */
function balanced(world: World, targets: readonly TemplateTarget[]): Map<string, string> {
  const { cpuSeconds } = demandOf(world.application, 1);
  const load = new Map(targets.map(({ name }) => [name, 0]));
  const share = new Map<string, string>();
  const services = world.application.services
    .map(({ name }) => ({ name, seconds: cpuSeconds[name] ?? 0 }))
    .sort((a, b) => b.seconds - a.seconds || (a.name < b.name ? -1 : 1));
  for (const { name, seconds } of services) {
    const after = (target: TemplateTarget): number =>
      ((load.get(target.name) ?? 0) + seconds) / target.capacity;
    const [first] = [...targets].sort((a, b) => after(a) - after(b));
    if (first === undefined) continue;
    share.set(name, first.name);
    load.set(first.name, (load.get(first.name) ?? 0) + seconds);
  }
  return share;
}
