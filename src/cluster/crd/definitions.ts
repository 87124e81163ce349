// SPDX-License-Identifier: Apache-2.0
import { API_GROUP, API_VERSION } from '#cluster/api/resources.ts';
import type { JsonObject } from '#cluster/wire/json.ts';
import type { Definition } from './definition.ts';
import { MODEL } from './model-definition.ts';
import { POLICY } from './policy-definition.ts';
import { withFullDefault } from './structural-schema.ts';

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
