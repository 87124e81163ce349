// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';

/** One operation of a JSON patch. */
export interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

/** The fields of one line of the product's audit log that the run reads. */
export interface ProductLine {
  readonly kind: string;
  readonly time: string;
  readonly requestUid?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly workload?: string;
  readonly outcome?: string;
  readonly reason?: string;
  readonly dryRun?: boolean;
  readonly patch?: readonly Operation[];
  readonly decision?: {
    readonly id: string;
    readonly action: string;
    readonly choice: string;
    readonly modelVersion: number;
  };
  readonly decisionId?: string;
  readonly status?: string;
}

/** One patch as the API server says it received it. */
export interface ServerPatch {
  readonly annotation: string;
  readonly requestUri: string;
  readonly configuration: string;
  readonly patch: readonly Operation[];
}

/** What the API server's audit log says about webhooks. */
export interface ServerRecord {
  readonly patches: readonly ServerPatch[];
  /** Calls that failed and were passed over. */
  readonly failedOpen: number;
  /** Names of the webhooks of these calls, one each. */
  readonly failedWebhooks: readonly string[];
  readonly creations: number;
}

/** Complete lines of a JSON Lines file; a last line still being written is left out. */
function readLines<T>(file: string): T[] {
  if (!existsSync(file)) return [];
  const text = readFileSync(file, 'utf8');
  const end = text.lastIndexOf('\n');
  return text
    .slice(0, Math.max(0, end))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

/** Every line of the product's audit logs. */
export function readProductLines(files: readonly string[]): ProductLine[] {
  return files.flatMap((file) => readLines<ProductLine>(file));
}

/** Reads what the API server itself recorded of the webhook's patches. */
export function readServerRecord(file: string): ServerRecord {
  const patches: ServerPatch[] = [];
  const failedWebhooks: string[] = [];
  const lines = readLines<{ requestURI: string; annotations?: Record<string, string> }>(file);
  for (const { requestURI, annotations } of lines) {
    for (const [annotation, text] of Object.entries(annotations ?? {})) {
      if (annotation.startsWith('failed-open.mutation.webhook.admission.k8s.io/')) {
        failedWebhooks.push(text);
      }
      if (!annotation.startsWith('patch.webhook.admission.k8s.io/')) continue;
      const value = JSON.parse(text) as { configuration: string; patch: Operation[] };
      patches.push({ annotation, requestUri: requestURI, ...value });
    }
  }
  const failedOpen = failedWebhooks.length;
  return { patches, failedOpen, failedWebhooks, creations: lines.length };
}

/** The decision id that a patch writes, wherever it writes it. */
export function decisionIdIn(patch: readonly Operation[], annotation: string): string | undefined {
  const token = annotation.replaceAll('~', '~0').replaceAll('/', '~1');
  for (const { path, value } of patch) {
    if (path === `/metadata/annotations/${token}` && typeof value === 'string') return value;
    if (path === '/metadata/annotations' && typeof value === 'object' && value !== null) {
      const id = (value as Record<string, unknown>)[annotation];
      if (typeof id === 'string') return id;
    }
  }
  return undefined;
}
