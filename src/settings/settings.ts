// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { dashboard } from './dashboard-settings.ts';
import { MESHES, METERS } from '#telemetry/presets/preset.ts';
import {
  carbon,
  knownPreset,
  mesh,
  meter,
  presets,
  secureExporters,
} from './telemetry-settings.ts';
import { tracing } from './tracing-settings.ts';

const port = z.int().min(0).max(65_535);
const seconds = z.int().min(1).max(86_400);
const path = z.string().min(1).max(4096);
const name = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/, 'a Kubernetes object name');

/** Which halves of the product this process runs. */
export const ROLES = ['admission', 'learner'] as const;
export type Role = (typeof ROLES)[number];

/** A login in front of the host: it would end in logs wherever the URL does. */
const CREDENTIALS = /^\w+:\/\/[^/?#]*@/;

const prometheus = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'a URL that begins with http:// or https://' })
    .refine((value) => !CREDENTIALS.test(value), 'a URL without a login: see `username`')
    .describe('Base URL of the Prometheus server.'),
  bearerTokenFile: path.optional().describe('File with a bearer token, re-read when it changes.'),
  username: z.string().max(256).optional().describe('User name for basic authentication.'),
  passwordFile: path.optional().describe('File with the password for basic authentication.'),
  caFile: path
    .optional()
    .describe('CA bundle that the server certificate must chain to, re-read when it changes.'),
  headers: z
    .record(z.string().max(128), z.string().max(1024))
    .default({})
    .describe('Extra request headers, for example X-Scope-OrgID for a multi-tenant backend.'),
  timeoutSeconds: seconds.default(10).describe('Time limit of one try of one query.'),
  maximumInFlight: z.int().min(1).max(64).default(4).describe('Queries under way at once.'),
});

const scrape = z.strictObject({
  intervalSeconds: seconds.default(15).describe('Pause between two scrapes of every exporter.'),
  timeoutSeconds: seconds.default(5).describe('Time limit of one scrape.'),
  retentionSeconds: seconds.default(900).describe('How long scraped samples are kept in memory.'),
  secure: secureExporters,
});

/**
 * The settings of one process, from a YAML file and the command line. Everything has a default
 * but the telemetry backend's address. What users tune per namespace is in PlacementPolicy.
 */
