// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';

/*
 * Presets of a user's own, as data: which series of a meter or a mesh are meant, what their labels
 * are called and what their units are. One schema for the policy (and so for the CRD) and for the
 * settings. There is no free query in it: a name is a name, and a value is quoted.
 */

/** `z.object` leaves unknown fields out (policies), `z.strictObject` refuses them (settings). */
export type ObjectOf = typeof z.object;

/** The parser of both makes the same values; only what it refuses differs. */
export const strictObject = z.strictObject as unknown as ObjectOf;

/** Names of presets; shipped ones look the same. */
export const PRESET_NAME = /^[A-Z][A-Za-z0-9]{0,62}$/;
const METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const METRIC_OF_ZONE = /^[a-zA-Z_:]([a-zA-Z0-9_:]|\{zone\})*$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

const label = z.string().min(1).max(128).regex(LABEL);
/** Lists are replaced as a whole when a policy is applied. */
export const ATOMIC = { 'x-kubernetes-list-type': 'atomic' };
/** A list of labels of an exporter. */
export const labelNames = (description: string): z.ZodArray<z.ZodString> =>
  z
    .array(label)
    .min(1)
    .max(8)
    .meta({ description, ...ATOMIC });
/** The same, where an exporter may have none. */
export const optionalLabels = (description: string): z.ZodOptional<z.ZodArray<z.ZodString>> =>
  labelNames(description).optional();
const metric = z
  .string()
  .min(1)
  .max(256)
  .regex(METRIC)
  .meta({ description: 'Name of the metric.' });
/** Name of a metric that may stand for one per RAPL zone. */
export const metricOfZone = z
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
/** Which series of a metric are meant. */
export const series = { metric, where, except, present };

interface CommonFields {
  readonly description: z.ZodOptional<z.ZodString>;
  readonly limits: z.ZodOptional<z.ZodArray<z.ZodString>>;
  readonly detect: z.ZodOptional<
    z.ZodArray<z.ZodObject<{ metric: typeof metric; where: typeof where; present: typeof present }>>
  >;
  readonly exporter: z.ZodOptional<
    z.ZodObject<{ appName: z.ZodString; port: z.ZodInt; path: z.ZodDefault<z.ZodString> }>
  >;
}

/** Fields of every preset, of a meter or of a mesh. */
export function commonFields(object: ObjectOf): CommonFields {
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
