// SPDX-License-Identifier: Apache-2.0
import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Counter, Registry } from 'prom-client';
import { Memory } from '#admission/decision/memory.ts';
import { sleep } from '#cluster/api/backoff.ts';
import { KubeClient } from '#cluster/api/client.ts';
import { PooledKubeConfig } from '#cluster/api/pooled-kube-config.ts';
import { startInformers } from '#cluster/mirror/informers.ts';
import { parsePolicySpec } from '#cluster/policy/parse.ts';

/*
 * What follows the watches in a replica, and nothing else: the client, informers and memory of the
 * checkout that this file lies in. Says how many Pod events it has taken in and what CPU time that
 * took. Arguments: checkout, port of the server, CA file, signing key (hex), time of the clock.
 */
const [, port = '', authority = '', signingKey = '', clock = '0'] = process.argv.slice(2);

/** What the client tells of itself, since its start. */
export interface Followed {
  readonly events: number;
  /** Pods that it knows now. */
  readonly pods: number;
  /** User and system time of the whole process, all threads. */
  readonly cpuMicroseconds: number;
}

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
