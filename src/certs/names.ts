// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';

/** What a server is reached by. */
export interface ServerNames {
  /** Service name; undefined for a server outside a cluster. */
  readonly service?: string | undefined;
  /** Namespace of the Service. */
  readonly namespace?: string | undefined;
  /** Further DNS names and IP addresses, for example `localhost` and `127.0.0.1`. */
  readonly extra?: readonly string[] | undefined;
}

/** Subject alternative names, without repetition. */
export interface AlternativeNames {
  readonly dns: readonly string[];
  readonly ip: readonly string[];
}

/**
 * The names to put into a certificate. For a Service they are the four forms a client inside the
 * cluster may use; the API server checks `<service>.<namespace>.svc`.
 */
export function alternativeNames(names: ServerNames): AlternativeNames {
  const { service, namespace, extra = [] } = names;
  const dns = new Set<string>();
  if (service !== undefined) {
    dns.add(service);
    for (const domain of namespace === undefined ? [] : ['', '.svc', '.svc.cluster.local']) {
      dns.add(`${service}.${namespace}${domain}`);
    }
  }
  for (const name of extra) if (isIP(name) === 0) dns.add(name);
  return { dns: [...dns], ip: [...new Set(extra.filter((name) => isIP(name) !== 0))] };
}
