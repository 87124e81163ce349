// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';

const seconds = z.int().min(1).max(86_400);
const LOOPBACK = /^(localhost|::1|127(\.\d{1,3}){3})$/;

/** The web page; served by processes with the role of the learner. */
export const dashboard = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe('Serve the web page, in processes with the role of the learner.'),
    host: z.string().max(253).default('127.0.0.1').describe('Address to listen on.'),
    port: z
      .int()
      .min(0)
      .max(65_535)
      .default(10_260)
      .describe('Port of the page and its data; 0 picks a free one.'),
    authentication: z
      .enum(['None', 'Kubernetes'])
      .default('None')
      .describe(
        'Kubernetes: HTTPS, and a bearer token that may get /dashboard.perihelion.dev. None: HTTP, on loopback only.',
      ),
    service: z
      .string()
      .max(253)
      .regex(/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/, 'a Kubernetes object name')
      .default('perihelion-dashboard')
      .describe('Service whose names stand in the certificate.'),
    extraNames: z
      .array(z.string().max(253))
      .max(16)
      .default(['localhost', '127.0.0.1'])
      .describe('More DNS names or IP addresses for the certificate.'),
    windowSeconds: seconds
      .default(60)
      .describe('Window over which power, load and latency are shown.'),
    intervalSeconds: seconds
      .default(15)
      .describe('Pause between two such windows while somebody looks; else nothing is asked.'),
    staleAfterSeconds: seconds.default(60).describe('A reading older than this is shown as stale.'),
  })
  .prefault({})
  .refine((value) => value.authentication !== 'None' || LOOPBACK.test(value.host), {
    path: ['host'],
    message: 'a loopback address, because `dashboard.authentication` is None',
  });
