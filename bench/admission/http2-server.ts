// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { answerTo } from './constant.ts';

/*
 * The bare server once more, over HTTP/2: one connection, a stream for each request, the same
 * constant patch. Arguments: certificate and key.
 */
const [certificate = '', key = ''] = process.argv.slice(2);
const server = createSecureServer({ cert: readFileSync(certificate), key: readFileSync(key) });
server.on('stream', (stream) => {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.once('end', () => {
    const text = JSON.stringify(answerTo(JSON.parse(Buffer.concat(chunks).toString('utf8'))));
    stream.respond({
      ':status': 200,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    });
    stream.end(text);
  });
});
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
