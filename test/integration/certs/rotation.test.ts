// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { X509Certificate } from 'node:crypto';
import { Agent, request } from 'node:https';
import { test, type TestContext } from 'node:test';
import { TLSSocket } from 'node:tls';
import { BundlePublisher } from '#certs/bundle.ts';
import { readBundle } from '#certs/check.ts';
import type { Lifetimes } from '#certs/lifetimes.ts';
import { SLOT_KEYS } from '#certs/slot.ts';
import { MemoryConfiguration, MemorySecrets } from '../../unit/certs/stores.ts';
import { COMPRESSED, Replica, SERVICE } from './replicas.ts';

const STEP_MILLISECONDS = 5_000;
/** An API server that learns of a new bundle only after so many steps: 10 s, the wait is 15 s. */
const LAG_STEPS = 2;
const CALL_MILLISECONDS = 10_000;

interface World {
  readonly secrets: MemorySecrets;
  readonly configuration: MemoryConfiguration;
  readonly replicas: readonly Replica[];
  readonly failures: string[];
  calls: number;
  kept: number;
  now: number;
  /** Every bundle that was published, one after the other. */
  readonly bundles: string[];
}

async function world(t: TestContext, lifetimes: Lifetimes): Promise<World> {
  // X.509 is checked in real time by the client and in this time by the test: half an hour of
  // certificates fits into the hour by which they are dated back.
  const clock = { now: Date.now(), calls: 0, kept: 0 };
  const secrets = new MemorySecrets();
  const configuration = new MemoryConfiguration({ a: '' });
  const replicas = [1, 2, 3].map(
    () =>
      new Replica({
        secrets,
        publisher: () => new BundlePublisher(configuration, ['a']),
        now: () => clock.now,
        lifetimes,
        app: (_request, response) => response.end('ok'),
      }),
  );
  for (const replica of replicas) await replica.start();
  t.after(() => Promise.all(replicas.map((replica) => replica.stop())));
  const failures: string[] = [];
  return Object.assign(clock, { secrets, configuration, replicas, failures, bundles: [] });
}

/** One call that trusts this bundle only, checked by the clock of the test as well. */
async function call(state: World, port: number, bundle: string, agent?: Agent): Promise<void> {
  const { now } = state;
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const outgoing = request(
    {
      host: '127.0.0.1',
      port,
      ca: bundle,
      servername: SERVICE,
      agent: agent ?? false,
      signal: AbortSignal.timeout(CALL_MILLISECONDS),
    },
    (response) => {
      response.resume().once('end', () => resolve(undefined));
      response.once('error', reject);
    },
  );
  outgoing.once('error', reject);
  outgoing.once('socket', (socket) => {
    if (outgoing.reusedSocket || !(socket instanceof TLSSocket)) return;
    socket.once('secureConnect', () => {
      const problem = expiredBy(socket.getPeerX509Certificate(), bundle, now);
      if (problem !== undefined) reject(new Error(problem));
    });
  });
  outgoing.end();
  state.calls += 1;
  if (agent !== undefined && outgoing.reusedSocket) state.kept += 1;
  try {
    await promise;
  } catch (error) {
    state.failures.push(`${String(error)} at ${new Date(now).toISOString()}`);
  }
}

function expiredBy(
  leaf: X509Certificate | undefined,
  bundle: string,
  now: number,
): string | undefined {
  const issuer = readBundle(bundle).find((authority) => leaf?.verify(authority.publicKey));
  for (const [what, certificate] of Object.entries({ leaf, issuer })) {
    if (certificate === undefined) return `no ${what}`;
    if (certificate.validFromDate.getTime() > now) return `the ${what} is not valid yet`;
    if (certificate.validToDate.getTime() <= now) return `the ${what} has expired`;
  }
  return undefined;
}

/** Rounds of all replicas under load until so many bundles were published. */
async function rotate(
  state: World,
  rotations: number,
  disturb: (step: number) => Promise<void> | void = () => undefined,
): Promise<void> {
  const history: string[] = [];
  const agents = state.replicas.map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
  const published = (): string => state.configuration.webhooks?.get('a') ?? '';
  const end = state.now + rotations * 200_000;
  for (let step = 0; state.bundles.length <= rotations; step += 1) {
    assert.ok(state.now < end, `${state.bundles.length} bundles only`);
    await disturb(step);
    history.push(published());
    if (published() !== state.bundles.at(-1)) state.bundles.push(published());
    const known = history[Math.max(0, history.length - 1 - LAG_STEPS)]!;
    await Promise.all([
      ...state.replicas.map((replica) => replica.source.refresh()),
      ...state.replicas.flatMap(({ port }, index) => [
        call(state, port, known),
        call(state, port, known, agents[index]),
      ]),
    ]);
    state.now += STEP_MILLISECONDS;
  }
  for (const agent of agents) agent.destroy();
}

test('ten rotations of three replicas under load: no call fails', async (t) => {
  const state = await world(t, COMPRESSED);
  await rotate(state, 10);
  assert.deepEqual(state.failures, []);
  assert.equal(state.bundles.length, 11);
  const authorities = new Set(state.bundles.flatMap(readBundle).map((one) => one.fingerprint256));
  assert.equal(authorities.size, 12, 'one of the two CAs was replaced each time');
  for (const replica of state.replicas) {
    assert.deepEqual(replica.errors, []);
    assert.equal(replica.source.status.ready, true);
    assert.ok(replica.leaves >= 30, `${replica.leaves} leaves`);
  }
  assert.ok(state.kept > 900, `${state.kept} calls over kept connections`);
  t.diagnostic(
    `${state.calls} calls, ${state.kept} over kept connections, ` +
      `${state.replicas.reduce((sum, { leaves }) => sum + leaves, 0)} leaves`,
  );
});

test('without the wait between publishing and signing the same load meets refusals', async (t) => {
  const state = await world(t, { ...COMPRESSED, propagation: 0 });
  await rotate(state, 1);
  assert.notEqual(state.failures.length, 0);
  assert.match(state.failures[0]!, /unable to verify|self.signed|signature|no issuer/i);
});

test('restarts, a half-written and a deleted Secret, and a lost API during rotations: no call fails', async (t) => {
  const state = await world(t, COMPRESSED);
  const { secrets, configuration, replicas } = state;
  await rotate(state, 2, async (step) => {
    const phase = step % 60;
    if (phase === 10) await replicas[((step / 10) % 3) | 0]!.restart();
    if (phase === 8) {
      const broken = SLOT_KEYS[step % 2 === 0 ? 0 : 1];
      secrets.set(new Map([...secrets.data!, [broken.privateKey, Buffer.from('half')]]));
    }
    if (phase === 16) secrets.data = undefined;
    const lost = phase >= 20 && phase < 26 ? new Error('no API') : undefined;
    secrets.failure = lost;
    configuration.failure = lost;
  });
  assert.deepEqual(state.failures, []);
  assert.notEqual(replicas[0]!.errors.length, 0, 'the disturbances were felt');
});

test('a blanked bundle is back after one round of any replica', async (t) => {
  const state = await world(t, COMPRESSED);
  const { configuration, replicas } = state;
  const bundle = configuration.webhooks!.get('a')!;
  for (const replica of replicas) {
    for (const bad of ['', 'garbage', bundle.slice(0, bundle.length / 2)]) {
      configuration.webhooks!.set('a', bad);
      await replica.source.refresh();
      assert.equal(configuration.webhooks!.get('a'), bundle);
    }
  }
  for (const { port } of replicas) await call(state, port, bundle);
  assert.deepEqual(state.failures, []);
});
