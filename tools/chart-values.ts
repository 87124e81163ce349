// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { settingsSchema } from '#settings/settings.ts';

/*
 * The values of the Helm chart: what may be set, with bounds. `values.schema.json` is generated
 * from it; the defaults stand in `values.yaml`, with their reasons.
 */

const texts = z.record(z.string(), z.string());
const anyObject = z.looseObject({});
const objectName = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/);
/** Services are named after it: a DNS label that begins with a letter, with room for what follows. */
const prefix = z
  .string()
  .max(40)
  .regex(/^[a-z]([-a-z0-9]*[a-z0-9])?$/);
const quantity = z.union([z.string().regex(/^[0-9]+(\.[0-9]+)?([a-zA-Z]{0,2})$/), z.number()]);
const interval = z.string().regex(/^([0-9]+(ms|s|m|h))+$/);

const role = z.strictObject({
  replicas: z.int().min(0).max(100),
  resources: z.strictObject({
    requests: z.record(z.string(), quantity).optional(),
    limits: z.record(z.string(), quantity).optional(),
  }),
  nodeSelector: texts,
  tolerations: z.array(anyObject),
  affinity: anyObject,
  podAnnotations: texts,
  podLabels: texts,
  serviceAccountAnnotations: texts,
});

const shape = settingsSchema.shape;

/** What the page shows; where and to whom it is shown is the chart's to decide. */
const { extraNames, windowSeconds, intervalSeconds, staleAfterSeconds } =
  shape.dashboard.unwrap().shape;

/**
 * Settings that may be set through the chart: all but what it decides itself. Parts are taken
 * over as they are; rules between fields are checked by the process when it starts.
 */
const settings = z.strictObject({
  telemetry: shape.telemetry.optional(),
  learner: shape.learner.optional(),
  audit: shape.audit.optional(),
  tracing: shape.tracing,
  webhook: z
    .strictObject({ extraNames: z.array(z.string().max(253)).max(16).optional() })
    .optional(),
  dashboard: z
    .strictObject({ extraNames, windowSeconds, intervalSeconds, staleAfterSeconds })
    .partial()
    .optional(),
  drainSeconds: shape.drainSeconds.optional(),
  logLevel: shape.logLevel.optional(),
});

const monitor = z.strictObject({ enabled: z.boolean(), interval, labels: texts });

/** Every value of the chart. */
export const chartValuesSchema = z.strictObject({
  fullnameOverride: prefix,
  image: z.strictObject({
    repository: z.string().min(1).max(255),
    tag: z.string().regex(/^[A-Za-z0-9_.-]{0,128}$/),
    digest: z.string().regex(/^(sha256:[0-9a-f]{64})?$/),
    pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']),
    pullSecrets: z.array(objectName),
  }),
  singleProcess: z.boolean(),
  admission: role,
  learner: role,
  webhook: z.strictObject({
    timeoutSeconds: z.int().min(1).max(30),
    exemptNamespaces: z.array(objectName),
  }),
  certificates: z.strictObject({
    source: z.enum(['Managed', 'CertManager', 'Secret']),
    secretName: z.union([objectName, z.literal('')]),
    caBundle: z.string().regex(/^[A-Za-z0-9+/=]*$/),
    issuerRef: z.strictObject({
      name: objectName.optional(),
      kind: z.string().max(63).optional(),
      group: z.string().max(253).optional(),
    }),
  }),
  settings,
  evictions: z.strictObject({ enabled: z.boolean() }),
  scalingAndMoving: z.strictObject({ enabled: z.boolean() }),
  dashboard: z.strictObject({ enabled: z.boolean() }),
  crds: z.strictObject({ enabled: z.boolean(), keep: z.boolean() }),
  priorityClass: z.strictObject({
    create: z.boolean(),
    name: z.union([objectName, z.literal('')]),
    value: z.int().min(-1_000_000_000).max(1_000_000_000),
  }),
  podDisruptionBudget: z.strictObject({ enabled: z.boolean() }),
  extraVolumes: z.array(anyObject),
  extraVolumeMounts: z.array(anyObject),
  networkPolicy: z.strictObject({ enabled: z.boolean(), extraEgress: z.array(anyObject) }),
  monitoring: z.strictObject({
    serviceMonitor: monitor,
    prometheusRule: monitor.omit({ interval: true }),
    keplerPodMonitor: monitor.extend({ namespace: objectName }),
    istioPodMonitor: monitor,
    dashboard: monitor.omit({ interval: true }),
  }),
  // Where this chart is a part of another one.
  global: anyObject.optional(),
});
