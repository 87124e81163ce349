// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type EphemeralKeyInfo } from 'node:tls';
import { figureOf } from '#cli/runs/figure.ts';
import { argumentsOrExit } from '../shared/front.ts';
import { makeCertificate } from './certificate.ts';
import { startNodeServer } from './servers.ts';

/*
 * What a new connection costs the server, by the key exchange that its client offers: CPU time of the
 * bare server's process per full handshake (TLS 1.3, P-256 certificate), no request sent. The groups take
 * turns in every round. `node bench/admission/key-exchange.ts`
 */
const GROUPS = ['X25519MLKEM768', 'X25519', 'P-256'] as const;
const ROUNDS = 20;
const HANDSHAKES = 200;

argumentsOrExit('key-exchange', []);
const folder = await mkdtemp(join(tmpdir(), 'perihelion-key-exchange-'));
const server = await startNodeServer('bare', 'bare-server.ts', await makeCertificate(folder));
const costs = new Map<string, number[]>(GROUPS.map((group) => [group, []]));
try {
  for (const group of GROUPS) await costOf(group);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let turn = 0; turn < GROUPS.length; turn += 1) {
      const group = GROUPS[(turn + round) % GROUPS.length] ?? GROUPS[0];
      costs.get(group)?.push(await costOf(group));
    }
  }
  for (const [group, list] of costs) {
    const { mean, low, high } = figureOf(list, 'microseconds');
    const least = Math.min(...list).toFixed(0);
    console.log(
      `${group.padEnd(15)} ${mean.toFixed(0)} [${low.toFixed(0)}, ${high.toFixed(0)}] microseconds of CPU per handshake, least ${least}`,
    );
  }
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

async function costOf(group: string): Promise<number> {
  const start = await server.usage();
  for (let done = 0; done < HANDSHAKES; done += 1) await shakeHands(group);
  const end = await server.usage();
  return (end.cpuMicroseconds - start.cpuMicroseconds) / HANDSHAKES;
}

async function shakeHands(group: string): Promise<void> {
  // Loopback, a certificate made for this run: whom we talk to is not what is measured.
  const socket = connect({
    host: '127.0.0.1',
    port: server.port,
    rejectUnauthorized: false,
    ecdhCurve: group,
  });
  await once(socket, 'secureConnect');
  const used = (socket.getEphemeralKeyInfo() as EphemeralKeyInfo | null)?.name;
  if (socket.getProtocol() !== 'TLSv1.3') throw new Error(`${String(socket.getProtocol())} spoken`);
  if (used !== undefined && !isSameGroup(used, group)) {
    throw new Error(`${used} used, ${group} asked for`);
  }
  socket.destroy();
  await once(socket, 'close');
}

/** OpenSSL has its own name for P-256. */
function isSameGroup(used: string, asked: string): boolean {
  return used === asked || (asked === 'P-256' && used === 'prime256v1');
}
