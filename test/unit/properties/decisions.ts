// SPDX-License-Identifier: Apache-2.0
import { decide, type Decision } from '#admission/decision/decide.ts';
import { incomingPod, type IncomingPod } from '#admission/pod/incoming-pod.ts';
import { Memory } from '#admission/decision/memory.ts';
import { parseReview } from '#admission/review/review.ts';
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { StoredCell } from '#cluster/model/statistics.ts';
import { KEY, rawPod, reviewOf, shardOf, type World } from '../admission/world.ts';

/** The Pod under review, through the product's own reading of a request. */
export function incomingOf(spec: Record<string, unknown>, labels: object = {}): IncomingPod {
  return incomingPod(parseReview(reviewOf(rawPod(spec, { labels }))));
}

/** Decides as the handler does, with a memory of its own. */
export function decideIn(world: World, pod: IncomingPod, memory = memoryOf(world)): Decision {
  return decide({
    pod,
    policy: world.policy,
    view: world.view,
    models: world.models,
    memory,
    now: world.now,
    newId: world.newId,
    checkpoint: () => undefined,
  });
}

/** What a replica remembers: nothing yet. */
export function memoryOf(world: World): Memory {
  const { view, policies } = world;
  return new Memory({ view, policies, keys: KEY, now: () => world.now });
}

/** A shard that knows the same values in whatever state the decision finds itself. */
export function shardInAnyState(values: Readonly<Record<string, number>>): ModelShard {
  const cells = Object.fromEntries(
    [...Object.entries(values), [DEFAULT_ACTION, 0] as const].map(
      ([action, value]): [string, StoredCell] => [action, { value, weight: 20 }],
    ),
  );
  const anyState = new Proxy<ModelShard['cells']>(
    {},
    {
      get: () => cells,
      has: () => true,
      getOwnPropertyDescriptor: () => ({ value: cells, enumerable: true, configurable: true }),
    },
  );
  return shardOf({ workload: 'Pod/web', cells: anyState });
}
