// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import {
  commonFields,
  metricOfZone,
  optionalLabels,
  series,
  strictObject,
  type ObjectOf,
} from './preset-fields.ts';

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
    ...commonFields(object),
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

/** Fields of a meter in a policy: what is not known is left out. */
export const METER_FIELDS = meterFields(z.object);
/** Fields of a meter in the settings: what is not known is refused. */
export const STRICT_METER_FIELDS = meterFields(strictObject);

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
