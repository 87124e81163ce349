// SPDX-License-Identifier: Apache-2.0
import { InputError } from '#errors';
import type { Place } from './schema.ts';
import { nodeNames, type Specification } from './specification.ts';

/**
 * What no schema can say: names that must exist, graphs without cycles, machines with room.
 *
 * @throws InputError `PERI_SIMULATION_INVALID`
 */
export function checkSpecification(specification: Specification): void {
  checkNodes(specification);
  checkBackground(specification);
  checkServices(specification);
  checkOperations(specification);
  checkPlaces(specification);
}

function mistake(
  { file }: Specification,
  field: string,
  found: unknown,
  expected: string,
): InputError {
  return new InputError('PERI_SIMULATION_INVALID', `${file}: ${field}`, found, expected);
}

function checkNodes(specification: Specification): void {
  const { nodes } = specification;
  const total = nodes.reduce((sum, { count }) => sum + count, 0);
  if (total > MOST_NODES) {
    throw mistake(specification, 'nodes', total, `at most ${MOST_NODES} nodes in all`);
  }
  const names = nodes.flatMap(nodeNames);
  const twice = duplicate(names);
  if (twice !== undefined) throw mistake(specification, 'nodes', twice, 'node names that differ');
  nodes.forEach(({ cores, systemCores, power }, i) => {
    if (systemCores >= cores) {
      const field = `nodes[${i}].systemCores`;
      throw mistake(specification, field, systemCores, `a number below cores (${cores})`);
    }
    const watts = power.shape === 'measured' ? power.watts : [power.idleWatts, power.fullWatts];
    const falls = watts.findIndex((value, k) => value < (watts[k - 1] ?? 0));
    if (falls > 0) {
      throw mistake(specification, `nodes[${i}].power`, watts, 'watts that never fall with load');
    }
  });
  const usable = nodes.some(({ taints }) =>
    taints.every(({ effect }) => effect === 'PreferNoSchedule'),
  );
  if (!usable) throw mistake(specification, 'nodes', names, 'at least one node without a taint');
}

/** Pods of others stand on nodes that exist, and leave something of them. */
function checkBackground(specification: Specification): void {
  const { nodes, rest } = specification;
  for (const [node, cores] of Object.entries(rest.background)) {
    const field = `background.${node}`;
    const group = nodes.find((one) => nodeNames(one).includes(node));
    if (group === undefined) throw mistake(specification, field, node, 'the name of a node');
    const most = group.cores - group.systemCores;
    if (cores >= most) throw mistake(specification, field, cores, `fewer cores than ${most}`);
  }
}

function checkServices(specification: Specification): void {
  const { services, order } = specification.application;
  const pods = services.reduce((sum, { replicas }) => sum + replicas, 0);
  if (pods > MOST_PODS) {
    const expected = `at most ${MOST_PODS} replicas in all`;
    throw mistake(specification, 'application.services', pods, expected);
  }
  const names = services.map(({ name }) => name);
  const twice = duplicate(names);
  if (twice !== undefined) {
    throw mistake(specification, 'application.services', twice, 'service names that differ');
  }
  if (order === undefined) return;
  const unknown = order.findIndex((name) => !names.includes(name));
  if (unknown >= 0) {
    const field = `application.order[${unknown}]`;
    throw mistake(specification, field, order[unknown], 'the name of a service');
  }
  const missing = names.find((name) => !order.includes(name));
  if (missing !== undefined || duplicate(order) !== undefined) {
    const expected = `every service once${missing === undefined ? '' : ` (${missing} is missing)`}`;
    throw mistake(specification, 'application.order', order, expected);
  }
}

function checkOperations(specification: Specification): void {
  const { services, operations, requests } = specification.application;
  const isService = (name: string): boolean => services.some((service) => service.name === name);
  for (const [name, operation] of Object.entries(operations)) {
    const field = `application.operations.${name}`;
    if (!isService(operation.service)) {
      const expected = 'the name of a service';
      throw mistake(specification, `${field}.service`, operation.service, expected);
    }
    const { law, fastShare, fastFactor } = operation;
    const complete = fastShare !== undefined && fastFactor !== undefined;
    if (law === 'bimodal' && !complete) {
      throw mistake(specification, field, law, 'fastShare and fastFactor with the law bimodal');
    }
    const unknown = operation.calls.flat().find((call) => !Object.hasOwn(operations, call));
    if (unknown !== undefined) {
      throw mistake(specification, `${field}.calls`, unknown, 'the name of an operation');
    }
  }
  requests.forEach(({ operation }, i) => {
    if (Object.hasOwn(operations, operation)) return;
    const field = `application.requests[${i}].operation`;
    throw mistake(specification, field, operation, 'the name of an operation');
  });
  const circle = cycle(operations);
  if (circle !== undefined) {
    const found = circle.join(' -> ');
    throw mistake(
      specification,
      'application.operations',
      found,
      'calls that do not go in circles',
    );
  }
  const known = new Map<string, number>();
  requests.forEach(({ operation }, i) => {
    const calls = callsOf(operation, operations, known);
    if (calls <= MOST_CALLS) return;
    const field = `application.requests[${i}].operation`;
    throw mistake(specification, field, calls, `at most ${MOST_CALLS} calls for one request`);
  });
}

/** Limits of what is simulated in reasonable time and memory. */
const MOST_NODES = 10_000;
const MOST_PODS = 100_000;
const MOST_CALLS = 10_000;

/** Calls that a request makes in all; the graph must have no circle. */
function callsOf(name: string, operations: Operations, known: Map<string, number>): number {
  const before = known.get(name);
  if (before !== undefined) return before;
  const calls = operations[name]?.calls.flat() ?? [];
  const all = calls.reduce((sum, call) => sum + 1 + callsOf(call, operations, known), 0);
  known.set(name, all);
  return all;
}

type Operations = Specification['application']['operations'];

/** A chain of calls that comes back to its beginning. */
function cycle(operations: Operations): string[] | undefined {
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const call of operations[name]?.calls.flat() ?? []) {
      const found = visit(call, [...path, name]);
      if (found !== undefined) return found;
    }
    done.add(name);
    return undefined;
  };
  for (const name of Object.keys(operations)) {
    const found = visit(name, []);
    if (found !== undefined) return found;
  }
  return undefined;
}

function checkPlaces(specification: Specification): void {
  const { rest, application } = specification;
  const check = (field: string, place: Place | undefined): void => {
    if (place === undefined || exists(place, specification)) return;
    const expected = 'the name of a node, or labels that some node has';
    throw mistake(specification, field, place, expected);
  };
  check('data', rest.data);
  check('business', rest.business);
  for (const [template, places] of Object.entries(rest.templates)) {
    for (const [service, place] of Object.entries(places)) {
      const field = `templates.${template}.${service}`;
      if (!application.services.some(({ name }) => name === service)) {
        throw mistake(specification, field, service, 'the name of a service');
      }
      check(field, place);
    }
  }
}

function exists(place: Place, { nodes }: Specification): boolean {
  if (typeof place === 'string') return nodes.some((node) => nodeNames(node).includes(place));
  return nodes.some(({ labels }) =>
    Object.entries(place).every(([key, value]) => labels[key] === value),
  );
}

function duplicate(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
}
