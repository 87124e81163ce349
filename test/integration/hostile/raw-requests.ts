// SPDX-License-Identifier: Apache-2.0
import { rawPod, reviewOf } from '../../unit/admission/world.ts';
import type { HostileCase, Step } from './attack.ts';

/** A review as a request body, and its length in bytes. */
export const BODY = JSON.stringify(reviewOf(rawPod()));
export const LENGTH = String(BODY.length);

/** A request with `Connection: close`, so that its answer ends the connection. */
export function request(
  parts: {
    readonly line?: string;
    readonly headers?: readonly string[];
    readonly body?: string;
    readonly keep?: boolean;
  } = {},
): string {
  const {
    line = 'POST /mutate HTTP/1.1',
    headers = [`Content-Length: ${LENGTH}`, 'Content-Type: application/json'],
    body = BODY,
    keep = false,
  } = parts;
  const all = [line, 'Host: x', ...headers, ...(keep ? [] : ['Connection: close'])];
  return `${all.join('\r\n')}\r\n\r\n${body}`;
}

/** The review that a slow row gets answered, told from all others in the audit file. */
export const SLOW_UID = 'slow';
/** It, as a request body. */
export const SLOW_BODY = JSON.stringify(reviewOf(rawPod(), { uid: SLOW_UID }));

/** The header of a review. */
export const TYPE = 'Content-Type: application/json';
/** Headers of a review in chunks. */
export const CHUNKED = [TYPE, 'Transfer-Encoding: chunked'];

/** One chunk. */
export function chunk(text: string, extension = ''): string {
  return `${text.length.toString(16)}${extension}\r\n${text}\r\n`;
}

/** A chunked request with any text in place of the chunks. */
export function chunks(text: string): string {
  return request({ headers: CHUNKED, body: text });
}

/** The same request line with another target, without a body. */
export function target(path: string, method = 'POST'): string {
  return request({ line: `${method} ${path} HTTP/1.1` });
}

/** Slowly, one piece after the other, and never to the end. */
export function drip(text: string, pieces: number): Step[] {
  return Array.from({ length: pieces }, (_, index) => [
    text[index % text.length] ?? 'x',
    500,
  ]).flat();
}

/** One row: what is done, and what it gets. */
export type Row = readonly [
  name: string,
  attack: HostileCase['attack'],
  expected: HostileCase['expected'],
  extra?: Partial<HostileCase>,
];

/** The rows as cases. */
export function casesOf(groups: Readonly<Record<string, readonly Row[]>>): HostileCase[] {
  return Object.entries(groups).flatMap(([group, rows]) =>
    rows.map(([name, attack, expected, extra = {}]) => ({
      group,
      name,
      attack,
      expected,
      ...extra,
    })),
  );
}
