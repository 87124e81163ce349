// SPDX-License-Identifier: Apache-2.0
import jsonpatch, { type Operation } from 'fast-json-patch';
import type { JsonObject } from '#admission/review/json.ts';
import { node, policyOf, World } from '../world.ts';

/** Recorded reviews of new Pods. */
export const CREATES = [
  'bare-pod-create',
  'deployment-pod-create',
  'generate-name-with-required-affinity-create',
  'statefulset-pod-create',
];

/** A world that always prefers a target. */
export function eager(
  nodes = [node('w1', { labels: { type: 'kwok', 'kubernetes.io/os': 'linux' } })],
): World {
  const world = new World(nodes);
  const { learning } = policyOf().spec;
  world.policy = policyOf({
    learning: {
      ...learning,
      burnInDecisions: 0,
      epsilonThousandths: 0,
      epsilonFloorThousandths: 0,
    },
  });
  return world;
}

/** The object after the operations, as the API server applies them. */
export function applied(object: JsonObject, operations: JsonObject[] | undefined): JsonObject {
  const copy = structuredClone(object);
  return jsonpatch.applyPatch(copy, (operations ?? []) as unknown as Operation[], true).newDocument;
}

/** The object of a review. */
export function objectOf(review: JsonObject): JsonObject {
  return (review['request'] as JsonObject)['object'] as JsonObject;
}
