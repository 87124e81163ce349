// SPDX-License-Identifier: Apache-2.0
import { RECOMMENDATIONS_SCHEMA } from '#cluster/policy/recommendations.ts';
import { policySpecSchema } from '#cluster/policy/schema.ts';
import { CONDITION_TYPES } from '#cluster/policy/status.ts';
import type { JsonObject } from '#cluster/wire/json.ts';
import { AGE, type Definition } from './definition.ts';
import { schemaOf } from './structural-schema.ts';

const CONDITIONS = CONDITION_TYPES.join(', ');

/** Status of a PlacementPolicy; written by the learner alone. */
const policyStatus: JsonObject = {
  description: 'What Perihelion makes of this policy.',
  type: 'object',
  properties: {
    observedGeneration: {
      description: 'Generation that the status is about.',
      type: 'integer',
      format: 'int64',
      minimum: 0,
    },
    conditions: {
      description: `Conditions: ${CONDITIONS}. Ready says whether the policy is in force as it stands.`,
      type: 'array',
      maxItems: 16,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
      items: {
        description: 'One condition.',
        type: 'object',
        required: ['type', 'status', 'lastTransitionTime', 'reason', 'message'],
        properties: {
          type: {
            description: `One of ${CONDITIONS}.`,
            type: 'string',
            minLength: 1,
            maxLength: 316,
          },
          status: {
            description: 'Whether it holds.',
            type: 'string',
            enum: ['True', 'False', 'Unknown'],
          },
          observedGeneration: {
            description: 'Generation that the condition is about.',
            type: 'integer',
            format: 'int64',
            minimum: 0,
          },
          lastTransitionTime: {
            description: 'When `status` last changed.',
            type: 'string',
            format: 'date-time',
          },
          reason: {
            description: 'Why, in one CamelCase word.',
            type: 'string',
            minLength: 1,
            maxLength: 1024,
            pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$',
          },
          message: { description: 'Why, for people.', type: 'string', maxLength: 32768 },
        },
      },
    },
    recommendations: RECOMMENDATIONS_SCHEMA,
  },
};

const READY = '.status.conditions[?(@.type=="Ready")].status';
const CIRCUIT_OPEN = '.status.conditions[?(@.type=="CircuitOpen")].status';
const READY_REASON = '.status.conditions[?(@.type=="Ready")].reason';
/** PlacementPolicy. */
export const POLICY: Definition = {
  kind: 'PlacementPolicy',
  plural: 'placementpolicies',
  singular: 'placementpolicy',
  shortName: 'plpol',
  description:
    'Configures how Perihelion places the Pods of its namespace. A namespace needs none: without one the built-in defaults hold. Of several the first by name holds.',
  spec: schemaOf(policySpecSchema),
  specRequired: false,
  status: policyStatus,
  columns: [
    {
      name: 'Mode',
      type: 'string',
      jsonPath: '.spec.mode',
      description: 'What is done with Pods.',
    },
    {
      name: 'Ready',
      type: 'string',
      jsonPath: READY,
      description: 'Whether the policy is in force.',
    },
    {
      name: 'Holdout',
      type: 'integer',
      jsonPath: '.spec.holdoutPercent',
      description: 'Share of Pods left to the default scheduler, in percent.',
    },
    AGE,
    {
      name: 'Topology',
      type: 'string',
      jsonPath: '.spec.topologyKey',
      description: 'Node label whose values are the targets.',
      priority: 1,
    },
    {
      name: 'Algorithm',
      type: 'string',
      jsonPath: '.spec.learning.algorithm',
      description: 'How the agent explores.',
      priority: 1,
    },
    {
      name: 'Circuit-Open',
      type: 'string',
      jsonPath: CIRCUIT_OPEN,
      description: 'Whether a workload is left to the default scheduler for a while.',
      priority: 1,
    },
    {
      name: 'Reason',
      type: 'string',
      jsonPath: READY_REASON,
      description: 'Why the policy is in force or not.',
      priority: 1,
    },
  ],
};
