// SPDX-License-Identifier: Apache-2.0

/** A certificate ready to be served; it passed every check of `check.ts`. */
export interface ServingCertificate {
  /** Leaf, PEM. */
  readonly certificatePem: string;
  /** Its private key, PKCS#8 PEM. Never logged. */
  readonly privateKeyPem: string;
  /** CA certificates a client must trust, PEM. */
  readonly bundlePem: string;
  /** Milliseconds since the epoch; for `perihelion_certificate_not_after_seconds`. */
  readonly notAfter: number;
}

/**
 * Where the server's certificate comes from. The server takes {@link current} at the start and
 * hands every later one to `setSecureContext`; it never sees a pair that was not checked.
 */
export interface CertificateSource {
  /** Undefined until the first certificate is there. */
  current(): ServingCertificate | undefined;
  /** Tells of every new certificate. @returns what ends the subscription. */
  subscribe(listener: (certificate: ServingCertificate) => void): () => void;
  /** One round: looks for what has changed and renews what is due. Never rejects. */
  refresh(): Promise<void>;
  /** Whether a client that reads the cluster's configuration trusts the current certificate. */
  readonly status: CertificateStatus;
}

/**
 * Meets our own server as a client that trusts only this bundle (undefined: the system's CAs), and
 * rejects with what such a client would complain about.
 */
export type SelfProbe = (
  certificate: ServingCertificate,
  bundlePem: string | undefined,
) => Promise<void>;

/** Readiness of a {@link CertificateSource}. */
export interface CertificateStatus {
  readonly ready: boolean;
  /** One line for people: what is missing, or the last error while the last good pair serves. */
  readonly reason: string;
}
