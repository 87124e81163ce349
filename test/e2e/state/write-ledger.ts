// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';

/** One try to write a PlacementModel, as the API server's own audit log has it. */
export interface ModelWrite {
  /** `namespace/name`. */
  readonly object: string;
  readonly verb: string;
  /** HTTP status: 2xx done, 409 refused by the lock. */
  readonly status: number;
  /** Id of the token it was asked with: one for each process. */
  readonly credential: string;
  /** `leaseTransitions` of the term it was written in. */
  readonly epoch: number;
  /** Of the shard; undefined for an observation. */
  readonly version: number | undefined;
  /** The resourceVersion it replaces; empty for a creation. */
  readonly replaces: string;
  /** Ids settled, of the shard. */
  readonly settled: readonly string[];
}

interface AuditLine {
  readonly verb: string;
  readonly objectRef?: {
    readonly resource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly user?: { readonly extra?: Readonly<Record<string, readonly string[]>> };
  readonly requestObject?: {
    readonly metadata?: {
      readonly name?: string;
      readonly resourceVersion?: string;
      readonly annotations?: Readonly<Record<string, string>>;
    };
    readonly spec?: {
      readonly shard?: { readonly version?: number; readonly settled?: readonly string[] };
    };
  };
}

const CREDENTIAL = 'authentication.kubernetes.io/credential-id';

/** Every try to write a model, in the order in which the API server answered. */
export function readModelWrites(auditLog: string): ModelWrite[] {
  if (!existsSync(auditLog)) return [];
  const text = readFileSync(auditLog, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line.includes('"placementmodels"'))
    .map((line) => JSON.parse(line) as AuditLine)
    .filter((line) => line.objectRef?.resource === 'placementmodels')
    .map(writeOf);
}

function writeOf({ verb, objectRef, responseStatus, user, requestObject }: AuditLine): ModelWrite {
  const metadata = requestObject?.metadata;
  const shard = requestObject?.spec?.shard;
  return {
    object: `${objectRef?.namespace ?? ''}/${objectRef?.name ?? metadata?.name ?? ''}`,
    verb,
    status: responseStatus?.code ?? 0,
    credential: user?.extra?.[CREDENTIAL]?.[0] ?? '',
    epoch: Number(metadata?.annotations?.['perihelion.dev/leader-epoch'] ?? '-1'),
    version: shard?.version,
    replaces: metadata?.resourceVersion ?? '',
    settled: shard?.settled ?? [],
  };
}

/** The credential id that the API server derives from a token. */
export function credentialOf(token: string): string {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
  return `JTI=${(JSON.parse(payload) as { jti: string }).jti}`;
}

/** Whether it was done. */
export function isDone(write: ModelWrite): boolean {
  return write.status >= 200 && write.status < 300;
}

/**
 * What speaks against "one writer at a time", one line each: two writes that replaced the same
 * version of an object, a shard version with two writers or out of turn, an epoch that fell, an
 * epoch with two writers.
 */
export function faultsOf(writes: readonly ModelWrite[]): string[] {
  const faults: string[] = [];
  const all = writes.filter(isDone);
  const done = all.filter((write) => write.verb !== 'delete');
  const writers = new Map<number, Set<string>>();
  for (const { epoch, credential } of done) {
    writers.set(epoch, (writers.get(epoch) ?? new Set()).add(credential));
  }
  for (const [epoch, found] of writers) {
    if (found.size > 1) faults.push(`epoch ${epoch} has ${found.size} writers`);
  }
  for (const [object, own] of Map.groupBy(done, (write) => write.object)) {
    const replaced = own.map(({ replaces }) => replaces).filter((one) => one !== '');
    if (new Set(replaced).size !== replaced.length) {
      faults.push(`${object}: one version was replaced twice`);
    }
    let last = 0;
    for (const { verb, version } of all.filter((write) => write.object === object)) {
      // What was deleted begins anew.
      if (verb === 'delete') last = 0;
      if (verb === 'delete' || version === undefined) continue;
      if (version !== last + 1) faults.push(`${object}: version ${last}, then ${version}`);
      last = version;
    }
    own.forEach((write, index) => {
      const before = own[index - 1];
      if (before !== undefined && write.epoch < before.epoch) {
        faults.push(`${object}: epoch ${before.epoch}, then ${write.epoch}`);
      }
    });
  }
  return faults;
}
