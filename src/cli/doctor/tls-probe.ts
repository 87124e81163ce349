// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';
import { connect } from 'node:tls';

const TIMEOUT_MILLISECONDS = 3000;

/** What a TLS handshake came to. */
export type TlsProbe =
  | { readonly kind: 'trusted'; readonly notAfter: number }
  /** A certificate came, but it does not chain to the bundle or does not name the host. */
  | { readonly kind: 'distrusted'; readonly reason: string }
  /** No handshake: from here nothing can be said of the certificate. */
  | { readonly kind: 'unreachable'; readonly reason: string };

/** A TLS server and what it must prove. */
export interface ProbeTarget {
  readonly host: string;
  readonly port: number;
  /** CA bundle, PEM: nothing else is trusted. */
  readonly caBundle: string;
}

/** Makes the handshake that the API server makes, and hangs up. Never rejects. */
export function probeTls({ host, port, caBundle }: ProbeTarget): Promise<TlsProbe> {
  return new Promise((resolve) => {
    let connected = false;
    // Judged here and not by the socket, so that a refusal can be told from a lost connection.
    const socket = connect({
      host,
      port,
      ca: caBundle,
      rejectUnauthorized: false,
      ...(isIP(host) === 0 ? { servername: host } : {}),
    });
    const end = (probe: TlsProbe): void => {
      socket.destroy();
      resolve(probe);
    };
    socket.setTimeout(TIMEOUT_MILLISECONDS, () => {
      end({ kind: 'unreachable', reason: `no answer within ${TIMEOUT_MILLISECONDS / 1000} s` });
    });
    socket.once('connect', () => {
      connected = true;
    });
    socket.once('error', (error: Error) => {
      const reason = error.message.split('\n')[0] ?? '';
      end({ kind: 'unreachable', reason: connected ? `no TLS: ${reason}` : reason });
    });
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      if (!socket.authorized || certificate === undefined) {
        const { authorizationError: error } = socket as { authorizationError: unknown };
        const reason = error instanceof Error ? error.message : String(error);
        end({ kind: 'distrusted', reason });
      } else end({ kind: 'trusted', notAfter: certificate.validToDate.getTime() });
    });
  });
}
