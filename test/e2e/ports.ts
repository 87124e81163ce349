// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';

/** The port a listening TCP server got. */
export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** Resolves once the server listens on a free loopback port; answers with the port. */
export async function listenOnLoopback(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return portOf(server);
}

/**
 * Free loopback ports for programs that cannot listen on port 0. All are held open together, so
 * that they differ, and let go just before they are used.
 */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(servers.map(listenOnLoopback));
  await Promise.all(
    servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
  );
  return ports;
}
