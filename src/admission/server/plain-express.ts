// SPDX-License-Identifier: Apache-2.0
import type { ServerResponse } from 'node:http';
import express, { type Express } from 'express';
import { HttpProblem } from './http-problem.ts';

/** Express without anything that adds headers, parses queries or hashes bodies. */
export function plainExpress(): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  return app;
}

/** Answers any route that does not exist. */
export function notFound(): never {
  throw new HttpProblem(404, 'there is nothing here');
}

/** Sends a JSON body. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Content-Length', Buffer.byteLength(text, 'utf8'));
  response.end(text);
}
