// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Express, NextFunction, Request, Response } from 'express';
import type { Logger } from 'pino';
import { PerihelionError } from '#errors';
import type { Tracer } from '#tracing/tracer.ts';
import { arrivalOf } from '#admission/server/arrival.ts';
import { parseJson, readBody } from '#admission/server/body.ts';
import { deadlineOf } from '#admission/server/deadline.ts';
import { HttpProblem } from '#admission/server/http-problem.ts';
import { notFound, plainExpress, sendJson } from '#admission/server/plain-express.ts';
import type { AdmissionMetrics } from '#admission/figures/metrics.ts';
import type { Turns } from '#admission/server/turns.ts';
import type { AdmissionHandler } from './handler.ts';

/** Path that the webhook configuration names. */
export const MUTATE_PATH = '/mutate';

/** What the routes need. */
export interface AppOptions {
  readonly handler: AdmissionHandler;
  readonly metrics: AdmissionMetrics;
  readonly logger: Logger;
  /** A monotonic clock in milliseconds. */
  readonly elapsed: () => number;
  /** Where reviews are answered. */
  readonly turns: Turns;
  /** Whether the server is going away; its answers then end their connection. */
  readonly draining: () => boolean;
  /** Why a connection may not send requests; undefined if it may. */
  readonly refusal: (socket: unknown) => string | undefined;
  /** Undefined = nothing is traced. */
  readonly tracer?: Tracer | undefined;
}

/** The Express application of the webhook. Every answer is JSON, whatever is asked. */
export function createApp(options: AppOptions): Express {
  const { metrics, draining, refusal } = options;
  const app = plainExpress();
  app.use((request: Request, response: Response, next: NextFunction) => {
    metrics.inFlight += 1;
    response.once('close', () => (metrics.inFlight -= 1));
    if (draining()) response.setHeader('Connection', 'close');
    const problem = refusal(request.socket);
    if (problem !== undefined) throw new HttpProblem(403, problem);
    next();
  });
  app.post(MUTATE_PATH, (request: Request, response: Response) =>
    mutate(request, response, options),
  );
  app.all(MUTATE_PATH, (_request: Request, response: Response) => {
    response.setHeader('Allow', 'POST');
    throw new HttpProblem(405, 'only POST is answered here');
  });
  app.use(notFound);
  app.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    // Too late to say anything: Express then ends the connection.
    if (response.headersSent) next();
    else answerProblem(problemOf(error, options.logger), request, response, metrics);
  });
  return app;
}

async function mutate(
  request: IncomingMessage,
  response: ServerResponse,
  options: AppOptions,
): Promise<void> {
  const { handler, elapsed, turns, tracer } = options;
  const arrivedAt = arrivalOf(request, elapsed());
  const deadline = deadlineOf(request.url ?? '', arrivedAt, elapsed);
  const trace = tracer?.begin(`POST ${MUTATE_PATH}`, request.headers['traceparent'], arrivedAt);
  trace?.set(HTTP_ATTRIBUTES);
  try {
    trace?.step('read');
    const bytes = await readBody(request);
    trace?.step('wait for turn');
    await turns.run(() => {
      trace?.step('parse');
      const body = parseJson(bytes);
      const bodyBytes = bytes.length;
      const review = handler.answer({ body, bodyBytes, deadline, arrivedAt, trace });
      trace?.step('respond');
      sendJson(response, 200, review);
      trace?.set({ 'http.request.body.size': bodyBytes, [HTTP_STATUS]: 200 });
      trace?.end();
    });
  } catch (error) {
    const status = error instanceof HttpProblem ? error.status : undefined;
    trace?.set({ [HTTP_STATUS]: status, 'error.type': errorType(error) });
    trace?.end(errorType(error));
    throw error;
  }
}

/** By the semantic conventions of HTTP servers. */
const HTTP_ATTRIBUTES = {
  'http.request.method': 'POST',
  'http.route': MUTATE_PATH,
  'url.path': MUTATE_PATH,
  'url.scheme': 'https',
} as const;
const HTTP_STATUS = 'http.response.status_code';

/** A code or the kind of an error: never a message, which could hold what was sent. */
function errorType(error: unknown): string {
  if (error instanceof HttpProblem) return String(error.status);
  if (error instanceof PerihelionError) return error.code;
  return error instanceof Error ? error.name : typeof error;
}

/** Turns any error into a problem; an unexpected one is logged and told to nobody else. */
function problemOf(error: unknown, logger: Logger): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof PerihelionError && error.code === 'PERI_REVIEW_MALFORMED') {
    return new HttpProblem(400, error.message);
  }
  // Express itself refuses a path that does not decode, for example `/%`.
  if (error instanceof URIError) return new HttpProblem(400, 'the path does not decode');
  logger.error({ detail: error instanceof Error ? error.name : typeof error }, 'request failed');
  return new HttpProblem(500, 'an internal error');
}

function answerProblem(
  problem: HttpProblem,
  request: IncomingMessage,
  response: ServerResponse,
  metrics: AdmissionMetrics,
): void {
  metrics.refuse(problem.status);
  // What is left of an unread body would be taken for the next request.
  if (!request.complete) response.setHeader('Connection', 'close');
  sendJson(response, problem.status, {
    error: { status: problem.status, message: problem.message },
  });
}
