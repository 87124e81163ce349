// SPDX-License-Identifier: Apache-2.0
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import type { Server } from 'node:net';
import type { Pair } from '#certs/check.ts';
import { issueAuthority, issueServer } from '#certs/issue.ts';
import { alternativeNames } from '#certs/names.ts';
import { freePorts, listenOnLoopback } from '../ports.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A patch that would apply. */
const LABEL_PATCH = '[{"op":"add","path":"/metadata/labels/faulty","value":"yes"}]';

/** Certificates, good and bad, that the faulty webhooks serve. */
export interface FaultyPki {
  readonly authority: Pair;
  readonly stranger: Pair;
  readonly good: Pair;
  readonly expired: Pair;
  readonly otherName: Pair;
}

/** Makes them; keys live as long as the process. */
export async function faultyPki(now: number): Promise<FaultyPki> {
  const authority = await issueAuthority(now - 3 * DAY, 30 * DAY);
  const loopback = alternativeNames({ extra: ['127.0.0.1'] });
  return {
    authority,
    stranger: await issueAuthority(now, 30 * DAY),
    good: await issueServer(authority, loopback, now, DAY),
    expired: await issueServer(authority, loopback, now - 2 * DAY, HOUR),
    otherName: await issueServer(authority, alternativeNames({ extra: ['10.255.0.1'] }), now, DAY),
  };
}

/** A webhook that fails in one way. */
export interface Fault {
  /** Part of a DNS name. */
  readonly name: string;
  /** Opens it; undefined = nobody listens. */
  readonly open: (pki: FaultyPki) => Server | undefined;
  /** The CA that its configuration names; default: the one that signed it. `none` = no caBundle. */
  readonly trusted?: 'stranger' | 'none';
}

/** A faulty webhook that listens. */
export interface OpenFault {
  readonly fault: Fault;
  readonly url: string;
  readonly caBundle: string | undefined;
  close(): void;
}

/** Every way to fail that `failurePolicy: Ignore` covers. */
export const FAULTS: readonly Fault[] = [
  { name: 'refused', open: () => undefined },
  { name: 'reset', open: () => createTcpServer((socket) => socket.resetAndDestroy()) },
  { name: 'closed', open: () => createTcpServer((socket) => socket.end()) },
  { name: 'silent', open: () => createTcpServer((socket) => socket.on('error', () => undefined)) },
  { name: 'no-tls', open: () => createHttpServer(reply(200, '{}')) },
  { name: 'no-ca', open: tls('good', allow), trusted: 'none' },
  { name: 'other-ca', open: tls('good', allow), trusted: 'stranger' },
  { name: 'expired', open: tls('expired', allow) },
  { name: 'other-name', open: tls('otherName', allow) },
  { name: 'hanging', open: tls('good', () => undefined) },
  { name: 'half-answer', open: tls('good', halfAnswer) },
  { name: 'hang-up', open: tls('good', (request) => void request.socket.destroy()) },
  { name: 'http-404', open: tls('good', reply(404, 'not here')) },
  { name: 'http-500', open: tls('good', reply(500, '<html>oops</html>')) },
  { name: 'http-503', open: tls('good', reply(503, '{}')) },
  { name: 'redirect', open: tls('good', reply(302, '', { location: 'https://127.0.0.1:1/' })) },
  { name: 'empty', open: tls('good', reply(200, '')) },
  { name: 'garbage', open: tls('good', reply(200, '\u0000\u0001{{{')) },
  { name: 'html', open: tls('good', reply(200, '<html>it works</html>')) },
  {
    name: 'no-response',
    open: tls(
      'good',
      answer(() => undefined),
    ),
  },
  {
    name: 'other-uid',
    open: tls(
      'good',
      answer(() => ({ uid: 'other', allowed: true })),
    ),
  },
  {
    name: 'other-version',
    open: tls(
      'good',
      answer((uid) => ({ uid, allowed: true }), 'admission.k8s.io/v1beta1'),
    ),
  },
  { name: 'patch-without-type', open: tls('good', answer(patched(LABEL_PATCH, undefined))) },
  { name: 'patch-of-other-type', open: tls('good', answer(patched(LABEL_PATCH, 'MergePatch'))) },
  { name: 'patch-cut-off', open: tls('good', answer(patched('[{', 'JSONPatch'))) },
];

/**
 * The one way to fail that `Ignore` does not cover: a patch that can be read and does not apply.
 * The API server then refuses the Pod, which is why the product applies its own patches first.
 */
export const UNCOVERED: Fault = {
  name: 'patch-does-not-apply',
  open: tls(
    'good',
    answer(patched('[{"op":"add","path":"/spec/no/such/parent","value":1}]', 'JSONPatch')),
  ),
};

/** Opens a faulty webhook on the loopback interface. */
export async function openFault(fault: Fault, pki: FaultyPki): Promise<OpenFault> {
  const server = fault.open(pki);
  const [free = 1] = server === undefined ? await freePorts(1) : [];
  const port = server === undefined ? free : await listenOnLoopback(server);
  const trusted = fault.trusted === 'stranger' ? pki.stranger : pki.authority;
  return {
    fault,
    url: `https://127.0.0.1:${port}/mutate`,
    caBundle:
      fault.trusted === 'none' ? undefined : Buffer.from(trusted.certificatePem).toString('base64'),
    close: () => server?.close(),
  };
}

function tls(pair: 'good' | 'expired' | 'otherName', listener: RequestListener) {
  return (pki: FaultyPki): Server => {
    const { certificatePem: cert, privateKeyPem: key } = pki[pair];
    return createHttpsServer({ cert, key, ALPNProtocols: ['http/1.1'] }, listener);
  };
}

function allow(request: IncomingMessage, response: ServerResponse): void {
  answer((uid) => ({ uid, allowed: true }))(request, response);
}

function reply(status: number, text: string, headers: Record<string, string> = {}) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    request.resume();
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
  };
}

function halfAnswer(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
  response.write('{"kind":"AdmissionReview",');
}

/** An AdmissionReview whose response is made from the request's uid. */
function answer(
  responseOf: (uid: string) => object | undefined,
  apiVersion = 'admission.k8s.io/v1',
) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      const { uid } = (JSON.parse(text) as { request: { uid: string } }).request;
      const review = { apiVersion, kind: 'AdmissionReview', response: responseOf(uid) };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(review));
    });
  };
}

function patched(patch: string, patchType: string | undefined) {
  return (uid: string): object => ({
    ...{ uid, allowed: true, patch: Buffer.from(patch).toString('base64') },
    ...(patchType === undefined ? {} : { patchType }),
  });
}
