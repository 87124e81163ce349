// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import { checkServerIdentity, connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { PerihelionError } from '#errors';

/** Where our own server listens, and what clients call it. */
export interface ProbeTarget {
  readonly host: string;
  readonly port: number;
  /** The certificate must be good for one of them; the first is asked for. */
  readonly names: readonly string[];
}

/** What the probe is to find. */
export interface ProbeExpectation {
  /** The leaf that should be served, PEM; further certificates behind it are not looked at. */
  readonly certificatePem: string;
  /** All that clients trust, PEM; undefined = the CAs of the system. */
  readonly bundlePem: string | undefined;
}

const TIMEOUT_MILLISECONDS = 5_000;

/**
 * Meets our own server as the API server would: over TLS, trusting only what is published. Ends
 * with the handshake, no request is sent.
 *
 * Rejects with PERI_CERTIFICATE_INVALID and what a client would complain about.
 */
export async function probeServer(
  target: ProbeTarget,
  expectation: ProbeExpectation,
): Promise<void> {
  let served: string | undefined;
  try {
    served = await handshake(target, expectation.bundlePem);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw failed(`a client would not trust this server: ${reason}`, cause);
  }
  if (served !== new X509Certificate(expectation.certificatePem).fingerprint256) {
    throw failed('another certificate is being served than the one in use');
  }
}

async function handshake(
  target: ProbeTarget,
  bundlePem: string | undefined,
): Promise<string | undefined> {
  const options: ConnectionOptions = {
    host: target.host,
    port: target.port,
    // A server that wants a client's certificate complains only after this side is content.
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['http/1.1'],
    checkServerIdentity: (_host, peer) =>
      target.names.some((name) => checkServerIdentity(name, peer) === undefined)
        ? undefined
        : new Error('the certificate has none of the names that clients use'),
    ...(target.names[0] === undefined ? {} : { servername: target.names[0] }),
    ...(bundlePem === undefined ? {} : { ca: bundlePem }),
  };
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const socket: TLSSocket = connect(options, () =>
    resolve(socket.getPeerX509Certificate()?.fingerprint256),
  );
  socket.setTimeout(TIMEOUT_MILLISECONDS, () => reject(new Error('no answer within 5 s')));
  // Not once: what comes after the verdict must not end the process.
  socket.on('error', reject);
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

function failed(problem: string, cause?: unknown): PerihelionError {
  return new PerihelionError(
    'PERI_CERTIFICATE_INVALID',
    problem,
    cause === undefined ? {} : { cause },
  );
}
