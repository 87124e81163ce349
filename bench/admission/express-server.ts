// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import express, { type Request, type Response } from 'express';
import { answerTo } from './constant.ts';

/*
 * A webhook as Express's own examples would have it: `express.json()` and `response.json()`, with
 * the settings it comes with. Arguments: certificate and key.
 */
const [certificate = '', key = ''] = process.argv.slice(2);
const app = express();
app.use(express.json({ limit: '8mb' }));
app.post('/mutate', (request: Request, response: Response) => {
  response.json(answerTo(request.body));
});
const server = createServer(
  { cert: readFileSync(certificate), key: readFileSync(key), keepAliveTimeout: 95_000 },
  app,
);
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
