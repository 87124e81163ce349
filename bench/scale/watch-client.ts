// SPDX-License-Identifier: Apache-2.0
import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Counter, Registry } from 'prom-client';
import type * as memoryModule from '#admission/memory.ts';
import type * as backoffModule from '#cluster/backoff.ts';
import type * as clientModule from '#cluster/client.ts';
import type * as informersModule from '#cluster/informers.ts';
import type * as policyModule from '#cluster/policy-schema.ts';
import type * as configModule from '#cluster/pooled-kube-config.ts';

/*
 * What follows the watches in a replica, and nothing else: the product's own client, informers and
 * memory, of the checkout that is named. Says how many Pod events it has taken in and what CPU time
 * that took. Arguments: checkout, port of the server, CA file, signing key (hex), time of the clock.
 */
const [checkout = '', port = '', authority = '', signingKey = '', clock = '0'] =
  process.argv.slice(2);

/** What the client tells of itself, since its start. */
export interface Followed {
  readonly events: number;
  /** Pods that it knows now. */
  readonly pods: number;
  /** User and system time of the whole process, all threads. */
  readonly cpuMicroseconds: number;
}

/** A module of that checkout; the types are those of this one. */
const of = async <T>(path: string): Promise<T> =>
  (await import(pathToFileURL(join(checkout, 'src', path)).href)) as T;
const { startInformers } = await of<typeof informersModule>('cluster/informers.ts');
const { KubeClient } = await of<typeof clientModule>('cluster/client.ts');
const { PooledKubeConfig } = await of<typeof configModule>('cluster/pooled-kube-config.ts');
const { sleep } = await of<typeof backoffModule>('cluster/backoff.ts');
const { Memory } = await of<typeof memoryModule>('admission/memory.ts');
const { parsePolicySpec } = await of<typeof policyModule>('cluster/policy-schema.ts');

const config = new PooledKubeConfig();
config.loadFromClusterAndUser(
  {
    name: 'bench',
    server: `https://127.0.0.1:${port}`,
    skipTLSVerify: false,
    caData: readFileSync(authority).toString('base64'),
  },
  { name: 'bench', token: 'bench' },
);
const client = new KubeClient(config, { random: Math.random, sleep, now: () => Date.now() });
const happenings = new Counter({
  name: 'perihelion_informer_happenings_total',
  help: 'As in the product.',
  labelNames: ['resource', 'happening'],
  registers: [new Registry()],
});
let events = 0;
const informers = startInformers({
  roles: ['admission'],
  ports: { api: client, random: Math.random, now: () => Date.now(), sleep },
  observe: (resource, happening) => {
    happenings.inc({ resource, happening });
    if (resource === 'pods' && happening === 'event') events += 1;
  },
});
const spec = parsePolicySpec({});
const policy = { namespace: '', name: 'bench', generation: 1, builtIn: false, spec };
const memory = new Memory({
  view: informers.view,
  policies: { policyFor: () => policy },
  keys: createSecretKey(Buffer.from(signingKey, 'hex')),
  now: () => Number(clock),
});
informers.view.onPod((change) => {
  if (change.after === undefined) memory.podGone(change.before);
  else memory.podSeen(change.after);
});
await informers.synced;
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  const pods = [...informers.view.allPods()].length;
  process.send?.({ followed: { events, pods, cpuMicroseconds: user + system } satisfies Followed });
});
process.once('disconnect', () => process.exit());
process.send?.({ ready: true });
