// SPDX-License-Identifier: Apache-2.0
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express, NextFunction, Request, Response } from 'express';
import type { Registry } from 'prom-client';
import { HttpProblem } from './http-problem.ts';
import { listening, type ListenOptions } from './listening.ts';
import { notFound, plainExpress, sendJson } from './plain-express.ts';

/** One thing that must hold before traffic may come. */
export interface ReadinessCheck {
  /** Stable word, for example `informers` or `certificate`. */
  readonly name: string;
  /** Why it does not hold, one line; undefined if it does. */
  readonly problem: () => string | undefined;
}

/** What the operations routes need. */
export interface OperationsOptions {
  readonly registry: Registry;
  readonly checks: readonly ReadinessCheck[];
}

/**
 * Routes for probes and Prometheus, on a port of their own and without TLS: `/healthz` says that
 * the event loop turns, `/readyz` which check fails, `/metrics` the registry.
 */
export function createOperationsApp(options: OperationsOptions): Express {
  const { registry, checks } = options;
  const app = plainExpress();
  app.get('/healthz', (_request: Request, response: Response) => {
    sendJson(response, 200, { status: 'ok' });
  });
  app.get('/readyz', (_request: Request, response: Response) => {
    const problems = failing(checks);
    const ready = problems.length === 0;
    sendJson(response, ready ? 200 : 503, { ready, problems });
  });
  app.get('/metrics', async (_request: Request, response: Response) => {
    const text = await registry.metrics();
    response.setHeader('Content-Type', registry.contentType);
    response.end(text);
  });
  app.use(notFound);
  app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    const problem =
      error instanceof HttpProblem ? error : new HttpProblem(500, 'an internal error');
    // Too late to say anything: Express then ends the connection.
    if (response.headersSent) next();
    else sendJson(response, problem.status, { error: { message: problem.message } });
  });
  return app;
}

/** The plain HTTP server of the operations routes. */
export class OperationsServer {
  readonly #server: Server;

  constructor(options: OperationsOptions) {
    this.#server = createServer(createOperationsApp(options));
  }

  /** Opens the port; the address says which. */
  listen(options: ListenOptions): Promise<AddressInfo> {
    return listening(this.#server, options);
  }

  /** Closes at once. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#server.close(() => resolve(undefined));
    this.#server.closeAllConnections();
    await promise;
  }
}

/** Checks that do not hold; one that throws does not hold. */
function failing(checks: readonly ReadinessCheck[]): { name: string; problem: string }[] {
  return checks.flatMap(({ name, problem }) => {
    let text: string | undefined;
    try {
      text = problem();
    } catch {
      text = 'the check itself failed';
    }
    return text === undefined ? [] : [{ name, problem: text }];
  });
}