export const settingsSchema = z.strictObject({
  roles: z
    .array(z.enum(ROLES))
    .min(1)
    .max(2)
    .default(['admission', 'learner'])
    .describe('Halves to run: admission answers the API server, learner settles and publishes.'),
  namespace: name
    .default('perihelion-system')
    .describe('Namespace that Perihelion runs in; its own Pods are never touched.'),
  webhook: z
    .strictObject({
      host: z.string().max(253).default('0.0.0.0').describe('Address to listen on.'),
      port: port.default(10_250).describe('Port of the webhook (HTTPS); 0 picks a free one.'),
      service: name.default('perihelion').describe('Service that the API server calls.'),
      configuration: name
        .default('perihelion')
        .describe('MutatingWebhookConfiguration that carries the CA bundle.'),
      secret: name
        .default('perihelion-webhook')
        .describe('Secret with the CA and the key that signs decisions.'),
      extraNames: z
        .array(z.string().max(253))
        .max(16)
        .default([])
        .describe('More DNS names or IP addresses for the certificate.'),
      certificates: z
        .enum(['Managed', 'Files'])
        .default('Managed')
        .describe(
          'Managed: own CAs, caBundle kept. Files: somebody else makes and publishes them.',
        ),
      files: z
        .strictObject({
          certificateFile: path.describe('Certificate chain of the webhook, PEM.'),
          privateKeyFile: path.describe('Its private key, PEM.'),
          caFile: path.optional().describe('CA that the certificate must chain to, PEM.'),
        })
        .optional()
        .describe('For `Files`; read again when their content changes.'),
      clientAuthentication: z
        .strictObject({
          caFile: path.describe('CA of client certificates, PEM; re-read when it changes.'),
          allowedNames: z
            .array(z.string().min(1).max(253))
            .min(1)
            .max(16)
            .describe('Common or alternative names of which a client certificate must have one.'),
        })
        .optional()
        .describe('Answer only clients with such a certificate. Default: everybody.'),
    })
    .prefault({})
    .refine((value) => value.certificates !== 'Files' || value.files !== undefined, {
      path: ['files'],
      message: 'the files of the certificate, because `webhook.certificates` is Files',
    }),
  operations: z
    .strictObject({
      host: z.string().max(253).default('0.0.0.0').describe('Address to listen on.'),
      port: port.default(8080).describe('Port of /healthz, /readyz and /metrics (HTTP).'),
    })
    .prefault({}),
  telemetry: z
    .strictObject({
      backend: z
        .enum(['Prometheus', 'Scrape'])
        .default('Scrape')
        .describe('Prometheus asks a server; Scrape reads the exporters directly.'),
      zone: z
        .string()
        .max(64)
        .default('package')
        .describe('RAPL zone that power is read from; zones are never summed.'),
      meter,
      mesh,
      presets,
      policyPresets: z
        .boolean()
        .default(true)
        .describe(
          'Read by presets that policies bring themselves (`meter: Custom`). Who may write policies can then have any series summed up in the model.',
        ),
      nodeMetrics: z
        .boolean()
        .default(false)
        .describe('Ask metrics.k8s.io for the load of nodes that no exporter tells of.'),
      carbon,
      prometheus: prometheus.optional(),
      scrape: scrape.prefault({}),
    })
    .prefault({})
    .refine((value) => value.backend !== 'Prometheus' || value.prometheus !== undefined, {
      path: ['prometheus', 'url'],
      message: 'the URL of a Prometheus server, because `telemetry.backend` is Prometheus',
    })
    .refine((value) => knownPreset(value.meter, METERS, value.presets.meters), {
      path: ['meter'],
      message: `Auto, one of ${METERS.join(', ')}, or a name of \`telemetry.presets.meters\``,
    })
    .refine((value) => knownPreset(value.mesh, MESHES, value.presets.meshes), {
      path: ['mesh'],
      message: `Auto, one of ${MESHES.join(', ')}, or a name of \`telemetry.presets.meshes\``,
    })
    .refine((value) => value.carbon?.query === undefined || value.backend === 'Prometheus', {
      path: ['carbon', 'query'],
      message: 'no query, because `telemetry.backend` is not Prometheus',
    }),
  learner: z
    .strictObject({
      intervalSeconds: seconds.default(10).describe('Pause between two settling cycles.'),
      ingestDelaySeconds: z
        .int()
        .min(0)
        .max(3600)
        .default(15)
        .describe('After a window, wait this long for its last samples: one scrape interval.'),
      modelRetentionDays: z
        .int()
        .min(0)
        .max(3650)
        .default(30)
        .describe('Models of workloads without Pods are deleted after so many days; 0 = never.'),
      leaseName: name.default('perihelion-learner').describe('Lease of the leader.'),
      leaseDurationSeconds: seconds.default(15).describe('A silent leader is replaced after this.'),
      renewDeadlineSeconds: seconds.default(10).describe('A leader that cannot renew stops.'),
      retryPeriodSeconds: seconds.default(2).describe('Pause between two tries for the lease.'),
    })
    .prefault({})
    .refine((value) => value.leaseDurationSeconds > value.renewDeadlineSeconds, {
      path: ['leaseDurationSeconds'],
      message: 'more than `renewDeadlineSeconds`',
    })
    .refine((value) => value.renewDeadlineSeconds > 1.2 * value.retryPeriodSeconds, {
      path: ['renewDeadlineSeconds'],
      message: 'more than 1.2 times `retryPeriodSeconds`',
    }),
  audit: z
    .strictObject({
      path: path
        .default('/var/log/perihelion/audit.jsonl')
        .describe('File of the audit log; `-` writes to standard output.'),
      maximumFileBytes: z
        .int()
        .min(4096)
        .max(2 ** 40)
        .default(64 * 1024 * 1024)
        .describe('A file beyond this size is rotated.'),
      keepFiles: z.int().min(0).max(1000).default(10).describe('Rotated files that are kept.'),
    })
    .prefault({}),
  dashboard,
  tracing,
  drainSeconds: z
    .int()
    .min(0)
    .max(600)
    .default(10)
    .describe('After SIGTERM, how long requests are still answered before the socket closes.'),
  logLevel: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least severe level that is logged.'),
});

/** Settings after validation; see {@link settingsSchema} for every field. */
export type Settings = z.infer<typeof settingsSchema>;
