// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';

/*
 * Presets of a user's own, as data: which series of a meter or a mesh are meant, what their labels
 * are called and what their units are. One schema for the policy (and so for the CRD) and for the
 * settings. There is no free query in it: a name is a name, and a value is quoted.
 */

/** `z.object` leaves unknown fields out (policies), `z.strictObject` refuses them (settings). */
type ObjectOf = typeof z.object;

/** Names of presets; shipped ones look the same. */
export const PRESET_NAME = /^[A-Z][A-Za-z0-9]{0,62}$/;
const METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const METRIC_OF_ZONE = /^[a-zA-Z_:]([a-zA-Z0-9_:]|\{zone\})*$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

const label = z.string().min(1).max(128).regex(LABEL);
/** Lists are replaced as a whole when a policy is applied. */
const ATOMIC = { 'x-kubernetes-list-type': 'atomic' };
const labelNames = (description: string) =>
  z
    .array(label)
    .min(1)
    .max(8)
    .meta({ description, ...ATOMIC });
const optionalLabels = (description: string) => labelNames(description).optional();
const metric = z
  .string()
  .min(1)
  .max(256)
  .regex(METRIC)
  .meta({ description: 'Name of the metric.' });
const metricOfZone = z
  .string()
  .min(1)
  .max(256)
  .regex(METRIC_OF_ZONE)
  .meta({ description: 'Name of the metric, with `{zone}` where `zones` is MetricName.' });
const values = (description: string) =>
  z
    .record(
      z.string().max(128).regex(LABEL),
      z.array(z.string().max(256)).min(1).max(16).meta(ATOMIC),
    )
    .refine((map) => Object.keys(map).length <= 8, 'must have at most 8 labels')
    .optional()
    .meta({ description, maxProperties: 8 });

const where = values('Label -> values, of which a series must have one.');
const except = values('Label -> values, of which a series must have none.');
const present = z
  .array(label)
  .max(8)
  .optional()
  .meta({ description: 'Labels that must not be empty.', ...ATOMIC });
const series = { metric, where, except, present };

function common(object: ObjectOf) {
  return {
    description: z.string().max(256).optional().meta({ description: 'One sentence about it.' }),
    limits: z
      .array(z.string().max(256))
      .max(16)
      .optional()
      .meta({ description: 'What it cannot tell, for those who read the policy.', ...ATOMIC }),
    detect: z
      .array(object({ metric, where, present }))
      .min(1)
      .max(8)
      .optional()
      .meta({
        description:
          'Series whose presence tells `Auto` that it is there; default the metric that is read first.',
        ...ATOMIC,
      }),
    exporter: object({
      appName: z
        .string()
        .min(1)
        .max(63)
        .meta({ description: 'Value of the label `app.kubernetes.io/name` of its Pods.' }),
      port: z.int().min(1).max(65_535).meta({ description: 'Port that is scraped.' }),
      path: z
        .string()
        .max(256)
        .regex(/^\/[\w./-]*$/)
        .default('/metrics')
        .meta({ description: 'Path that is scraped.' }),
    })
      .optional()
      .meta({ description: 'Where it is scraped without a Prometheus server.' }),
  };
}

const POWER = ['Watts', 'Kilowatts', 'Milliwatts', 'Microwatts'] as const;
const ENERGY = [
  'Joules',
  'Kilojoules',
  'Millijoules',
  'Microjoules',
  'WattHours',
  'KilowattHours',
] as const;
const kind = z
  .enum(['Gauge', 'Counter'])
  .meta({ description: 'Gauge: power now. Counter: energy so far.' });
const unit = z
  .enum([...POWER, ...ENERGY])
  .meta({ description: 'Unit of the value: of power for a Gauge, of energy for a Counter.' });

const UNIT_MESSAGE = 'has a unit of power for a Gauge and of energy for a Counter';
const unitFits = (value: { readonly kind: string; readonly unit: string }): boolean =>
  (POWER as readonly string[]).includes(value.unit) === (value.kind === 'Gauge');
const UNIT_RULE = {
  rule: `(self.unit in [${POWER.map((name) => `'${name}'`).join(', ')}]) == (self.kind == 'Gauge')`,
  message: `the value ${UNIT_MESSAGE}`,
  fieldPath: '.unit',
};

