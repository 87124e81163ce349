// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Figure, figureOf } from '#cli/runs/figure.ts';
import { ended, forked, message, scriptBeside } from '../shared/child.ts';
import { makeCertificate } from './certificate.ts';
import type { ProtocolOrder, ProtocolReport } from './protocol-load.ts';
import { startNodeServer, type Subject } from './servers.ts';

/** How much is measured. */
export interface ProtocolEffort {
  readonly rounds: number;
  /** Requests of one protocol in one round, after as many connections as they need are open. */
  readonly requests: number;
}

export const FULL_PROTOCOLS: ProtocolEffort = { rounds: 12, requests: 3000 };
export const QUICK_PROTOCOLS: ProtocolEffort = { rounds: 4, requests: 600 };

const PROTOCOLS = ['http1', 'http2'] as const;
type Protocol = (typeof PROTOCOLS)[number];

/** Under way at once in the steady part, and in a burst that meets no open connection. */
const STEADY = 8;
const BURST = 200;

type ByProtocol = Readonly<Record<Protocol, Figure>>;

/** `bench/results/protocols.json`, without the description of the machine. */
export interface ProtocolResults {
  /** A bare server with a constant patch, eight requests under way. */
  readonly cpuMicrosecondsPerRequest: ByProtocol;
  readonly ratioHttp2ToHttp1: Figure;
  /** 200 requests at once without an open connection: handshakes included. */
  readonly burst: {
    readonly cpuMicrosecondsPerRequest: ByProtocol;
    readonly connections: ByProtocol;
    readonly ratioHttp2ToHttp1: Figure;
  };
}

interface Sample {
  readonly cpuMicroseconds: number;
  readonly connections: number;
}

/** Measures the bare server over both protocols, by turns. */
export async function measureProtocols(
  effort: ProtocolEffort,
  say: (line: string) => void,
): Promise<ProtocolResults> {
  const folder = await mkdtemp(join(tmpdir(), 'perihelion-protocols-'));
  const files = await makeCertificate(folder);
  const load = forked(scriptBeside(import.meta.url, 'protocol-load.ts'));
  const servers: Subject[] = [];
  const steady: Record<Protocol, Sample[]> = { http1: [], http2: [] };
  const burst: Record<Protocol, Sample[]> = { http1: [], http2: [] };
  try {
    const http1 = await startNodeServer('http1', 'bare-server.ts', files);
    const http2 = await startNodeServer('http2', 'http2-server.ts', files);
    servers.push(http1, http2);
    const subjects = { http1, http2 };
    const sample = async (protocol: Protocol, requests: number, inFlight: number) => {
      const subject = subjects[protocol];
      const before = await subject.usage();
      const order: ProtocolOrder = { protocol, port: subject.port, requests, inFlight };
      const answer = message<{ report: ProtocolReport }>(load, 'report');
      load.send(order);
      const { report } = await answer;
      const { cpuMicroseconds } = await subject.usage();
      return {
        cpuMicroseconds: (cpuMicroseconds - before.cpuMicroseconds) / report.completed,
        connections: report.connections,
      };
    };
    for (let round = 0; round <= effort.rounds; round += 1) {
      say(round === 0 ? 'warming both protocols up' : `protocols, round ${round}`);
      for (const turn of [0, 1]) {
        const protocol = PROTOCOLS[(turn + round) % 2] ?? 'http1';
        const long = await sample(protocol, effort.requests, STEADY);
        const short = await sample(protocol, BURST, BURST);
        if (round === 0) continue;
        steady[protocol].push(long);
        burst[protocol].push(short);
      }
    }
  } finally {
    await ended(load);
    for (const server of servers) await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
  return {
    cpuMicrosecondsPerRequest: cpuOf(steady),
    ratioHttp2ToHttp1: ratioOf(steady),
    burst: {
      cpuMicrosecondsPerRequest: cpuOf(burst),
      connections: each(burst, 'connections', ({ connections }) => connections),
      ratioHttp2ToHttp1: ratioOf(burst),
    },
  };
}

function each(
  samples: Record<Protocol, readonly Sample[]>,
  unit: string,
  pick: (sample: Sample) => number,
): ByProtocol {
  return {
    http1: figureOf(samples.http1.map(pick), unit),
    http2: figureOf(samples.http2.map(pick), unit),
  };
}

function cpuOf(samples: Record<Protocol, readonly Sample[]>): ByProtocol {
  return each(samples, 'microseconds', ({ cpuMicroseconds }) => cpuMicroseconds);
}

/** Within each round, so that what the neighbours did cancels out. */
function ratioOf({ http1, http2 }: Record<Protocol, readonly Sample[]>): Figure {
  return figureOf(
    http2.map((two, round) => two.cpuMicroseconds / (http1[round]?.cpuMicroseconds ?? Number.NaN)),
    'ratio',
  );
}
