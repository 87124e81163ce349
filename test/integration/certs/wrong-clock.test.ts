// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { firstAuthorities, writeKeyring } from '#certs/keyring.ts';
import { LIFETIMES } from '#certs/lifetimes.ts';
import { Certificates, WEBHOOK_NAME } from '#cli/roles/certificates.ts';
import { certificateClock } from '#cli/roles/clock.ts';
import { ServerClock } from '#cluster/api/server-clock.ts';
import { parseSettings } from '#settings/parse.ts';
import { startFakeApi } from './fake-api.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const SECRET = '/api/v1/namespaces/perihelion-system/secrets/perihelion-webhook';
const CONFIGURATION =
  '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/perihelion';

/** Starts a replica whose clock is so far ahead in an installation that is a month old by the API server's. */
async function started(t: TestContext, aheadMilliseconds: number) {
  const api = await startFakeApi(aheadMilliseconds);
  t.after(() => api.close());
  const serverTime = Date.now() - aheadMilliseconds;
  const authorities = await firstAuthorities(serverTime - 30 * DAY, LIFETIMES);
  const keyring = writeKeyring({ authorities, decisionKey: Buffer.alloc(32, 1) });
  const data = Object.fromEntries([...keyring].map(([key, one]) => [key, one.toString('base64')]));
  api.objects.set(SECRET, { metadata: { name: 'perihelion-webhook', resourceVersion: '1' }, data });
  const webhooks = [{ name: WEBHOOK_NAME, clientConfig: {} }];
  api.objects.set(CONFIGURATION, { metadata: { name: 'perihelion' }, webhooks });
  const { tls } = await new Certificates({
    settings: parseSettings({ namespace: 'perihelion-system' }),
    client: api.client,
    logger: pino({ level: 'silent' }),
    elapsed: () => performance.now(),
    registry: new Registry(),
  }).first(AbortSignal.timeout(10_000));
  const leaf = new X509Certificate(tls.cert);
  const secret = api.objects.get(SECRET);
  return { data, serverTime, leaf, stored: secret?.['data'] };
}

describe('a replica that starts with a wrong clock', () => {
  it('years ahead: leaves the CAs of all others alone, and serves what the API server finds valid', async (t) => {
    const { data, serverTime, leaf, stored } = await started(t, 800 * DAY);
    assert.deepEqual(stored, data);
    assert.ok(leaf.validFromDate.getTime() <= serverTime, `valid from ${leaf.validFrom}`);
    assert.ok(leaf.validToDate.getTime() > serverTime, `valid to ${leaf.validTo}`);
  });

  it('years behind: the same', async (t) => {
    const { data, serverTime, leaf, stored } = await started(t, -800 * DAY);
    assert.deepEqual(stored, data);
    assert.ok(leaf.validFromDate.getTime() <= serverTime, `valid from ${leaf.validFrom}`);
    assert.ok(leaf.validToDate.getTime() > serverTime, `valid to ${leaf.validTo}`);
  });
});

describe('the clock of certificates', () => {
  const T = Date.UTC(2026, 0, 2);
  const timeAt = (aheadMilliseconds: number): number => {
    const serverClock = new ServerClock();
    serverClock.note(new Date(T).toUTCString(), T + aheadMilliseconds + 500);
    return certificateClock({ serverClock }, () => T + aheadMilliseconds)();
  };

  it('is the earlier of the two, but not one that is days behind, and ours until there is another', () => {
    assert.equal(timeAt(2 * HOUR), T);
    assert.equal(timeAt(-2 * HOUR), T - 2 * HOUR);
    assert.equal(timeAt(-6 * DAY), T);
    assert.equal(certificateClock({ serverClock: new ServerClock() }, () => T)(), T);
  });
});
