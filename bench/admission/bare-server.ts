// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { answerTo } from './constant.ts';

/*
 * The least that a webhook in Node.js can do: TLS, one HTTP request, JSON in, a constant patch out.
 * Everything else is measured as a multiple of this. Arguments: certificate and key.
 */
const [certificate = '', key = ''] = process.argv.slice(2);
const server = createServer(
  { cert: readFileSync(certificate), key: readFileSync(key), keepAliveTimeout: 95_000 },
  (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      const text = JSON.stringify(answerTo(JSON.parse(Buffer.concat(chunks).toString('utf8'))));
      response.setHeader('Content-Type', 'application/json');
      response.setHeader('Content-Length', Buffer.byteLength(text));
      response.end(text);
    });
  },
);
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
