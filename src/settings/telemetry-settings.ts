// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { MESHES, METERS } from '#telemetry/preset.ts';

const path = z.string().min(1).max(4096);
const namespaceName = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'a name of a namespace');

/** Which meter of power is read. */
export const meter = z
  .enum(['Auto', ...METERS])
  .default('Auto')
  .describe('Meter of power. Auto looks which is there; where several are, the first named here.');

/** Which mesh is read. */
export const mesh = z
  .enum(['Auto', ...MESHES])
  .default('Auto')
  .describe('Mesh or proxy that tells of requests. Auto reads all that are there.');

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