function meterFields(object: ObjectOf) {
  return {
    ...common(object),
    zones: z.enum(['Label', 'MetricName', 'None']).meta({
      description:
        'Where the RAPL zone stands: in a label, in the name of the metric (`{zone}`), or nowhere, because there is one number per node.',
    }),
    node: object({
      ...series,
      metric: metricOfZone,
      kind,
      unit,
      labels: object({
        node: optionalLabels('Labels with the name of the node.'),
        zone: optionalLabels('Label with the zone.'),
        part: optionalLabels('Labels that tell parts of a node apart; these are added up.'),
        mode: optionalLabels('Labels that tell modes apart; these are added up.'),
        source: optionalLabels('Labels that tell how it is measured; a model is said to be one.'),
        namespace: optionalLabels(
          'Labels with the namespace of the meter, where it names no node.',
        ),
        pod: optionalLabels('Labels with the Pod of the meter, where it names no node.'),
        instance: optionalLabels('Labels with the address of the meter, where it names no node.'),
      }).meta({ description: 'Which labels of the exporter mean what.' }),
    })
      .refine(unitFits, { message: UNIT_MESSAGE, path: ['unit'] })
      .meta({ description: 'Power of nodes.', 'x-kubernetes-validations': [UNIT_RULE] }),
    pods: object({
      ...series,
      metric: metricOfZone,
      kind,
      unit,
      labels: object({
        uid: optionalLabels('Labels with the UID of the Pod; needs `node`.'),
        node: optionalLabels('Labels with the node that the Pod was metered on.'),
        namespace: optionalLabels('Labels with the namespace of the Pod.'),
        name: optionalLabels('Labels with the name of the Pod.'),
        zone: optionalLabels('Label with the zone.'),
        container: optionalLabels('Labels that tell containers apart; these are added up.'),
      })
        .refine(joins, { message: JOIN_MESSAGE })
        .meta({
          description: 'Which labels of the exporter mean what: what Pods are joined on.',
          'x-kubernetes-validations': [
            {
              rule: '(has(self.uid) && has(self.node)) || (has(self.__namespace__) && has(self.name) && !has(self.uid))',
              message: `the value ${JOIN_MESSAGE}`,
            },
          ],
        }),
    })
      .refine(unitFits, { message: UNIT_MESSAGE, path: ['unit'] })
      .meta({ description: 'Energy of Pods.', 'x-kubernetes-validations': [UNIT_RULE] }),
  };
}

const JOIN_MESSAGE = 'has either `uid` and `node`, or `namespace` and `name`';

function joins(labels: {
  readonly uid?: unknown;
  readonly node?: unknown;
  readonly namespace?: unknown;
  readonly name?: unknown;
}): boolean {
  if (labels.uid !== undefined) return labels.node !== undefined;
  return labels.namespace !== undefined && labels.name !== undefined;
}

const callLabels = {
  sourceWorkload: labelNames('Labels with the workload that calls.'),
  sourceNamespace: labelNames('Labels with its namespace.'),
  destinationWorkload: labelNames('Labels with the workload that is called.'),
  destinationNamespace: labelNames('Labels with its namespace.'),
};

function meshFields(object: ObjectOf) {
  return {
    ...common(object),
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

/** The parser of both makes the same values; only what it refuses differs. */
const strictObject = z.strictObject as unknown as ObjectOf;

/** Fields of a meter in a policy: what is not known is left out. */
export const METER_FIELDS = meterFields(z.object);
/** Fields of a mesh in a policy. */
export const MESH_FIELDS = meshFields(z.object);
/** Fields of a meter in the settings: what is not known is refused. */
export const STRICT_METER_FIELDS = meterFields(strictObject);
/** Fields of a mesh in the settings. */
export const STRICT_MESH_FIELDS = meshFields(strictObject);

interface ZonedSeries {
  readonly metric: string;
  readonly labels: { readonly zone?: unknown };
}

const ZONE_MESSAGE =
  'has the zone of both metrics in a label where `zones` is Label, as `{zone}` in their names where it is MetricName, and else nowhere';

/** Whether a meter's zone is where it says. */
export function zonesFit(meter: {
  readonly zones: string;
  readonly node: ZonedSeries;
  readonly pods: ZonedSeries;
}): boolean {
  return [meter.node, meter.pods].every(
    (one) =>
      one.metric.includes('{zone}') === (meter.zones === 'MetricName') &&
      (one.labels.zone !== undefined) === (meter.zones === 'Label'),
  );
}

/** What {@link zonesFit} demands, for the parser and for the API server. */
export const ZONE_RULE = {
  message: ZONE_MESSAGE,
  cel: {
    rule: [
      "self.node.metric.contains('{zone}') == (self.zones == 'MetricName')",
      "self.pods.metric.contains('{zone}') == (self.zones == 'MetricName')",
      "has(self.node.labels.zone) == (self.zones == 'Label')",
      "has(self.pods.labels.zone) == (self.zones == 'Label')",
    ].join(' && '),
    message: `the value ${ZONE_MESSAGE}`,
  },
};

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
