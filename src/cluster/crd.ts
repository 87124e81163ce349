// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { API_GROUP, API_VERSION } from './api-group.ts';
import { asObject, isObject, type JsonObject } from './json.ts';
import { modelSpecSchema } from './model-schema.ts';
import { policySpecSchema } from './policy-schema.ts';
import { RECOMMENDATIONS_SCHEMA } from './policy-recommendations.ts';
import { CONDITION_TYPES } from './policy-status.ts';

/** A column of `kubectl get`. */
interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  /** 1 = only with `-o wide`. */
  readonly priority?: 1;
}

interface Definition {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortName: string;
  readonly description: string;
  readonly spec: JsonObject;
  readonly specRequired: boolean;
  readonly status: JsonObject | undefined;
  readonly columns: readonly Column[];
}

/** Words of a schema in the order in which people read them. */
const ORDER = ['description', 'type', 'format', 'default', 'enum', 'required', 'properties'];

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
const AGE: Column = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Time since it was created.',
};

const POLICY: Definition = {
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

const MODEL: Definition = {
  kind: 'PlacementModel',
  plural: 'placementmodels',
  singular: 'placementmodel',
  shortName: 'plmod',
  description:
    'What the agent has learned of one workload under a policy, or what it has last observed. Written by the elected learner; deleting it makes the agent forget.',
  spec: schemaOf(modelSpecSchema),
  specRequired: true,
  status: undefined,
  columns: [
    { name: 'Policy', type: 'string', jsonPath: '.spec.policyName', description: 'Its policy.' },
    { name: 'Workload', type: 'string', jsonPath: '.spec.workload', description: 'Its workload.' },
    {
      name: 'Version',
      type: 'integer',
      jsonPath: '.spec.shard.version',
      description: 'Number of writes.',
    },
    {
      name: 'Episodes',
      type: 'integer',
      jsonPath: '.spec.shard.episodes',
      description: 'Rollouts settled.',
    },
    AGE,
    {
      name: 'Asked',
      type: 'integer',
      jsonPath: '.spec.shard.asked',
      description: 'Pods that were asked to prefer a target.',
      priority: 1,
    },
    {
      name: 'Followed',
      type: 'integer',
      jsonPath: '.spec.shard.followed',
      description: 'Pods that landed there.',
      priority: 1,
    },
  ],
};

/** The CustomResourceDefinitions of the product, by file name. */
export function customResourceDefinitions(): Readonly<Record<string, JsonObject>> {
  return Object.fromEntries(
    [POLICY, MODEL].map((definition) => [
      `${API_GROUP}_${definition.plural}.yaml`,
      definitionOf(definition),
    ]),
  );
}

function definitionOf(definition: Definition): JsonObject {
  const { kind, plural, singular, shortName } = definition;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${API_GROUP}`,
      labels: { 'app.kubernetes.io/name': 'perihelion' },
    },
    spec: {
      group: API_GROUP,
      scope: 'Namespaced',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular,
        shortNames: [shortName],
        categories: ['perihelion'],
      },
      versions: [
        {
          name: API_VERSION,
          served: true,
          storage: true,
          additionalPrinterColumns: definition.columns,
          schema: { openAPIV3Schema: rootSchema(definition) },
          ...(definition.status === undefined ? {} : { subresources: { status: {} } }),
        },
      ],
    },
  };
}

function rootSchema(definition: Definition): JsonObject {
  return {
    description: definition.description,
    type: 'object',
    ...(definition.specRequired ? { required: ['spec'] } : {}),
    properties: {
      apiVersion: {
        description: 'Version of this representation of the object.',
        type: 'string',
      },
      kind: { description: 'Kind of the object.', type: 'string' },
      metadata: { type: 'object' },
      // An absent spec gets every default, as an empty one does.
      spec: definition.specRequired ? definition.spec : withFullDefault(definition.spec),
      ...(definition.status === undefined ? {} : { status: definition.status }),
    },
  };
}

/** The structural schema of a zod schema. */
function schemaOf(schema: z.ZodType): JsonObject {
  return asObject(tidy(z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' })));
}

/**
 * Gives an object the defaults of its fields as its own default. The API server would fill them
 * in by itself, but it checks the CEL rules against the default as it is written.
 */
function withFullDefault(schema: JsonObject): JsonObject {
  const fields = Object.entries(asObject(schema['properties'])).flatMap(([name, field]) => {
    const { default: value } = asObject(field);
    return value === undefined ? [] : [[name, value]];
  });
  return { ...schema, default: Object.fromEntries(fields) as JsonObject };
}

/** Leaves out what a structural schema does not have, and puts the rest in a fixed order. */
function tidy(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(tidy);
  if (!isObject(node)) return node;
  const entries = Object.entries(node)
    .filter(([key]) => key !== '$schema' && key !== 'id')
    .map(([key, value]): [string, unknown] => [
      key,
      key === 'properties'
        ? Object.fromEntries(
            Object.entries(asObject(value)).map(([name, field]) => [name, tidy(field)]),
          )
        : tidy(value),
    ]);
  const ordered = Object.fromEntries(entries.sort(([left], [right]) => rank(left) - rank(right)));
  const isObjectWithDefault = ordered['type'] === 'object' && ordered['default'] !== undefined;
  return isObjectWithDefault ? withFullDefault(ordered) : ordered;
}

function rank(key: string): number {
  const index = ORDER.indexOf(key);
  return index === -1 ? ORDER.length : index;
}
