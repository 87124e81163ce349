// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';

const path = z.string().min(1).max(4096);
/** A login in front of the host: it would end in logs wherever the URL does. */
const CREDENTIALS = /^\w+:\/\/[^/?#]*@/;

/** Traces of decisions; without it nothing is traced. */
export const tracing = z
  .strictObject({
    endpoint: z
      .url({ protocol: /^https?$/, error: 'a URL that begins with http:// or https://' })
      .refine((value) => !CREDENTIALS.test(value), 'a URL without a login: see `bearerTokenFile`')
      .describe(
        'Where traces are sent, OTLP over HTTP with JSON: the whole URL, mostly ending in /v1/traces. Without it nothing is traced.',
      ),
    sampleThousandths: z
      .int()
      .min(0)
      .max(1000)
      .default(100)
      .describe(
        'Share of requests that are traced, in thousandths, where the API server does not say (its own tracing is off). Where it does, it decides.',
      ),
    bearerTokenFile: path.optional().describe('File with a bearer token, re-read when it changes.'),
    caFile: path.optional().describe('CA bundle that the certificate of the receiver chains to.'),
    headers: z
      .record(z.string().max(128), z.string().max(1024))
      .default({})
      .describe('Extra request headers, for example of a tenant.'),
    timeoutSeconds: z.int().min(1).max(60).default(5).describe('Time limit of one try.'),
  })
  .optional();
