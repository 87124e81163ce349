// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AgentOptions } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import {
  KubeConfig,
  type Cluster,
  type DispatcherOptions,
  type RequestContext,
} from '@kubernetes/client-node';
import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import { asObject, asText } from '#cluster/wire/json.ts';

/** Connections that calls share; watches hold one each and are not counted here. */
const CALL_CONNECTIONS = 8;
/** Longer than every pause of ours, shorter than the 90 s after which a kube-apiserver hangs up. */
const KEEP_ALIVE_MILLISECONDS = 60_000;
const HEADERS_TIMEOUT_MILLISECONDS = 60_000;

/** As client-go does, and below the idle limits of load balancers. */
const TCP_KEEP_ALIVE_MILLISECONDS = 30_000;

type Tls = {
  [
    K in 'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'rejectUnauthorized' | 'servername'
  ]?: NonNullable<ConnectionOptions[K]>;
};

interface Pools {
  readonly calls: Dispatcher;
  readonly watches: Dispatcher;
}

/**
 * A KubeConfig whose calls share connections. The one it extends opens a TLS connection for every
 * call; this one keeps one pool for calls and one for watches (which would otherwise use up the
 * connections of the calls), rebuilt when the CA, the client certificate or the proxy changes.
 */
export class PooledKubeConfig extends KubeConfig {
  #wanted: DispatcherOptions = { type: 'none' };
  #fingerprint = '';
  #pools: Pools | undefined;
  readonly #ended = new AbortController();

  /**
   * Called by the base class for every call, with the TLS material as it is on disk now; only
   * notes it, so that no connection pool is made for one call.
   */
  override createDispatcherOptions(
    cluster: Cluster | null,
    agentOptions: AgentOptions,
  ): DispatcherOptions {
    const wanted = super.createDispatcherOptions(cluster, agentOptions);
    // SOCKS is left to the base class, which owns the connector for it.
    if (wanted.type === 'socks') return wanted;
    this.#wanted = wanted;
    return { type: 'none' };
  }

  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    await super.applySecurityAuthentication(context);
    const token = this.#tokenOfFile();
    if (token !== undefined) context.setHeaderParam('Authorization', `Bearer ${token}`);
    if (context.getDispatcher() === undefined) context.setDispatcher(this.#current().calls);
  }

  /**
   * The token as it stands in its file now, as the CA is read now. The base class keeps it for a
   * minute by the wall clock: a token that was revoked would be sent on all the time, and after that
   * clock was set back an hour one that has expired.
   */
  #tokenOfFile(): string | undefined {
    const provider: unknown = this.getCurrentUser()?.authProvider;
    const file = asText(asObject(asObject(provider)['config'])['tokenFile']);
    return file === '' ? undefined : readFileSync(file, 'utf8').trim();
  }

  /** The pool for watches; valid after {@link applySecurityAuthentication}. */
  get watchDispatcher(): Dispatcher {
    return this.#current().watches;
  }

  /** Aborted by {@link close}: every call then ends, those that wait for another try too. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Ends every call and connection, those of running watches too, for good. */
  async close(): Promise<void> {
    this.#ended.abort();
    const pools = this.#pools;
    this.#pools = undefined;
    await Promise.all([pools?.calls.destroy(), pools?.watches.destroy()]);
  }

  #current(): Pools {
    const fingerprint = fingerprintOf(this.#wanted);
    if (this.#pools === undefined || fingerprint !== this.#fingerprint) {
      // Calls and watches under way finish on the old pools.
      void this.#pools?.calls.close();
      void this.#pools?.watches.close();
      this.#pools = {
        calls: dispatcher(this.#wanted, CALL_CONNECTIONS),
        watches: dispatcher(this.#wanted, undefined),
      };
      this.#fingerprint = fingerprint;
    }
    return this.#pools;
  }
}

/** @param connections undefined = no bound: a watch keeps its connection for minutes */
function dispatcher(wanted: DispatcherOptions, connections: number | undefined): Dispatcher {
  const shared = {
    connections: connections ?? null,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: KEEP_ALIVE_MILLISECONDS,
    keepAliveMaxTimeout: KEEP_ALIVE_MILLISECONDS,
    headersTimeout: HEADERS_TIMEOUT_MILLISECONDS,
    // The reflector has an inactivity timer of its own, and calls have a deadline.
    bodyTimeout: 0,
  };
  if (wanted.type === 'proxy') {
    return new ProxyAgent({ ...shared, uri: wanted.uri, requestTls: tlsOf(wanted.requestTls) });
  }
  const connect = wanted.type === 'agent' ? tlsOf(wanted.connect) : {};
  return new Agent({
    ...shared,
    connect: { ...connect, keepAlive: true, keepAliveInitialDelay: TCP_KEEP_ALIVE_MILLISECONDS },
  });
}

/** The TLS material that a KubeConfig can give; absent fields stay absent. */
function tlsOf(options: ConnectionOptions): Tls {
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(pfx === undefined ? {} : { pfx }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
    ...(servername === undefined ? {} : { servername }),
  };
}

/** Equal for equal TLS material; the material itself is not kept. */
function fingerprintOf(wanted: DispatcherOptions): string {
  return createHash('sha256').update(JSON.stringify(wanted)).digest('base64');
}
