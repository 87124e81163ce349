// SPDX-License-Identifier: Apache-2.0
import { asObject, asObjects, asText, type JsonObject } from '#cluster/wire/json.ts';
import { quantityMilli, quantityUnits } from '#cluster/wire/quantity.ts';
import type { Resources } from './slim.ts';

/*
 * What a Pod counts on its node, as kube-scheduler counts it (component-helpers
 * `resource.PodRequests`): containers and sidecars together, or the greatest moment of the
 * initialisation if that is more; overhead on top. Requests set for the Pod as a whole replace the
 * sum, and while a container is resized in place the greater of wanted and allotted counts.
 */

const NOTHING: Resources = { cpuMillicores: 0, memoryBytes: 0 };

/**
 * Effective requests of a raw Pod (as created, or with its status).
 * @throws PerihelionError `PERI_KUBERNETES_OBJECT` for an amount that is no quantity
 */
export function effectiveRequests(pod: JsonObject): Resources {
  const spec = asObject(pod['spec']);
  const status = asObject(pod['status']);
  let running = NOTHING;
  const allotted = statusesByName(status['containerStatuses']);
  for (const container of asObjects(spec['containers'])) {
    running = sum(running, containerRequests(container, allotted));
  }
  let sidecars = NOTHING;
  let initialising = NOTHING;
  const initAllotted = statusesByName(status['initContainerStatuses']);
  for (const container of asObjects(spec['initContainers'])) {
    const requests = containerRequests(container, initAllotted);
    if (container['restartPolicy'] === 'Always') {
      sidecars = sum(sidecars, requests);
      initialising = greater(initialising, sidecars);
    } else {
      initialising = greater(initialising, sum(sidecars, requests));
    }
  }
  const containers = greater(sum(running, sidecars), initialising);
  const whole = wholePodRequests(spec, containers);
  return sum(whole, amounts(asObject(spec['overhead'])));
}

/** Requests at the level of the Pod replace those of its containers, each resource on its own. */
function wholePodRequests(spec: JsonObject, containers: Resources): Resources {
  const own = asObject(asObject(spec['resources'])['requests']);
  const set = amounts(own);
  return {
    cpuMillicores: own['cpu'] === undefined ? containers.cpuMillicores : set.cpuMillicores,
    memoryBytes: own['memory'] === undefined ? containers.memoryBytes : set.memoryBytes,
  };
}

function containerRequests(
  container: JsonObject,
  allotted: ReadonlyMap<string, JsonObject>,
): Resources {
  const resources = asObject(container['resources']);
  // The API server fills an absent request from the limit; so does this, for objects before that.
  const wanted = amounts({ ...asObject(resources['limits']), ...asObject(resources['requests']) });
  const status = allotted.get(asText(container['name']));
  if (status === undefined) return wanted;
  const actual = amounts(asObject(asObject(status['resources'])['requests']));
  return greater(wanted, greater(actual, amounts(asObject(status['allocatedResources']))));
}

function statusesByName(statuses: unknown): ReadonlyMap<string, JsonObject> {
  return new Map(asObjects(statuses).map((status) => [asText(status['name']), status]));
}

/** CPU and memory of a resource list; an absent one counts nothing, as in the scheduler. */
export function amounts(list: JsonObject): Resources {
  const cpu = quantityText(list['cpu']);
  const memory = quantityText(list['memory']);
  return {
    cpuMillicores: cpu === undefined ? 0 : quantityMilli(cpu),
    memoryBytes: memory === undefined ? 0 : quantityUnits(memory),
  };
}

/** A quantity in JSON is a string; people also write plain numbers, which the API accepts. */
export function quantityText(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value : undefined;
}

function sum(left: Resources, right: Resources): Resources {
  return {
    cpuMillicores: left.cpuMillicores + right.cpuMillicores,
    memoryBytes: left.memoryBytes + right.memoryBytes,
  };
}

function greater(left: Resources, right: Resources): Resources {
  return {
    cpuMillicores: Math.max(left.cpuMillicores, right.cpuMillicores),
    memoryBytes: Math.max(left.memoryBytes, right.memoryBytes),
  };
}
