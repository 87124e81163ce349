// SPDX-License-Identifier: Apache-2.0
import { createSecretKey, KeyObject } from 'node:crypto';
import type { Express } from 'express';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { VersionsEntry } from '#audit/entry.ts';
import type { AuditSink } from '#audit/sink.ts';
import type { SigningKey } from '#cluster/decision/signature.ts';
import type { ModelView } from '#cluster/model/model.ts';
import type { PolicyView } from '#cluster/policy/policy.ts';
import type { SlimPod } from '#cluster/objects/slim.ts';
import type { ClusterView } from '#cluster/mirror/view.ts';
import type { Tracer } from '#tracing/tracer.ts';
import { type ClientAuthentication, ClientGate } from '#admission/server/client-gate.ts';
import { Memory } from '#admission/decision/memory.ts';
import { AdmissionMetrics } from '#admission/figures/metrics.ts';
import type { ListenOptions } from '#admission/server/listening.ts';
import { OperationsServer, type ReadinessCheck } from '#admission/server/operations.ts';
import { AdmissionServer, type DrainOptions, type TlsMaterial } from '#admission/server/server.ts';
import { turnsOf } from '#admission/server/turns.ts';
import { createApp } from './app.ts';
import { AdmissionHandler } from './handler.ts';

/** Everything that the admission path is made of; nothing else is read from anywhere. */
export interface AdmissionOptions {
  readonly view: ClusterView;
  readonly policies: PolicyView;
  readonly models: ModelView;
  readonly audit: Pick<AuditSink, 'write'>;
  readonly registry: Registry;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** A monotonic clock in milliseconds; never a virtual one, it measures the caller's patience. */
  readonly elapsed: () => number;
  /** A fresh decision id, at most 63 characters. */
  readonly newId: () => string;
  /** Signs decisions; the same on every replica. */
  readonly decisionKey: SigningKey;
  /** Former keys whose decisions are still believed. */
  readonly formerKeys?: readonly SigningKey[] | undefined;
  readonly ownNamespace: string;
  /** Who may call, by client certificate. Default: everybody. */
  readonly clients?: ClientAuthentication | undefined;
  /** Default `default-scheduler`. */
  readonly schedulerName?: string | undefined;
  readonly versions: VersionsEntry;
  /** Default: nothing is traced. */
  readonly tracer?: Tracer | undefined;
}

/** The admission path, ready to be given a port. */
export interface Admission {
  /** The Express application of the webhook. */
  readonly app: Express;
  /** Answers reviews without HTTP. */
  readonly handler: AdmissionHandler;
  /** To be called for every Pod that the informer adds or changes. */
  podSeen(pod: SlimPod): void;
  /** To be called for every Pod that the informer deletes. */
  podGone(pod: SlimPod): void;
  /** Makes the HTTPS server. Once. @throws PerihelionError `PERI_CERTIFICATE_INVALID` */
  server(tls: TlsMaterial): AdmissionServer;
  /** Makes the HTTPS server and opens its port. */
  listen(options: ListenOptions, tls: TlsMaterial): Promise<AdmissionServer>;
  /** Makes the server of probes and metrics; `checks` come beside our own. */
  operations(checks?: readonly ReadinessCheck[]): OperationsServer;
  /** What must hold before traffic may come. */
  readonly checks: readonly ReadinessCheck[];
  /** Fails readiness, answers what still comes, closes the HTTPS server. */
  drain(options: DrainOptions): Promise<void>;
}

/** Puts the admission path together. */
export function createAdmission(options: AdmissionOptions): Admission {
  const { view, policies, registry, logger, now, elapsed } = options;
  const decisionKey = keyObjectOf(options.decisionKey);
  const keys = [decisionKey, ...(options.formerKeys ?? []).map(keyObjectOf)];
  const memory = new Memory({ view, policies, keys, now });
  const metrics = new AdmissionMetrics(registry, () => memory.inFlight.size);
  const handler = new AdmissionHandler({
    ...options,
    metrics,
    memory,
    keys,
    signingKey: decisionKey,
    schedulerName: options.schedulerName ?? 'default-scheduler',
  });
  let server: AdmissionServer | undefined;
  let drainAsked = false;
  const draining = (): boolean => drainAsked || server?.draining === true;
  const gate = new ClientGate(options.clients);
  const refusal = (socket: unknown): string | undefined => gate.problem(socket);
  const turns = turnsOf(elapsed);
  const app = createApp({
    ...{ handler, metrics, logger, elapsed, turns, draining, refusal },
    tracer: options.tracer,
  });
  const checks: readonly ReadinessCheck[] = [
    { name: 'draining', problem: () => (draining() ? 'the server is going away' : undefined) },
    { name: 'informers', problem: () => (view.synced ? undefined : 'the first list is not done') },
    {
      name: 'server',
      problem: () => (server?.listening === true ? undefined : 'the port is not open'),
    },
  ];
  const makeServer = (tls: TlsMaterial): AdmissionServer => {
    const onTlsError = (): void => metrics.tlsErrors.inc();
    server = new AdmissionServer({ app, tls, elapsed, turns, onTlsError, gate });
    return server;
  };
  return {
    app,
    handler,
    checks,
    podSeen: (pod) => memory.podSeen(pod),
    podGone: (pod) => memory.podGone(pod),
    server: makeServer,
    listen: async (listenOptions, tls) => {
      const made = makeServer(tls);
      await made.listen(listenOptions);
      return made;
    },
    operations: (more = []) => new OperationsServer({ registry, checks: [...checks, ...more] }),
    drain: async (drainOptions) => {
      drainAsked = true;
      await server?.drain(drainOptions);
    },
  };
}

/** Prepared once: from bytes, every signature would do it again. */
function keyObjectOf(key: SigningKey): KeyObject {
  if (key instanceof KeyObject) return key;
  return typeof key === 'string' ? createSecretKey(key, 'utf8') : createSecretKey(key);
}
