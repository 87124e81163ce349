// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import {
  ATOMIC,
  commonFields,
  labelNames,
  optionalLabels,
  series,
  strictObject,
  type ObjectOf,
} from './preset-fields.ts';

const callLabels = {
  sourceWorkload: labelNames('Labels with the workload that calls.'),
  sourceNamespace: labelNames('Labels with its namespace.'),
  destinationWorkload: labelNames('Labels with the workload that is called.'),
  destinationNamespace: labelNames('Labels with its namespace.'),
};

function meshFields(object: ObjectOf) {
  return {
    ...commonFields(object),
    scope: z.enum(['Pod', 'Workload']).meta({
      description:
        'Pod: what is scraped is the Pod that served. Workload: it is a proxy in front of many.',
    }),
    endpoint: object({
      namespace: optionalLabels('Labels with the namespace of the Pod; default `namespace`.'),
      pod: optionalLabels('Labels with the name of the Pod; default `pod`.'),
      job: optionalLabels('Labels with the scrape job; default `job`.'),
      instance: optionalLabels('Labels with the address; default `instance`.'),
    })
      .optional()
      .meta({ description: 'Labels of the Pod that is scraped.' }),
    served: object({
      workload: labelNames('Labels with the workload that served.'),
      namespace: labelNames('Labels with its namespace.'),
    })
      .optional()
      .meta({ description: 'Who served, where `scope` is Workload.' }),
    requests: object({
      ...series,
      labels: object({
        responseCode: optionalLabels('Labels with the HTTP status, or its class (`5`, `5xx`).'),
        grpcStatus: optionalLabels('Labels with the gRPC status.'),
        outcome: optionalLabels("Labels with the exporter's own judgement; goes before the codes."),
      })
        .refine((labels) => Object.values(labels).some((one) => one !== undefined), {
          message: OUTCOME_MESSAGE,
        })
        .meta({
          description: 'How a request ended.',
          'x-kubernetes-validations': [
            {
              rule: 'has(self.responseCode) || has(self.grpcStatus) || has(self.outcome)',
              message: `the value ${OUTCOME_MESSAGE}`,
            },
          ],
        }),
      successes: z
        .array(z.string().min(1).max(64))
        .min(1)
        .max(16)
        .optional()
        .meta({
          description: 'Values of `outcome` that are no failures; default `success`.',
          ...ATOMIC,
        }),
    }).meta({ description: 'Counter of requests that ended.' }),
    durations: object({
      ...series,
      unit: z
        .enum(['Milliseconds', 'Seconds', 'Microseconds'])
        .meta({ description: 'Unit of the bounds of its buckets.' }),
    }).meta({
      description:
        'Histogram of durations, classic or native; `metric` is its name without `_bucket`.',
    }),
    calls: object({
      ...series,
      labels: object(callLabels).meta({ description: 'Who calls whom.' }),
      reportedBy: z
        .enum(['Source', 'Destination'])
        .meta({ description: 'Which end of its calls an endpoint is.' }),
    })
      .optional()
      .meta({ description: 'Counter of requests by who calls whom.' }),
    connections: object({
      ...series,
      labels: object({
        ...callLabels,
        app: optionalLabels('Label with the app that is scraped; `ztunnel` is one of a node.'),
      }).meta({ description: 'Who calls whom.' }),
    })
      .optional()
      .meta({ description: 'Counter of connections of what speaks no HTTP.' }),
  };
}

const OUTCOME_MESSAGE = 'has one of `responseCode`, `grpcStatus`, `outcome`';

/** Fields of a mesh in a policy: what is not known is left out. */
export const MESH_FIELDS = meshFields(z.object);
/** Fields of a mesh in the settings: what is not known is refused. */
export const STRICT_MESH_FIELDS = meshFields(strictObject);

const SERVED_MESSAGE = 'has `served` where `scope` is Workload, and only there';

/** Whether a mesh says who served. */
export function servedFits(mesh: { readonly scope: string; readonly served?: unknown }): boolean {
  return (mesh.served !== undefined) === (mesh.scope === 'Workload');
}

/** What {@link servedFits} demands, for the parser and for the API server. */
export const SERVED_RULE = {
  message: SERVED_MESSAGE,
  cel: {
    rule: "has(self.served) == (self.scope == 'Workload')",
    message: `the value ${SERVED_MESSAGE}`,
  },
};
