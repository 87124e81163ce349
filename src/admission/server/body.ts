// SPDX-License-Identifier: Apache-2.0
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { HttpProblem } from './http-problem.ts';

/** Largest body: object and old object of 3 MiB each, as the API server may send, and slack. */
export const BODY_LIMIT_BYTES = 7 * 1024 * 1024;

/**
 * Reads a request's body, which is declared as JSON.
 * @throws HttpProblem 415 if it is not declared as plain `application/json`, 413 if it is longer
 *   than {@link BODY_LIMIT_BYTES}, 400 if it is cut short.
 */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  checkHeaders(request);
  return readAll(request);
}

/**
 * The value of a JSON body.
 * @throws HttpProblem 400 if it is empty, not UTF-8 or no JSON.
 */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) throw new HttpProblem(400, 'the body is empty');
  if (!isUtf8(body)) throw new HttpProblem(400, 'the body is not UTF-8');
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    // The parser's message quotes the body, which may hold secrets.
    throw new HttpProblem(400, 'the body is not JSON');
  }
}

function checkHeaders(request: IncomingMessage): void {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0] ?? '';
  if (type.trim().toLowerCase() !== 'application/json') {
    throw new HttpProblem(415, 'the content type is not application/json');
  }
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    throw new HttpProblem(415, 'an encoded body is not accepted');
  }
  if (Number(request.headers['content-length'] ?? 0) > BODY_LIMIT_BYTES) throw tooLarge();
}

function readAll(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > BODY_LIMIT_BYTES) {
        // Stop collecting; the connection is closed with the answer.
        request.pause();
        reject(tooLarge());
        return;
      }
      chunks.push(chunk);
    });
    request.once('end', () => {
      const [only] = chunks;
      resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, bytes));
    });
    request.once('error', () => reject(cutShort()));
    request.once('close', () => {
      // Every request closes in the end; an error is only made for one that did not complete.
      if (!request.complete) reject(cutShort());
    });
  });
}

function tooLarge(): HttpProblem {
  return new HttpProblem(413, `the body is longer than ${BODY_LIMIT_BYTES} bytes`);
}

function cutShort(): HttpProblem {
  return new HttpProblem(400, 'the body was cut short');
}
