// SPDX-License-Identifier: Apache-2.0
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { PerihelionError } from '#errors';
import type { Problem } from '#dashboard/api/api.ts';
import { type Asset, etagOf } from './assets.ts';
import type { Gate } from './gate.ts';
import { setSecurityHeaders } from './headers.ts';
import { feedQueryOf, queryOf, RequestProblem, tableOf } from './request.ts';
import type { Routes } from './routes.ts';

/** Name of the header with the product's clock, milliseconds since the epoch. */
export const TIME_HEADER = 'Perihelion-Time';

/** What the application is made of. */
export interface DashboardAppOptions {
  readonly gate: Gate;
  readonly assets: ReadonlyMap<string, Asset>;
  readonly routes: Routes;
  /** Milliseconds since the epoch, by the product's clock. */
  readonly now: () => number;
  /** Told of what went wrong unexpectedly. */
  readonly onError: (error: unknown) => void;
}

/** The page and its data. Reads only: every other method is refused. */
export function createDashboardApp(options: DashboardAppOptions): Express {
  const { gate, assets, routes, now } = options;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.use((request: Request, response: Response, next: NextFunction) => {
    setSecurityHeaders(response);
    if (request.method === 'GET' || request.method === 'HEAD') {
      next();
      return;
    }
    response.setHeader('Allow', 'GET, HEAD');
    throw new RequestProblem(405, 'only GET is answered here');
  });
  app.use((request: Request, response: Response, next: NextFunction) => {
    const asset = assets.get(request.path);
    if (asset === undefined) next();
    else send(request, response, asset);
  });
  app.use('/api', async (request: Request, response: Response, next: NextFunction) => {
    const verdict = await gate.check(request);
    if (verdict.kind === 'allowed') {
      response.locals['user'] = verdict.user;
      next();
      return;
    }
    if (verdict.status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
    throw new RequestProblem(verdict.status, verdict.message);
  });
  const answer = (path: string, body: (request: Request, response: Response) => unknown): void => {
    app.get(path, async (request: Request, response: Response) => {
      const text = JSON.stringify(await body(request, response));
      response.setHeader(TIME_HEADER, String(now()));
      const content = Buffer.from(text);
      const type = 'application/json';
      send(request, response, { type, body: content, etag: etagOf(content) });
    });
  };
  answer('/api/overview', (_request, response) =>
    routes.overview(response.locals['user'] as string | undefined),
  );
  answer('/api/cluster', () => routes.cluster());
  answer('/api/workloads', () => routes.workloads());
  answer('/api/savings', () => routes.savings());
  answer('/api/values', () => routes.tables());
  answer('/api/values/table', (request) => found(routes.table(tableOf(queryOf(request.url)))));
  answer('/api/decisions', (request) => routes.decisions(feedQueryOf(queryOf(request.url))));
  answer('/api/decisions/:id', (request) => found(routes.story(String(request.params['id']))));
  answer('/api/experiment', () => found(routes.experiment()));
  app.get('/api/stream', (request: Request, response: Response) => {
    // Whoever asks for the head alone would wait for it as long as a stream lasts.
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    if (!routes.stream(response)) throw new RequestProblem(503, 'too many streams are open');
  });
  app.use(() => {
    throw new RequestProblem(404, 'there is nothing here');
  });
  app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    // Too late to say anything: Express then ends the connection.
    if (response.headersSent) next();
    else sendProblem(problemOf(error, options.onError), response);
  });
  return app;
}

/** Sends a body, or says that it is the one that the client has. */
function send(request: Request, response: Response, { type, body, etag }: Asset): void {
  response.setHeader('ETag', etag);
  // May be kept, and must be asked about each time.
  response.setHeader('Cache-Control', 'private, no-cache');
  if (request.headers['if-none-match'] === etag) {
    response.statusCode = 304;
    response.end();
    return;
  }
  response.setHeader('Content-Type', type);
  response.setHeader('Content-Length', body.length);
  response.end(request.method === 'HEAD' ? undefined : body);
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new RequestProblem(404, 'there is no such thing (any more)');
  return value;
}

function problemOf(error: unknown, onError: (error: unknown) => void): RequestProblem {
  if (error instanceof RequestProblem) return error;
  if (error instanceof URIError) return new RequestProblem(400, 'the path does not decode');
  onError(error);
  const known = error instanceof PerihelionError;
  return new RequestProblem(500, known ? error.message : 'an internal error');
}

function sendProblem({ status, message }: RequestProblem, response: Response): void {
  const body: Problem = { error: { status, message } };
  const text = JSON.stringify(body);
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
}
