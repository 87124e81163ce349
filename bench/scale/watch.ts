// SPDX-License-Identifier: Apache-2.0
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCertificate } from '../admission/certificate.ts';
import { ended, forked, message, scriptBeside } from '../shared/child.ts';
import { PodLives } from './pod-life.ts';
import type { Followed } from './watch-client.ts';

/** What is followed. */
export interface WatchOrder {
  /** Checkouts whose informers follow, side by side; the same one may be named twice. */
  readonly checkouts: readonly string[];
  readonly rounds: number;
  /** Lives of one round, six events each. */
  readonly pods: number;
  /** 0 = as fast as the slowest takes them. */
  readonly eventsPerSecond: number;
  /** More options of Node.js for the followers, for a profile. */
  readonly execArgv?: readonly string[];
}

const LIMIT_MILLISECONDS = 60_000;

/**
 * CPU time of following one Pod event, over TLS from another process, by checkout and round. All
 * follow the same events at the same time, so that a crowded machine is as crowded for each. The
 * first round warms up and is left out.
 */
export async function measureWatch(
  order: WatchOrder,
  say: (line: string) => void,
): Promise<number[][]> {
  const folder = await mkdtemp(join(tmpdir(), 'perihelion-watch-'));
  const key = randomBytes(32);
  const children: ChildProcess[] = [];
  const keep = (child: ChildProcess): ChildProcess => {
    children.push(child);
    return child;
  };
  try {
    const files = await makeCertificate(folder);
    const script = (name: string): string => scriptBeside(import.meta.url, name);
    const hex = key.toString('hex');
    const server = keep(forked(script('watch-server.ts'), [files.certificate, files.key, hex]));
    const { port } = await message<{ port: number }>(server, 'port');
    const { createdAt, events } = new PodLives(key);
    const followers: ChildProcess[] = [];
    for (const checkout of order.checkouts) {
      const args = [
        resolve(checkout),
        String(port),
        files.authority,
        hex,
        String(createdAt + 1000),
      ];
      // Each checkout brings its own follower: where the modules lie is its own affair.
      const follower = join(resolve(checkout), 'bench/scale/watch-client.ts');
      const child = keep(forked(follower, args, order.execArgv));
      await message<{ ready: boolean }>(child, 'ready');
      followers.push(child);
    }
    // The watches are opened after the first lists.
    await sleep(500);
    const costs = order.checkouts.map((): number[] => []);
    for (let round = 0; round <= order.rounds; round += 1) {
      say(`round ${round} of ${order.rounds}`);
      const before = await Promise.all(followers.map(followed));
      const sent = message<{ sent: number }>(server, 'sent');
      server.send({ pods: order.pods, eventsPerSecond: order.eventsPerSecond });
      await sent;
      for (const [index, follower] of followers.entries()) {
        const was = before[index];
        const wanted = (was?.events ?? 0) + order.pods * events;
        const now = await until(follower, wanted);
        const spent = now.cpuMicroseconds - (was?.cpuMicroseconds ?? 0);
        if (now.pods !== 0) throw new Error(`${now.pods} Pods are known that are gone`);
        if (round > 0) costs[index]?.push(spent / (order.pods * events));
      }
    }
    return costs;
  } finally {
    for (const child of children.reverse()) await ended(child);
    await rm(folder, { recursive: true, force: true });
  }
}

async function until(child: ChildProcess, events: number): Promise<Followed> {
  const deadline = performance.now() + LIMIT_MILLISECONDS;
  for (;;) {
    const now = await followed(child);
    if (now.events >= events) return now;
    if (performance.now() > deadline) throw new Error(`${now.events} of ${events} events arrived`);
    await sleep(20);
  }
}

async function followed(child: ChildProcess): Promise<Followed> {
  const answer = message<{ followed: Followed }>(child, 'followed');
  child.send('followed');
  return (await answer).followed;
}
