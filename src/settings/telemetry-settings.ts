// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { PRESET_NAME } from '#cluster/policy/preset-fields.ts';
import { SERVED_RULE, servedFits, STRICT_MESH_FIELDS } from '#cluster/policy/mesh-schema.ts';
import { STRICT_METER_FIELDS, ZONE_RULE, zonesFit } from '#cluster/policy/meter-schema.ts';
import { MESHES, METERS } from '#telemetry/presets/preset.ts';

const path = z.string().min(1).max(4096);
const namespaceName = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'a name of a namespace');

/** Which meter of power is read. */
export const meter = z
  .string()
  .default('Auto')
  .describe(
    `Meter of power: ${METERS.join(', ')}, or one of \`presets\`. Auto looks which is there; where several are, those of \`presets\` go first, then those named here in this order.`,
  );

/** Which mesh is read. */
export const mesh = z
  .string()
  .default('Auto')
  .describe(
    `Mesh or proxy that tells of requests: ${MESHES.join(', ')}, or one of \`presets\`. Auto reads all that are there.`,
  );

const name = z
  .string()
  .regex(PRESET_NAME, 'a name in capitalised words, at most 63 letters and digits')
  .refine((value) => !RESERVED.has(value), 'another name than Auto and Custom')
  .describe('Name that `meter`, `mesh` and policies choose it by.');
const RESERVED = new Set(['Auto', 'Custom']);
const unique = (list: readonly { readonly name: string }[]): boolean =>
  new Set(list.map((one) => one.name)).size === list.length;

/** Meters and meshes that are not shipped. */
export const presets = z
  .strictObject({
    meters: z
      .array(z.strictObject({ name, ...STRICT_METER_FIELDS }).refine(zonesFit, ZONE_RULE.message))
      .max(16)
      .refine(unique, 'every name once')
      .default([])
      .describe('Meters of power; fields as of `customMeter` in a policy, and a name.'),
    meshes: z
      .array(
        z.strictObject({ name, ...STRICT_MESH_FIELDS }).refine(servedFits, SERVED_RULE.message),
      )
      .max(16)
      .refine(unique, 'every name once')
      .default([])
      .describe('Meshes and proxies; fields as of `customMesh` in a policy, and a name.'),
  })
  .prefault({});

/** Whether the presets that the settings choose are there. */
export function knownPreset(
  chosen: string,
  shipped: readonly string[],
  declared: readonly { readonly name: string }[],
): boolean {
  return ['Auto', ...shipped, ...declared.map((one) => one.name)].includes(chosen);
}

/** Exporters behind TLS and a proxy that asks who calls. */
export const secureExporters = z
  .strictObject({
    namespaces: z
      .array(namespaceName)
      .min(1)
      .max(32)
      .describe('Kepler and node-exporter Pods of these namespaces only: they are sent the token.'),
    port: z.int().min(1).max(65_535).default(8443).describe('Port of the proxy (HTTPS).'),
    bearerTokenFile: path
      .default('/var/run/secrets/kubernetes.io/serviceaccount/token')
      .describe('File with the bearer token, re-read for every scrape.'),
    caFile: path
      .default('/var/run/secrets/kubernetes.io/serviceaccount/ca.crt')
      .describe('CA bundle that the certificates must chain to.'),
    serverName: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .describe('Name that the certificates are for; default the address of the Pod.'),
  })
  .optional()
  .describe('For exporters behind kube-rbac-proxy. Default: they are scraped without credentials.');

/** How dirty electricity is. */
export const carbon = z
  .strictObject({
    zoneLabel: z
      .string()
      .min(1)
      .max(317)
      .default('topology.kubernetes.io/zone')
      .describe('Label of nodes that holds their zone.'),
    gramsPerKilowattHour: z
      .record(z.string().max(63), z.number().min(0).max(2000))
      .default({})
      .describe('Intensity by zone, in grams of CO2 equivalents; `default` holds for all others.'),
    query: z
      .string()
      .min(1)
      .max(4096)
      .optional()
      .describe('PromQL that tells it instead, by zone; needs the backend Prometheus.'),
    queryZoneLabel: z
      .string()
      .min(1)
      .max(128)
      .default('zone')
      .describe('Label of the answer that holds the zone; without it the answer holds for all.'),
  })
  .optional()
  .describe('Carbon intensity, for policies that count in GramsCO2e.');
